/**
 * The table of kind × feature × back end: every case of `policy-support/cases` on every back end with real packets, and
 * the page as it is committed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { backEnds } from './packets/back-ends.ts';
import { type TriedBackEnds, tryBackEnds } from './policy-support/try-back-ends.ts';

describe('every feature of every policy API', () => {
  let tried: TriedBackEnds;
  beforeAll(async () => {
    tried = await tryBackEnds();
  }, 900_000);

  it.each(backEnds.map(({ name }) => [name]))('is obeyed by packets on %s, or refused with a reason and closed', (name) => {
    expect(tried.wrong[name]).toEqual([]);
  });

  it('is in the table of design/policy-support.md as it came out: `npm run docs:policy-support` writes it anew', () => {
    expect(tried.page).toBe(readFileSync(join(import.meta.dirname, '..', 'design', 'policy-support.md'), 'utf8'));
  });
});
