import { netpolCases, netpolEnd, netpolEnds, netpolWorld, WorldEvaluator } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

describe('the evaluator agrees with the upstream e2e suite', () => {
  it.each(netpolCases)('$name', ({ steps }) => {
    for (const { state, probes } of steps) {
      const engine = new WorldEvaluator(netpolWorld(state));
      for (const { protocol, port, reaches } of probes) {
        for (const source of netpolEnds) {
          for (const destination of netpolEnds) {
            const expected = source === destination || reaches(source, destination);
            const { allowed } = engine.verdict({ source: netpolEnd(source), destination: netpolEnd(destination), protocol, port });
            expect(allowed, `${source} → ${destination} ${protocol} ${port}`).toBe(expected);
          }
        }
      }
    }
  });
});
