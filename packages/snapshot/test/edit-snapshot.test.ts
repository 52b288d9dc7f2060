import { engineProfiles, policyTieText } from '@weir/model';
import { defined } from '@weir/net';
import { generateWorld, objectsOf, toldWorld, type World, withMixedPolicies } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { loadSnapshot, type Snapshot, withPolicy } from '../src/index.ts';

const seeds = [71_001, 71_002, 71_003, 71_004];

function mixedWorld(seed: number): World {
  return toldWorld(withMixedPolicies(generateWorld(seed, { policyCountMin: 3 }), seed, 'all'));
}

function saidBy({ world, policies }: Snapshot): unknown {
  return { tiers: world.tiers, policies: policies.map(({ ref }) => policyTieText(ref)).sort() };
}

describe('a snapshot with another policy', () => {
  it.each(seeds)('is what reading all of it again gives, in world %i', (seed) => {
    const world = mixedWorld(seed);
    const [others, objects] = [mixedWorld(seed + 1_000), objectsOf(world)];
    const profile = engineProfiles.kubernetes;
    const snapshot = loadSnapshot(objects, { profile });
    const specs = others.networkPolicies.map(({ spec }) => spec);
    for (const [i, old] of world.networkPolicies.entries()) {
      const policy = {
        ...old,
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        spec: defined(specs[i % specs.length], 'a spec'),
      };
      const edited = objects.map((object) =>
        object.kind === 'NetworkPolicy' && object.metadata.uid === old.metadata.uid ? policy : object,
      );
      const [after, again] = [withPolicy(snapshot, { policy, objects }), loadSnapshot(edited, { profile })];
      expect(saidBy(after)).toEqual(saidBy(again));
    }
  });

  it('keeps all other policies as they are, and has a new one beside them', () => {
    const world = mixedWorld(71_001);
    const objects = objectsOf(world);
    const snapshot = loadSnapshot(objects);
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: 'x', name: 'quite-new', uid: 'quite-new' },
      spec: { podSelector: {}, policyTypes: ['Ingress' as const] },
    };
    const after = withPolicy(snapshot, { policy, objects });
    const isOld = new Set(snapshot.policies);
    expect(after.policies.filter((one) => !isOld.has(one)).map(({ ref }) => ref.name)).toEqual(['quite-new']);
    expect(after.policies.length).toBe(snapshot.policies.length + 1);
  });
});
