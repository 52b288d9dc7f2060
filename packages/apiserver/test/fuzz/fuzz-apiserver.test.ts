import { expect, it } from 'vitest';
import { fuzzApiServer } from './fuzz-apiserver.ts';

/** One batch, always the same: what a change breaks shows with the change. `npm run fuzz:apiserver` looks further. */
const seed = 607_838_880;

it('whatever is sent, the API server neither breaks, nor gives away, nor lets strangers write', { timeout: 300_000 }, async () => {
  const { findings, statuses } = await fuzzApiServer({ seed, inputs: 4_000 });
  expect(findings, `seed ${seed}`).toEqual([]);
  // What gets through to the store, or into a pod, is part of it.
  for (const status of [101, 200, 201, 401, 403, 422]) expect(statuses.get(status) ?? 0, `seed ${seed}, ${status}`).toBeGreaterThan(0);
});
