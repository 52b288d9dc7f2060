import { constructNames, countConstructs, flowsOf, generateChanges, generateWorld, NetworkPolicyOracle } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

describe('generated worlds', () => {
  it('are the same for the same seed', () => {
    expect(generateWorld(7)).toEqual(generateWorld(7));
    expect(generateWorld(7)).not.toEqual(generateWorld(8));
  });

  it('have at least 12 pods, 5 policies, 4 namespaces and 2 nodes', () => {
    for (const seed of seeds) {
      const { pods, networkPolicies, namespaces, nodes = [] } = generateWorld(seed);
      expect([pods.length >= 12, networkPolicies.length >= 5, namespaces.length >= 4, nodes.length >= 2]).toEqual([true, true, true, true]);
    }
  });

  it('hold every construct often: each at least 100 times in 2 000 worlds, so at least 15 times in 300', () => {
    const totals = new Map<string, number>();
    for (const seed of seeds) {
      const counts = countConstructs(generateWorld(seed));
      for (const name of constructNames) totals.set(name, (totals.get(name) ?? 0) + counts[name]);
    }
    expect([...totals].filter(([, count]) => count < 15)).toEqual([]);
  });

  it('give both verdicts often, in both directions and for every protocol', () => {
    const verdicts = { allowed: 0, egressDenied: 0, ingressDenied: 0, all: 0 };
    const byProtocol = new Map<string, number>();
    for (const seed of seeds.slice(0, 40)) {
      const world = generateWorld(seed);
      const oracle = new NetworkPolicyOracle(world);
      for (const flow of flowsOf(world)) {
        const verdict = oracle.verdict(flow);
        verdicts.all++;
        if (verdict.allowed) verdicts.allowed++;
        if (!verdict.egressAllowed) verdicts.egressDenied++;
        if (!verdict.ingressAllowed) verdicts.ingressDenied++;
        const key = `${flow.protocol} ${verdict.allowed ? 'allowed' : 'denied'}`;
        byProtocol.set(key, (byProtocol.get(key) ?? 0) + 1);
      }
    }
    expect(verdicts.allowed / verdicts.all).toBeGreaterThan(0.3);
    expect(verdicts.egressDenied / verdicts.all).toBeGreaterThan(0.1);
    expect(verdicts.ingressDenied / verdicts.all).toBeGreaterThan(0.1);
    expect(byProtocol.size).toBe(8);
    expect(Math.min(...byProtocol.values())).toBeGreaterThan(500);
  });
});

describe('generated changes', () => {
  it('give states that the oracle can judge, each different from the one before', () => {
    for (const seed of seeds.slice(0, 60)) {
      const history = generateChanges(seed, generateWorld(seed));
      expect(history.length).toBe(13);
      for (const [i, { world }] of history.entries()) {
        expect(() => new NetworkPolicyOracle(world)).not.toThrow();
        if (i > 0) expect(world).not.toBe(history[i - 1]?.world);
      }
    }
  });
});
