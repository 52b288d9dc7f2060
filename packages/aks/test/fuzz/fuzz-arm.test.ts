import { expect, it } from 'vitest';
import { fuzzArm } from './fuzz-arm.ts';

/** Always the same: what a change breaks shows with the change. `npm run fuzz:aks` looks further. */
const seed = 20_261_126;

it('whatever is sent, the endpoint neither breaks, nor gives away, nor lets strangers in', { timeout: 300_000 }, async () => {
  const { findings, statuses } = await fuzzArm({ seed, inputs: 1_500 });
  expect(findings, `seed ${seed}`).toEqual([]);
  // What gets through to clusters and pools is part of it.
  for (const status of [0, 200, 201, 202, 204, 400, 401, 404, 405])
    expect(statuses.get(status) ?? 0, `seed ${seed}, ${status}`).toBeGreaterThan(0);
});
