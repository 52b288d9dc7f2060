/** How soon others' changes are answered. */
import { describe, expect, it } from 'vitest';
import { DriftPace } from '../src/enforcement/drift-pace.ts';

describe('the pace of repairs', () => {
  it('waits longer after each repair, never so long that a repair takes five seconds, and forgets after a minute', () => {
    const pace = new DriftPace();
    expect(pace.delayMs(1_000)).toBe(0);
    const delays: number[] = [];
    let now = 1_000;
    for (let i = 0; i < 6; i++) {
      pace.repaired(now);
      const delay = pace.delayMs(now);
      delays.push(delay);
      now += delay;
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 4_000, 4_000]);
    expect(pace.delayMs(now + 1_500)).toBe(0);
    expect(pace.isQuiet(now)).toBe(false);
    expect(pace.isQuiet(now + 60_001)).toBe(true);
    expect(pace.delayMs(now + 60_001)).toBe(0);
    pace.repaired(now + 60_001);
    expect(pace.delayMs(now + 60_001)).toBe(500);
  });
});
