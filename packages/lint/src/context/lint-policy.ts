/** Policies among the objects: each with what it compiles to, and where its rules stand. */

import {
  compileForSystems,
  countedAmong,
  isOfKind,
  type PolicyKind,
  policyCompilersOf,
  type ReferredObjects,
  type SystemsOptions,
} from '@weir/compile';
import { type Direction, describeOrigin, type Origin, type Policy, type PolicyRef, type Rule } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { diagnosedNames, type LintObject } from './lint-object.ts';

/** A policy that the engine reads. */
export interface LintPolicy extends LintObject {
  readonly kind: PolicyKind;
  /** What it is in the model; a refused one is there as its stand-in. */
  readonly compiled: readonly Policy[];
  /** Whether nothing of what it says holds, for the reasons that the diagnostics give. */
  readonly isRefused: boolean;
}

/** The policies of the APIs that the engine reads, in the order of the objects, as the snapshot has them. */
export function lintPoliciesOf(
  objects: readonly LintObject[],
  snapshot: Pick<Snapshot, 'policies' | 'diagnostics'>,
  compiling: { readonly referred: ReferredObjects; readonly options: Omit<SystemsOptions, 'positionOf'> },
): readonly LintPolicy[] {
  const kept = compiledByName(snapshot);
  const found = new Map<LintObject, LintPolicy>();
  for (const compiler of policyCompilersOf(compiling.options.profile)) {
    for (const kind of compiler.policyKinds.filter(({ holds }) => holds === undefined)) {
      const ofKind = objects.filter(({ object }) => isOfKind(object, kind));
      for (const entry of countedAmong(kind, ofKind)) found.set(entry, { ...entry, kind, ...kept(entry) });
    }
  }
  // What has the name of another one, or none, is told apart by nothing that the snapshot has.
  const counts = new Map<string, number>();
  for (const { name } of found.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return objects.flatMap((entry): LintPolicy[] => {
    const policy = found.get(entry);
    if (policy === undefined) return [];
    const isTold = entry.object.metadata.name !== undefined && counts.get(entry.name) === 1;
    return [isTold ? policy : compileAgain(policy, compiling)];
  });
}

/** What the snapshot has of an object, by the name that findings and diagnostics give it. */
function compiledByName({
  policies,
  diagnostics,
}: Pick<Snapshot, 'policies' | 'diagnostics'>): (of: LintObject) => Pick<LintPolicy, 'compiled' | 'isRefused'> {
  const byName = new Map<string, Policy[]>();
  for (const policy of policies) {
    const { kind, namespace, name } = policy.ref;
    const key = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
    addToGroup(byName, key, policy);
  }
  const refused = new Set(diagnostics.flatMap(({ severity, object }) => (severity === 'error' ? [object] : [])));
  return (of) => ({ compiled: byName.get(of.name) ?? [], isRefused: diagnosedNames(of).some((name) => refused.has(name)) });
}

function compileAgain(
  policy: LintPolicy,
  { referred, options }: { readonly referred: ReferredObjects; readonly options: Omit<SystemsOptions, 'positionOf'> },
): LintPolicy {
  const { object, positionOf, kind } = policy;
  const compiler = policyCompilersOf(options.profile).find(({ policyKinds }) => policyKinds.includes(kind));
  if (compiler === undefined) return policy;
  const place = positionOf === undefined ? {} : { positionOf };
  const { policies, diagnostics } = compileForSystems(
    { compiler, object, referred },
    { ...options, ...place, toleratesUnknownFields: positionOf === undefined },
  );
  const isRefused = diagnostics.some(({ severity }) => severity === 'error');
  return { ...policy, compiled: policies.map((placed) => placed.policy), isRefused };
}

/** A policy's name for maps: equal for what the model says came from one object. */
export function refKey(ref: PolicyRef): string {
  let key = refKeys.get(ref);
  if (key === undefined) refKeys.set(ref, (key = `${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ''}/${ref.name}`));
  return key;
}

/** References are many times asked for, and are what they are. */
const refKeys = new WeakMap<PolicyRef, string>();

/** The field of a rule, or of the peer that it came from: `spec.ingress[0].from[1]`. */
export function fieldOfOrigin(origin: Origin): string {
  return `${origin.section?.startsWith('specs[') === true ? '' : 'spec.'}${describeOrigin(origin)}`;
}

/** One rule of the model with the policy and the object that it is of. */
export interface LintRuleEntry {
  readonly of: LintPolicy;
  readonly policy: Policy;
  readonly direction: Direction;
  readonly rule: Rule;
}

/** Every rule of the policies that are not refused, staged ones too. */
export function rulesOf(policies: readonly LintPolicy[]): readonly LintRuleEntry[] {
  return policies
    .filter((of) => !of.isRefused)
    .flatMap((of) =>
      of.compiled.flatMap((policy) =>
        (['ingress', 'egress'] as const).flatMap((direction) =>
          (policy[direction]?.rules ?? []).map((rule): LintRuleEntry => ({ of, policy, direction, rule })),
        ),
      ),
    );
}
