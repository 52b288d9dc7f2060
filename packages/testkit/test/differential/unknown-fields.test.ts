/**
 * Policies with a field that nobody knows, at a random place: from a cluster they never let through what they would not
 * without it, and a rule that allows lets nothing through by the part that has the field.
 */
import { compileKnownFields, isOfKind, type PlacedPolicy, policyCompilers, type ReferredObjects } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { defined } from '@weir/net';
import {
  calicoReferred,
  flowsOf,
  generateWorld,
  nodesReferred,
  PlacedEvaluator,
  Random,
  referredIn,
  renderFlow,
  runSize,
  type World,
  type WorldFlow,
  withAdministratorPolicies,
  withCalicoPolicies,
  withCiliumPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(100);
const seeds = Array.from({ length: Math.ceil(count / 10) }, (_, i) => firstSeed + i);

interface Subject {
  readonly world: World;
  readonly engine: EngineName;
  readonly policies: readonly KubeObject[];
  readonly referred: ReferredObjects;
  readonly flows: readonly WorldFlow[];
}

const base = (seed: number): World => generateWorld(seed, { podCountMin: 6, policyCountMin: 2 });

const apis: Readonly<Record<string, (seed: number) => Omit<Subject, 'flows'>>> = {
  NetworkPolicy: (seed) => {
    const world = base(seed);
    return { world, engine: 'kubernetes', policies: world.networkPolicies, referred: nodesReferred(world) };
  },
  ClusterNetworkPolicy: (seed) => {
    const world = withAdministratorPolicies(new Random(seed), base(seed));
    return { world, engine: 'kubernetes', policies: world.policyObjects, referred: nodesReferred(world) };
  },
  Calico: (seed) => {
    const world = withCalicoPolicies(base(seed), seed);
    const policies = world.policyObjects.filter(({ apiVersion = '' }) => apiVersion.includes('projectcalico'));
    return { world, engine: 'calico', policies, referred: calicoReferred(world) };
  },
  Cilium: (seed) => {
    const world = withCiliumPolicies(base(seed), seed);
    return { world, engine: 'cilium', policies: world.ciliumPolicies, referred: referredIn(world) };
  },
};

type Path = readonly (string | number)[];

/** The places of objects in a spec that have fields, and no names of their own. */
function objectsIn(value: unknown, path: Path): Path[] {
  if (Array.isArray(value)) return value.flatMap((member, i) => objectsIn(member, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return [path, ...Object.entries(value).flatMap(([name, member]) => (name === 'matchLabels' ? [] : objectsIn(member, [...path, name])))];
}

/** The object with something else at a place; undefined takes the place away. */
function changed<T>(value: T, [step, ...rest]: Path, to: (before: unknown) => unknown): T {
  if (step === undefined) return to(value) as T;
  if (Array.isArray(value)) return value.map((member, i) => (i === step ? changed(member, rest, to) : member)) as T;
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [step]: changed(fields[step], rest, to) } as T;
}

const nobody = { matchLabels: { nobody: 'has-this' } };

/** The policy as it would be if the field had its rule, or its peer, match nothing: in words of the API alone. */
function matchingNothing(object: KubeObject, path: Path): KubeObject {
  const at = path[0] === 'specs' ? 2 : 1;
  const [section, , list, member] = path.slice(at);
  const isPeer = typeof list === 'string' && /^(from|to)(?!Ports)/.test(list) && member !== undefined;
  const direction = String(section).startsWith('ingress') ? 'from' : 'to';
  const peer = peers[isPeer && list.length > 4 ? list.replace(/^(from|to)/, '') : (object.kind ?? '')] ?? {};
  if (isPeer) return changed(object, path.slice(0, at + 4), () => peer);
  return changed(object, path.slice(0, at + 2), (rule) => {
    if (object.kind?.endsWith('GlobalNetworkPolicy') === true || object.apiVersion?.includes('projectcalico') === true)
      return { action: 'Allow', source: { selector: 'has(nobody)' } };
    if (object.apiVersion?.includes('cilium') === true) return { [`${direction}Endpoints`]: [] };
    return { ...(rule as object), [direction]: [peer] };
  });
}

const ofAdministrators = { pods: { namespaceSelector: {}, podSelector: nobody } };
const peers: Readonly<Record<string, unknown>> = {
  NetworkPolicy: { podSelector: nobody },
  ClusterNetworkPolicy: ofAdministrators,
  AdminNetworkPolicy: ofAdministrators,
  BaselineAdminNetworkPolicy: ofAdministrators,
  Endpoints: nobody,
  Nodes: nobody,
  CIDRSet: { cidr: '255.255.255.255/32' },
  Services: { k8sService: { serviceName: 'nobody', namespace: 'default' } },
  FQDNs: { matchName: 'nobody.example' },
};

function compiled({ referred }: Subject, object: KubeObject): ReturnType<typeof compileKnownFields> {
  const compiler = defined(
    policyCompilers.find(({ policyKinds }) => policyKinds.some((kind) => isOfKind(object, kind))),
    `${object.kind ?? ''} is read`,
  );
  return compileKnownFields({ compiler, object, referred }, {});
}

/** So many flows of a world are tried at each place. */
const flowsTried = 150;

/** The first flow whose verdict is another one. */
function differenceOf({ world, engine, flows }: Subject, one: readonly PlacedPolicy[], other: readonly PlacedPolicy[]): string {
  const [a, b] = [one, other].map((placed) => new PlacedEvaluator(world, placed, engineProfiles[engine]));
  const flow = flows.find((each) => {
    const [left, right] = [a?.verdict(each), b?.verdict(each)];
    return left?.egressAllowed !== right?.egressAllowed || left?.ingressAllowed !== right?.ingressAllowed;
  });
  return flow === undefined ? 'no difference' : renderFlow(flow);
}

/** What the rule at a place does; undefined where there is no rule. */
function actionAt(object: KubeObject, path: Path): string | undefined {
  const at = path[0] === 'specs' ? 2 : 1;
  const section = String(path[at] ?? '');
  if (path[at + 1] === undefined || !/^(in|e)gress/.test(section)) return undefined;
  if (section.endsWith('Deny')) return 'deny';
  const rule: unknown = path.slice(0, at + 2).reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], object);
  const { action = 'Allow' } = rule as { readonly action?: string };
  return action === 'Accept' ? 'allow' : action.toLowerCase();
}

