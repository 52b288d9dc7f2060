import type { KubeObject, NetworkPolicy, Pod } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import type { Family } from '@weir/net';
import { loadSnapshot, type Snapshot, withPolicy } from '@weir/snapshot';
import { generateWorld, objectsOf, type PolicyMix, Random, toldWorld, type World, withMixedPolicies } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { type ConnectionComparison, compareConnections } from '../src/changed-connections.ts';
import { asksMoreThanEnds, isAboutAll } from '../src/comparison-scope.ts';
import { allMessages, fatesOf } from './joint-flows.ts';

/** What all ends are judged by is different: everybody is asked about everything. */
function withAnotherNode(snapshot: Snapshot): Snapshot {
  return { ...snapshot, nodes: [...snapshot.nodes, { name: 'without-addresses', addresses: [] }] };
}

/** Worlds of every API and engine, also such of which not everything is known. */
interface Case {
  readonly seed: number;
  readonly mix?: PolicyMix;
  readonly profile: EngineName;
  readonly family: Family;
  readonly isPartlyKnown: boolean;
}

const cases: readonly Case[] = [
  { seed: 41_008, profile: 'kubernetes', family: 4, isPartlyKnown: false },
  { seed: 41_011, profile: 'azure', family: 4, isPartlyKnown: true },
  { seed: 41_010, profile: 'cilium', family: 6, isPartlyKnown: false },
  { seed: 41_000, mix: 'calico', profile: 'calico', family: 4, isPartlyKnown: false },
  { seed: 41_002, mix: 'calico', profile: 'calico', family: 6, isPartlyKnown: true },
  { seed: 41_003, mix: 'cilium', profile: 'cilium', family: 4, isPartlyKnown: false },
  { seed: 41_004, mix: 'cilium', profile: 'cilium', family: 4, isPartlyKnown: true },
  // An object of Cilium's with two policies that are alike but for their rules, and go together.
  { seed: 83_004, mix: 'cilium', profile: 'cilium', family: 4, isPartlyKnown: true },
  { seed: 41_005, mix: 'all', profile: 'kubernetes', family: 4, isPartlyKnown: false },
  { seed: 41_006, mix: 'all', profile: 'kubernetes', family: 6, isPartlyKnown: false },
  { seed: 41_007, mix: 'all', profile: 'kubernetes', family: 4, isPartlyKnown: true },
];

function worldOf({ seed, mix, isPartlyKnown }: Case): { readonly base: KubeObject[]; readonly policies: readonly KubeObject[] } {
  const plain = generateWorld(seed, { podCountMin: 8, policyCountMin: 3 });
  const whole: World = mix === undefined ? plain : toldWorld({ ...withMixedPolicies(plain, seed, mix), resolved: {} });
  const random = new Random(seed);
  const { policyObjects = [], networkPolicies, ...rest } = whole;
  const known = {
    namespaces: rest.namespaces.filter(() => random.chance(0.7)),
    pods: rest.pods.map((pod): Pod => (random.chance(0.4) ? { ...pod, status: { phase: 'Pending' } } : pod)),
  };
  return {
    base: objectsOf({ ...rest, ...(isPartlyKnown ? known : {}), networkPolicies: [] }),
    policies: [
      ...policyObjects,
      ...networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
    ],
  };
}

/** The causes of all changes. Of facts that are missing of several pods alike those of one are named, whichever it is. */
function causesOf({ blocks }: ConnectionComparison): string[] {
  const texts = blocks.flatMap(({ causes }) =>
    causes.map(({ cause }) => cause.text.replace(/(the address of pod|the labels of namespace) [^;]+/g, '$1')),
  );
  return [...new Set(texts)].sort();
}

/** The ways in which owners are looked for and pods divided where many are concerned, beside the usual ones. */
const ways = [undefined, { fewOwners: 0, fewPairs: 0 }];

/** Another pod that is like it. */
function copyOf(object: KubeObject): KubeObject[] {
  if (object.kind !== 'Pod') return [];
  const { metadata, status } = object as Pod;
  const podIPs = (status?.podIPs ?? []).map(({ ip }) => ({
    ip: ip.replace(/\w+$/, (last) => (ip.includes(':') ? `${last}f` : `${Number(last) + 100}`)),
  }));
  const copied = {
    ...object,
    metadata: { ...metadata, name: `${metadata.name}-copy`, uid: `${metadata.uid}-copy` },
    status: { ...status, podIP: podIPs[0]?.ip, podIPs },
  };
  return [copied];
}

/** The policy with its rules in another order, without the first, and with the first alone, in one direction and the other. */
function editsOf(policy: KubeObject): KubeObject[] {
  const { spec } = policy as unknown as { readonly spec?: Readonly<Record<string, unknown>> };
  return ['ingress', 'egress'].flatMap((direction) => {
    const rules = spec?.[direction];
    if (!Array.isArray(rules) || rules.length === 0) return [];
    const edits = [[...(rules as unknown[])].reverse(), rules.slice(1), rules.slice(0, 1)];
    return edits.map((edited) => ({ ...policy, spec: { ...spec, [direction]: edited } }) as KubeObject);
  });
}

const outside: Readonly<Record<Family, readonly string[]>> = { 4: ['203.0.113.10'], 6: ['2001:db8::10'] };

function sortedFates(comparison: ConnectionComparison, family: Family): ReturnType<typeof fatesOf> {
  return new Map([...fatesOf(comparison, outside[family], allMessages)].sort());
}

