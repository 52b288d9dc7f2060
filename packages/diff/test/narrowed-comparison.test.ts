import type { KubeObject } from '@weir/kube';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { generateWorld, type MixedWorld, objectsOf, toldWorld, withMixedPolicies } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { compareConnections } from '../src/changed-connections.ts';
import { focusOf } from '../src/end-focus.ts';
import { pairPods } from '../src/paired-pods.ts';
import { fatesOf } from './joint-flows.ts';

/** What all ends are judged by is different: everybody is asked about everything. */
function withAnotherNode(snapshot: Snapshot): Snapshot {
  return { ...snapshot, nodes: [...snapshot.nodes, { name: 'without-addresses', addresses: [] }] };
}

function mixed(seed: number): { readonly base: KubeObject[]; readonly policies: readonly KubeObject[] } {
  const world: MixedWorld = {
    ...withMixedPolicies(generateWorld(seed, { podCountMin: 8, policyCountMin: 2 }), seed, 'calico'),
    resolved: {},
  };
  const { policyObjects = [], networkPolicies, ...rest } = toldWorld(world);
  return {
    base: objectsOf({ ...rest, networkPolicies: [] }),
    policies: [
      ...policyObjects,
      ...networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
    ],
  };
}

describe('a difference about few pods', () => {
  it.each([41_000, 41_002])('is told as if everybody were asked about everything, with policies of Calico, too (world %i)', (seed) => {
    const { base, policies } = mixed(seed);
    const whole = loadSnapshot([...base, ...policies]);
    let changes = 0;
    for (const policy of policies) {
      const without = loadSnapshot([...base, ...policies.filter((one) => one !== policy)]);
      const narrowed = fatesOf(compareConnections({ before: whole, after: without, family: 4 }), ['203.0.113.10']);
      const full = fatesOf(compareConnections({ before: whole, after: withAnotherNode(without), family: 4 }), ['203.0.113.10']);
      expect(new Map([...narrowed].sort()), policy.metadata.name).toEqual(new Map([...full].sort()));
      changes += full.size;
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
    const focus = focusOf({ before, after, family: 4 }, pairPods(before, after));
    const names = focus?.classes.filter(({ kind }) => kind === 'pods').flatMap(({ ends }) => ends.map(({ name }) => name));
    expect(names?.sort()).toEqual(['shop/p0', 'shop/p1', 'shop/p2']);
  });
});