interface Trial {
  readonly outcome: string;
  readonly isRefused: boolean;
  readonly action: string;
}

function trial(subject: Subject, object: KubeObject, random: Random): Trial {
  const { spec, specs } = object as { readonly spec?: unknown; readonly specs?: unknown };
  const path = random.pick([...objectsIn(spec, ['spec']), ...objectsIn(specs, ['specs'])]);
  const value = random.pick<unknown>([1, 'text', true, {}, { matchLabels: { a: 'b' } }, [], [{ cidr: '0.0.0.0/0' }]]);
  const odd = changed(object, path, (fields) => ({ ...(fields as object), futureField: value }));
  const action = actionAt(object, path) ?? 'none';
  const { policies, diagnostics } = compiled(subject, odd);
  const isRefused = diagnostics.some(({ severity }) => severity === 'error');
  const say = (difference: string): Trial => ({
    outcome:
      difference === 'no difference' ? difference : `${difference} with futureField in ${path.join('.')} of ${JSON.stringify(object)}`,
    isRefused,
    action,
  });
  if (isRefused) return say(policies.length === 0 ? 'no difference' : 'refused, and policies all the same');
  if (action === 'allow') return say(differenceOf(subject, policies, compiled(subject, matchingNothing(object, path)).policies));
  if (action === 'deny' || action === 'log') return say(differenceOf(subject, policies, compiled(subject, object).policies));
  return say(`taken, although it is in no rule that allows, denies or logs (${action})`);
}

describe.each(Object.keys(apis))('a policy of %s from a cluster that has an unknown field', (api) => {
  const trials = (seed: number): Trial[] => {
    const random = new Random(seed + 31_000_000);
    const made = defined(apis[api], api)(seed);
    const subject = { ...made, flows: random.sample(flowsOf(made.world), flowsTried) };
    return subject.policies.slice(0, 4).flatMap((object) => random.times(3, () => trial(subject, object, random)));
  };

  it('lets nothing through by what the field is in, and is refused where nobody can tell', () => {
    const all = seeds.flatMap(trials);
    expect(all.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'no difference')).toEqual([]);
    const count = (wanted: Partial<Trial>): number =>
      all.filter((one) => Object.entries(wanted).every(([key, value]) => one[key as keyof Trial] === value)).length;
    expect(count({ action: 'allow', isRefused: false })).toBeGreaterThan(0);
    expect(count({ action: 'none', isRefused: true })).toBeGreaterThan(0);
    expect(count({ action: 'none', isRefused: false })).toBe(0);
    if (api !== 'NetworkPolicy') expect(count({ action: 'deny', isRefused: false })).toBeGreaterThan(0);
  });
});
