/**
 * Random worlds, all pairs of ends × 4 ports × 3 protocols and ICMP, engine against oracle. The
 * number of worlds is 2 000; `WEIR_WORLDS=10000` is the long run, `WEIR_SEED` the first seed.
 */
import {
  constructNames,
  countConstructs,
  expectNoDifference,
  flowsOf,
  generateWorld,
  renderFlow,
  runSize,
  WorldEvaluator,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count: worldCount } = runSize(2000);
const batchSize = 100;
const batches = Array.from({ length: Math.ceil(worldCount / batchSize) }, (_, i) => {
  const first = firstSeed + i * batchSize;
  const last = Math.min(first + batchSize, firstSeed + worldCount) - 1;
  return { name: `seeds ${first} to ${last}`, first, last };
});
const totals = new Map<string, number>(constructNames.map((name) => [name, 0]));

describe('the evaluator agrees with the oracle on random worlds', () => {
  it.each(batches)('$name', { timeout: 300_000 }, ({ first, last }) => {
    for (let seed = first; seed <= last; seed++) {
      const world = generateWorld(seed);
      expectNoDifference(`seed ${seed}`, world);
      const counts = countConstructs(world);
      for (const name of constructNames) totals.set(name, (totals.get(name) ?? 0) + counts[name]);
    }
  });

  it.runIf(worldCount >= 2000)('in which every construct occurs at least 100 times', () => {
    expect([...totals].filter(([, count]) => count < 100)).toEqual([]);
  });
});

describe('explanations', () => {
  it('say the same as verdicts without a trace', { timeout: 300_000 }, () => {
    for (let seed = firstSeed; seed < firstSeed + 60; seed++) {
      const world = generateWorld(seed);
      const engine = new WorldEvaluator(world);
      for (const flow of flowsOf(world).filter((_, i) => i % 17 === 0)) {
        const expected = engine.verdict(flow).allowed ? 'allow' : 'deny';
        const { judged, explained } = engine.explanations(flow);
        expect({ judged, explained }, `seed ${seed}, ${renderFlow(flow)}`).toEqual({ judged: expected, explained: expected });
      }
    }
  });
});
