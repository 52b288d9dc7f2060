/** Policies that another engine, or another operating system, does not read or refuses. */
import { countedAmong, isOfKind, isRefused, type PolicyCompiler, type PolicyKind, policyCompilers, policyCompilersOf } from '@weir/compile';
import { type EngineName, type EngineProfile, engineProfiles, type OperatingSystem, selectorMatches, systemOfEndpoint } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import type { LintObject } from '../../context/lint-object.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { askedEngines, systemTitles, titleOf } from './asked-engines.ts';

export const engineSupport: LintRule = {
  id: 'engine-support',
  title: 'a policy that an engine does not read, or refuses on an operating system',
  severity: 'warning',
  *check(context) {
    const policies = policiesOf(context);
    for (const engine of askedEngines(context)) {
      const profile = engineProfiles[engine];
      const isOwn = profile.name === context.profile.name;
      const reads = new Set(policyCompilersOf(profile));
      const unread: LintObject[] = [];
      for (const one of policies) {
        if (reads.has(one.compiler)) yield* refusals(context, one, profile);
        else if (!isOwn) unread.push(one.of);
      }
      for (const about of unread) yield unreadBy(about, engine);
      if (!isOwn) yield* systemsWithout(context, profile);
    }
  },
};

/** A policy object with its API. */
interface PolicyObject {
  readonly of: LintObject;
  readonly compiler: PolicyCompiler;
}

function policiesOf({ objects }: LintContext): readonly PolicyObject[] {
  return policyCompilers.flatMap((compiler) =>
    compiler.policyKinds
      .filter(({ holds }) => holds === undefined)
      .flatMap((kind: PolicyKind) =>
        countedAmong(
          kind,
          objects.filter(({ object }) => isOfKind(object, kind)),
        ).map((of): PolicyObject => ({ of, compiler })),
      ),
  );
}

function unreadBy(about: LintObject, engine: EngineName): DraftFinding {
  return {
    about,
    message: `${titleOf(engine)} does not read policies of ${about.object.apiVersion ?? 'this kind'}: there it is not enforced`,
    action: `write it as a policy that ${titleOf(engine)} reads: see weir convert`,
  };
}

/** What the engine refuses on the systems that are there, or are asked about, and not on all that the policy is judged for. */
function* refusals(context: LintContext, { of, compiler }: PolicyObject, profile: EngineProfile): Iterable<DraftFinding> {
  const { referred, reading } = context;
  const known = new Set(isOwnSystem(context, profile) ? context.systems : []);
  const said = new Set<string>();
  for (const system of systemsFor(context)) {
    if (known.has(system) || profile.dataplanes[system] === undefined) continue;
    if (!concerns(context, { of, compiler }, system)) continue;
    const target = { profile, system, expandsUnsupported: reading.expandsUnsupported ?? false };
    const compiled = compiler.compile(of.object, referred, { target });
    if (!isRefused(compiled)) continue;
    for (const { code, field, message, action } of compiled.diagnostics) {
      if (code !== 'unsupported-policy' || said.has(`${field ?? ''} ${message}`)) continue;
      said.add(`${field ?? ''} ${message}`);
      const then =
        profile.unsupportedPolicies === 'isolate'
          ? 'the whole policy is refused, and its pods are closed'
          : 'the whole policy is not enforced';
      yield {
        about: of,
        ...(field === undefined || field === '' ? {} : { field }),
        message: `${message}: ${then}`,
        action: action.split(';')[0] ?? action,
      };
    }
  }
}

/** What the engine that all is judged as refuses on the systems of the pods is found as a refused policy. */
function isOwnSystem({ profile: own }: LintContext, profile: EngineProfile): boolean {
  return own.name === profile.name;
}

function systemsFor({ systems, reading }: LintContext): readonly OperatingSystem[] {
  return [...new Set([...systems, ...(reading.systems ?? [])])];
}

/** Whether the policy may come to be enforced on the system: it selects a pod there, or the system is asked about. */
function concerns({ snapshot, referred, reading, systems }: LintContext, { of, compiler }: PolicyObject, system: OperatingSystem): boolean {
  if (systems.length === 1 || reading.systems?.includes(system) === true) return true;
  const pods = [...snapshot.endpoints.values()].filter((endpoint) => systemOfEndpoint(endpoint) === system);
  return compiler.closed(of.object, referred).some(({ policy }) => pods.some((pod) => selectorMatches(policy.subject, pod)));
}

/** Pods on a system on which the engine does not run at all. */
function* systemsWithout(context: LintContext, profile: EngineProfile): Iterable<DraftFinding> {
  for (const system of context.systems) {
    if (profile.dataplanes[system] !== undefined) continue;
    const pods = [...context.snapshot.endpoints.values()].filter((endpoint) => systemOfEndpoint(endpoint) === system);
    const about = firstOn(context, system);
    if (about === undefined || pods.length === 0) continue;
    yield {
      about,
      message: `${titleOf(profile.name)} does not run on ${systemTitles[system]}, where ${pods.length} ${pods.length === 1 ? 'pod is' : 'pods are'}: nothing is enforced there`,
      action: 'take an engine that runs on every system of the cluster: see weir engine recommend',
    };
  }
}

/** A node of the system, or a pod or workload that wants one. */
function firstOn({ objects }: LintContext, system: OperatingSystem): LintObject | undefined {
  const text = `"kubernetes.io/os":"${system}"`;
  const named = objects.filter(({ object }) => JSON.stringify(object).includes(text));
  return named.find(({ object }) => object.kind === 'Node') ?? named[0];
}
