import { expandStates, generateChanges, generateWorld, NetworkPolicyOracle, splitStates } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

describe('expanded states', () => {
  const states = generateChanges(3, generateWorld(3)).map(({ world }) => world);

  it('are all states that a cluster can be in', () => {
    for (const { name, states: expanded } of expandStates(states)) {
      for (const world of expanded) expect(() => new NetworkPolicyOracle(world), name).not.toThrow();
    }
  });

  it('change one object at a time when they are split', () => {
    const split = splitStates(states);
    for (const [i, world] of split.entries()) {
      const before = split[i - 1];
      if (before === undefined) continue;
      const all = (each: typeof world): unknown[] => [...each.namespaces, ...each.pods, ...each.networkPolicies];
      const gone = all(before).filter((object) => !all(world).includes(object)).length;
      const come = all(world).filter((object) => !all(before).includes(object)).length;
      expect(Math.max(gone, come)).toBeLessThanOrEqual(1);
    }
  });

  it('visit every given state when they are split', () => {
    const split = splitStates(states);
    expect(states.every((state) => split.includes(state))).toBe(true);
  });
});
