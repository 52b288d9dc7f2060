/** Random policies of the model in tiers, a policy API of their own that tells them to an engine, and states to go through. */
import type { CompiledObject, PlacedPolicy, PolicyCompiler, PolicyKind, TierPlace } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { AddressGroupName, Direction, DirectionRules, GroupMember, Policy, PolicyRef, Rule, Selector } from '@weir/model';
import * as fc from 'fast-check';
import { action, groups, matchOf, selector } from './random-rules.ts';

/** The kind of objects whose spec are policies of the model. */
export const modelKind: PolicyKind = {
  group: 'model.test',
  versions: ['v1'],
  kind: 'ModelPolicy',
  plural: 'modelpolicies',
  namespaced: true,
};

interface ModelObject extends KubeObject {
  readonly spec: readonly PlacedPolicy[];
}

export const modelCompiler: PolicyCompiler = {
  api: 'Calico',
  policyKinds: [modelKind],
  referredKinds: [],
  rules: { sections: [], actionOf: () => undefined, narrows: () => false },
  compile: (object): CompiledObject => ({ policies: (object as ModelObject).spec, diagnostics: [] }),
  closed: () => [],
};

const tiers: readonly TierPlace[] = [
  { name: 'first', order: 1, end: 'pass' },
  { name: 'second', order: 2, end: 'deny' },
  { name: 'beside', order: 2, end: 'pass' },
  { name: 'last', order: Number.MAX_VALUE, end: 'deny' },
];

function rulesOf(ref: PolicyRef, direction: Direction): fc.Arbitrary<readonly Rule[]> {
  // One rule in two is open, so that rules behind others are reached.
  const match = fc.oneof(matchOf(direction, 4), fc.constant({ source: {}, destination: {} }), matchOf(direction));
  return fc
    .array(fc.record({ action, match }), { maxLength: 4 })
    .map((rules) => rules.map((rule, ruleIndex) => ({ ...rule, origin: { policy: ref, direction, ruleIndex } })));
}

function saidOf(ref: PolicyRef, direction: Direction): fc.Arbitrary<DirectionRules | undefined> {
  return fc.option(fc.record({ isolates: fc.boolean(), rules: rulesOf(ref, direction) }), { nil: undefined, freq: 3 });
}

function placed(ref: PolicyRef): fc.Arbitrary<PlacedPolicy> {
  return fc
    .record({
      tier: fc.constantFrom(...tiers),
      order: fc.constantFrom(1, 2, Number.MAX_VALUE),
      subject: fc.oneof(fc.constant<Selector>({ kind: 'all' }), selector),
      staged: fc.constantFrom(false, false, false, true),
      ingress: saidOf(ref, 'ingress'),
      egress: saidOf(ref, 'egress'),
    })
    .map(({ tier, ingress, egress, ...policy }) => {
      const said: Policy = { ref, ...policy, ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
      return { tier, policy: said };
    });
}

const object: fc.Arbitrary<ModelObject> = fc.constantFrom('p', 'q', 'r', 's').chain((name) => {
  const ref: PolicyRef = { apiVersion: 'model.test', kind: 'ModelPolicy', namespace: 'a', name };
  const metadata = { namespace: 'a', name, uid: `uid-${name}` };
  return fc
    .array(placed(ref), { minLength: 1, maxLength: 2 })
    .map((spec) => ({ apiVersion: 'model.test/v1', kind: 'ModelPolicy', metadata, spec }));
});

/** What an engine is told beside pods and nodes. */
export interface ModelState {
  readonly objects: readonly ModelObject[];
  readonly groups: ReadonlyMap<AddressGroupName, readonly GroupMember[]>;
  /** Indexes of the endpoints that are there. */
  readonly endpoints: readonly number[];
  /** Labels of the service accounts by their names; an account that is not there is not known. */
  readonly accounts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The namespaces that are known. */
  readonly namespaces: readonly string[];
  /** Whether both nodes are known. */
  readonly withNodes: boolean;
}

const someGroups = fc
  .subarray([...groups])
  .chain((chosen) =>
    fc
      .tuple(
        ...chosen.map(([name, members]) =>
          fc.subarray([...members]).map((some): [AddressGroupName, readonly GroupMember[]] => [name, some]),
        ),
      )
      .map((pairs) => new Map(pairs)),
  );

const accountLabels = fc.constantFrom<Readonly<Record<string, string>>>({}, { role: 'reader' }, { role: 'writer', team: 'x' });

export const modelState: fc.Arbitrary<ModelState> = fc.record({
  objects: fc.uniqueArray(object, { selector: ({ metadata }) => metadata.name, maxLength: 3, size: 'max' }),
  groups: someGroups,
  endpoints: fc.subarray([0, 1, 2, 3], { minLength: 2 }),
  accounts: fc.record({ reader: accountLabels, writer: accountLabels }, { requiredKeys: [] }),
  namespaces: fc.constantFrom(['a', 'b'], ['a', 'b'], ['a', 'b'], ['a'], ['b']),
  withNodes: fc.constantFrom(true, true, true, false),
});
