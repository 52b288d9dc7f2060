/** The few of many that are refused, found by halves; and when they are tried again. */
import { describe, expect, it } from 'vitest';
import { findCulprits } from '../../src/quarantine/find-culprits.ts';
import { RetryPace } from '../../src/quarantine/retry-pace.ts';

const suspects = Array.from({ length: 1_000 }, (_, i) => i);

describe('the search for culprits', () => {
  it('finds each one with its reason, and asks in proportion to the logarithm of the suspects', async () => {
    const bad = [3, 500, 501, 999];
    let questions = 0;
    const found = await findCulprits(suspects, (leftOut) => {
      questions++;
      const refused = bad.filter((each) => !leftOut.has(each));
      return refused.length === 0 ? undefined : `refused: ${refused.join(' ')}`;
    });
    expect([...(found ?? [])]).toEqual(bad.map((each) => [each, `refused: ${each}`]));
    expect(questions).toBeLessThan(2 * bad.length * Math.log2(suspects.length));
  });

  it('lets in as much as fits where only the sum is too much', async () => {
    const found = await findCulprits(suspects, (leftOut) => (suspects.length - leftOut.size > 700 ? 'full' : undefined));
    expect(found?.size).toBe(300);
  });

  it('finds none where the rest is refused as well, and none where nothing is', async () => {
    expect(await findCulprits(suspects, () => 'refused')).toBeUndefined();
    expect(await findCulprits(suspects, () => undefined)).toEqual(new Map());
    expect(await findCulprits([], () => undefined)).toEqual(new Map());
  });

  it('ends also where everything is refused, and counts what was not asked one by one among the culprits', async () => {
    let questions = 0;
    const found = await findCulprits(suspects, (leftOut) => {
      questions++;
      return leftOut.size === suspects.length ? undefined : 'refused';
    });
    expect(found?.size).toBe(suspects.length);
    expect(questions).toBeLessThan(600);
  });
});

describe('the pace of tries', () => {
  it('grows while something is refused, is not put off by what is refused meanwhile, and begins anew afterwards', () => {
    const pace = new RetryPace();
    pace.refused(0);
    expect(pace.remainingMs(0)).toBe(1_000);
    pace.refused(500);
    expect(pace.remainingMs(500)).toBe(500);
    pace.refused(1_000);
    expect(pace.remainingMs(1_000)).toBe(2_000);
    for (let now = 3_000; now < 1_000_000; now += 100_000) pace.refused(now);
    pace.refused(2_000_000);
    expect(pace.remainingMs(2_000_000)).toBe(60_000);
    pace.accepted();
    pace.refused(2_000_001);
    expect(pace.remainingMs(2_000_001)).toBe(1_000);
  });
});