describe('a difference about few pods', () => {
  it('is asked for in worlds with rules about groups, nodes and their own pod, too', () => {
    const asking = cases.filter((one) => {
      const { base, policies } = worldOf(one);
      const whole = loadSnapshot([...base, ...policies], { profile: engineProfiles[one.profile] });
      return asksMoreThanEnds({ before: whole, after: whole, family: one.family });
    });
    expect(asking.length).toBeGreaterThan(4);
  });

  it.each(cases)('is told as if everybody were asked about everything, whichever policy goes or comes: %o', (one) => {
    const { base, policies } = worldOf(one);
    const { family } = one;
    const options = { profile: engineProfiles[one.profile] };
    expect(policies.length).toBeGreaterThan(1);
    const whole = loadSnapshot([...base, ...policies], options);
    let changes = 0;
    for (const policy of policies) {
      const without = loadSnapshot([...base, ...policies.filter((other) => other !== policy)], options);
      for (const [before, after] of [
        [whole, without],
        [without, whole],
      ] as const) {
        const full = compareConnections({ before, after: withAnotherNode(after), family });
        const expected = sortedFates(full, family);
        for (const way of ways) {
          const narrowed = compareConnections({ before, after, family }, way);
          expect(sortedFates(narrowed, family), policy.metadata.name).toEqual(expected);
          expect(causesOf(narrowed), policy.metadata.name).toEqual(causesOf(full));
        }
        changes += expected.size;
        // What services point at is no policy, though they are written beside policies that ask for them.
        if (policy.kind?.endsWith('Policy') === true) expect(isAboutAll({ before, after, family })).toBe(false);
      }
    }
    expect(changes).toBeGreaterThan(0);
  });

  it.each([41_020, 41_021, 41_022, 41_023])(
    'is told so of edits, too, of which the snapshot is made from the one before it (world %i)',
    (seed) => {
      const random = new Random(seed);
      const { base, policies } = worldOf({ seed, profile: 'kubernetes', family: 4, isPartlyKnown: seed % 2 === 1 });
      const objects = [...base, ...policies];
      const before = loadSnapshot(objects);
      let changes = 0;
      for (const policy of policies as readonly NetworkPolicy[]) {
        const spec = policy.spec ?? {};
        const edits: readonly NetworkPolicy['spec'][] = [
          { ...spec, ingress: [{}] },
          { ...spec, ingress: [] },
          { ...spec, podSelector: {} },
          { ...spec, policyTypes: ['Egress'], egress: [{}] },
          { ...spec, policyTypes: ['Ingress', 'Egress'], egress: (spec.egress ?? []).slice(1) },
          {
            ...spec,
            policyTypes: ['Ingress'],
            ingress: [{ from: [{ ipBlock: { cidr: `10.224.0.${random.integer(0, 7) * 4}/30` } }], ports: [{ port: 80 }] }],
          },
        ];
        for (const edited of edits) {
          if (edited === undefined) continue;
          const after = withPolicy(before, { policy: { ...policy, spec: edited } as KubeObject, objects });
          const full = compareConnections({ before, after: withAnotherNode(after), family: 4 });
          const expected = sortedFates(full, 4);
          for (const way of ways) {
            const narrowed = compareConnections({ before, after, family: 4 }, way);
            expect(sortedFates(narrowed, 4), JSON.stringify(edited)).toEqual(expected);
            expect(causesOf(narrowed), JSON.stringify(edited)).toEqual(causesOf(full));
          }
          changes += expected.size;
        }
      }
      expect(changes).toBeGreaterThan(0);
    },
  );

  const withEdits = cases.filter(({ seed }) => [41_000, 41_004, 41_006, 41_008, 41_011].includes(seed));

  it.each(withEdits)('is told so of rules that go, come and change places, where pods have others like them: %o', (one) => {
    const { base, policies } = worldOf(one);
    const { family } = one;
    const options = { profile: engineProfiles[one.profile] };
    const all = [...base, ...base.flatMap(copyOf), ...policies];
    const before = loadSnapshot(all, options);
    let changes = 0;
    // Beside policies stand services and others, which have no rules.
    for (const policy of policies.filter((other) => editsOf(other).length > 0).slice(0, 6)) {
      for (const edited of editsOf(policy)) {
        const after = loadSnapshot([...all.filter((other) => other !== policy), edited], options);
        const full = compareConnections({ before, after: withAnotherNode(after), family });
        const expected = sortedFates(full, family);
        for (const way of ways) {
          const narrowed = compareConnections({ before, after, family }, way);
          expect(sortedFates(narrowed, family), JSON.stringify(edited)).toEqual(expected);
          expect(causesOf(narrowed), JSON.stringify(edited)).toEqual(causesOf(full));
        }
        changes += expected.size;
      }
    }
    expect(changes).toBeGreaterThan(0);
  });

  it('asks the pods of a policy and those that it treats otherwise, and no others', () => {
    const pods = Array.from({ length: 40 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: `p${i}`, uid: `p${i}`, labels: { app: `a${i}` } },
      spec: { containers: [] },
    }));
    const policy = (from: string): KubeObject =>
      ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { namespace: 'shop', name: 'p' },
        spec: { podSelector: { matchLabels: { app: 'a0' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: from } } }] }] },
      }) as KubeObject;
    const [before, after] = [loadSnapshot([...pods, policy('a1')]), loadSnapshot([...pods, policy('a2')])];
    const { classes } = compareConnections({ before, after, family: 4 });
    const names = classes.filter(({ kind }) => kind === 'pods').flatMap(({ ends }) => ends.map(({ name }) => name));
    expect(names.sort()).toEqual(['shop/p0', 'shop/p1', 'shop/p2']);
  });
});
