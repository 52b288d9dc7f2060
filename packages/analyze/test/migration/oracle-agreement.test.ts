import { endsOf, flowsOf, generateWorld, NetworkPolicyOracle, type OracleEngine, runSize, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { changedFlowsOf, comparisonsOf, flowName } from './world-flows.ts';

const hops: readonly (readonly [OracleEngine, OracleEngine])[] = [
  ['azure', 'cilium'],
  ['azure', 'calico'],
  ['calico', 'cilium'],
  ['kubernetes', 'azure'],
  ['cilium', 'azure'],
];

/** A world whose last node runs Windows, for engines that do. */
function mixedWorld(seed: number, engines: readonly OracleEngine[]): World {
  const world = generateWorld(seed);
  if (engines.includes('cilium')) return world;
  const nodes = (world.nodes ?? []).map((node, i, all) =>
    i === all.length - 1
      ? { ...node, metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'kubernetes.io/os': 'windows' } } }
      : node,
  );
  return { ...world, nodes };
}

const { firstSeed, count } = runSize(12);

describe.each(hops)('the flows that change from %s to %s', (from, to) => {
  it.each(Array.from({ length: count }, (_, i) => 21_000 + firstSeed + i))(
    'are those on which the oracle judges otherwise, in world %i',
    (seed) => {
      const world = mixedWorld(seed, [from, to]);
      const before = new NetworkPolicyOracle(world, from);
      const after = new NetworkPolicyOracle(world, to);
      const changed = changedFlowsOf(world, comparisonsOf(world, world, from, to));
      const wrong: string[] = [];
      let changes = 0;
      for (const flow of flowsOf(world)) {
        const [was, becomes] = [before.verdict(flow).allowed, after.verdict(flow).allowed];
        const expected = was === becomes ? undefined : was ? 'lost' : 'gained';
        if (expected !== undefined) changes++;
        if (changed.get(flowName(flow)) !== expected) wrong.push(`${flowName(flow)}: ${changed.get(flowName(flow))}, not ${expected}`);
      }
      expect(wrong).toEqual([]);
      expect(changed.size).toBe(changes);
      expect(endsOf(world, 4).length).toBeGreaterThan(2);
    },
  );
});
