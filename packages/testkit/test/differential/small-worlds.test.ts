import { expectNoDifference, peerPairWorlds, policyPairWorlds, singlePolicyWorlds, smallWorldFlows } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const families = { 'one policy': singlePolicyWorlds, 'two peers in a rule': peerPairWorlds, 'two policies': policyPairWorlds };

describe('the evaluator agrees with the oracle on every small world', () => {
  it.each(Object.entries(families))('with %s', { timeout: 300_000 }, (name, worlds) => {
    let count = 0;
    for (const world of worlds()) {
      expectNoDifference(`${name}, world ${count}`, world, { flows: smallWorldFlows });
      count++;
    }
    expect(count).toBeGreaterThan(100);
  });
});
