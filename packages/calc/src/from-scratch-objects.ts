/** What is in force of objects in the state that is computed without increments: see `from-scratch.ts`. */
import {
  type CompiledObject,
  compileForAgent,
  countedAmong,
  type HostSettingsLayer,
  isRefused,
  type PlacedPolicy,
  type PolicyCompiler,
  type PolicyKind,
  policyCompilersOf,
  policyKindName,
  type ReferredObjects,
} from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { enforcementTarget, type HostEndpoint } from '@weir/model';
import type { Inputs } from './from-scratch-inputs.ts';
import { placeOf, uidOf } from './policies/object-in-force.ts';
import { policyIdentity } from './policies/plan-policy.ts';
import type { PlannedPolicy } from './policies/planned-rule.ts';
import { type PolicyPart, partsOf } from './policies/policy-parts.ts';
import { standInFor, standInPolicies } from './policies/policy-reading.ts';

/** One part of a policy in force. */
export interface PolicyInForce extends PlacedPolicy, PolicyPart {
  /** Unlike that of any other policy. */
  readonly identity: string;
}

/** One with its rules. */
export interface ActivePolicy extends PolicyInForce {
  readonly plan: PlannedPolicy;
}

/** What all objects say together. */
export interface ObjectsInForce {
  readonly policies: readonly PolicyInForce[];
  readonly hosts: readonly HostEndpoint[];
  readonly hostSettings: readonly HostSettingsLayer[];
}

type Said = Pick<CompiledObject, 'policies' | 'hosts' | 'hostSettings'>;

/** Reads every object, and this node's own where it is a host endpoint. */
export function objectsInForce(inputs: Inputs): ObjectsInForce {
  const { policies, objects = {}, nodes = [], compilers = policyCompilersOf(targetOf(inputs).profile) } = inputs;
  const byKind: Readonly<Record<string, readonly KubeObject[]>> = { 'networkpolicies.networking.k8s.io': policies, nodes, ...objects };
  const referred = referredAmong(byKind);
  const said = compilers.flatMap((compiler) =>
    compiler.policyKinds.flatMap((kind) =>
      countedObjects(kind, byKind).map((object) => saidBy(inputs, { compiler, kind, object, referred })),
    ),
  );
  const own = nodes.filter(({ metadata }) => metadata.name === inputs.node);
  return {
    policies: said.flatMap((one) => one.policies.flatMap(partsInForce)),
    hosts: [
      ...said.flatMap(({ hosts = [] }) => hosts),
      ...own.flatMap((node) => compilers.flatMap((compiler) => compiler.hostOfNode?.(node, targetOf(inputs).profile) ?? [])),
    ],
    hostSettings: said.flatMap(({ hostSettings }) => hostSettings ?? []),
  };
}

function targetOf({ target = enforcementTarget('kubernetes') }: Inputs): NonNullable<Inputs['target']> {
  return target;
}

function countedObjects(kind: PolicyKind, byKind: Readonly<Record<string, readonly KubeObject[]>>): readonly KubeObject[] {
  const stored = (byKind[policyKindName(kind)] ?? []).map((object) => ({ object }));
  return countedAmong(kind, stored).map(({ object }) => object);
}

interface ReadObject {
  readonly compiler: PolicyCompiler;
  readonly kind: PolicyKind;
  readonly object: KubeObject;
  readonly referred: ReferredObjects;
}

function saidBy(inputs: Inputs, { compiler, kind, object, referred }: ReadObject): Said {
  const target = targetOf(inputs);
  const current = compileForAgent({ compiler, object, referred }, { target });
  if (!isRefused(current)) return current;
  const earlier = inputs.accepted.find((one) => uidOf(kind, one) === uidOf(kind, object));
  const before = earlier === undefined ? undefined : compileForAgent({ compiler, object: earlier, referred }, { target });
  if (before !== undefined && !isRefused(before)) return before;
  const policies = standInPolicies({ compiler, object, referred }, standInFor(target, current.diagnostics));
  return { policies, hosts: compiler.closedHosts?.(object) ?? [] };
}

function partsInForce({ tier, policy }: PlacedPolicy, place: number): PolicyInForce[] {
  return partsOf(policy).map((one, part) => ({ tier, ...one, identity: policyIdentity(policy.ref, { place, part }) }));
}

function referredAmong(byKind: Readonly<Record<string, readonly KubeObject[]>>): ReferredObjects {
  const list = (kind: PolicyKind, namespace?: string): readonly KubeObject[] =>
    (byKind[policyKindName(kind)] ?? [])
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .sort((a, b) => (placeOf(kind, a) < placeOf(kind, b) ? -1 : 1));
  return {
    list,
    get: (kind, name, namespace) => list(kind, namespace).find(({ metadata }) => metadata.name === name),
  };
}
