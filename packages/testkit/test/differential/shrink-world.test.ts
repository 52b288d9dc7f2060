import { flowsOf, generateWorld, NetworkPolicyOracle, renderWorld, shrinkWorld, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

/** Fails for a world in which leaving out all `except` changes a verdict. */
function exceptMatters(world: World): boolean {
  const without = JSON.parse(JSON.stringify(world, (key, value: unknown) => (key === 'except' ? undefined : value))) as World;
  const [oracle, other] = [new NetworkPolicyOracle(world), new NetworkPolicyOracle(without)];
  return flowsOf(world).some((flow) => oracle.verdict(flow).allowed !== other.verdict(flow).allowed);
}

describe('shrinkWorld', () => {
  it('leaves one policy with one block with a hole, and little else', () => {
    const seed = Array.from({ length: 50 }, (_, i) => i).find((i) => exceptMatters(generateWorld(i))) ?? -1;
    const small = shrinkWorld(generateWorld(seed), exceptMatters);
    expect(exceptMatters(small)).toBe(true);
    expect(small.networkPolicies.length).toBe(1);
    expect(small.pods.length).toBeLessThanOrEqual(2);
    expect(renderWorld(small).length).toBeLessThan(1200);
  });
});
