/** How many random worlds a run tries, from the environment. */
import { env } from 'node:process';

/** The seeds of a run: `count` of them from `firstSeed` on. */
export interface RunSize {
  readonly firstSeed: number;
  readonly count: number;
}

/**
 * The seeds to run: `WEIR_WORLDS` many (default as given) from `WEIR_SEED` (default 0) on. Throws a
 * RangeError when a variable is no whole number.
 */
export function runSize(defaultCount: number): RunSize {
  return { firstSeed: wholeNumber('WEIR_SEED', 0), count: wholeNumber('WEIR_WORLDS', defaultCount) };
}

function wholeNumber(variable: string, otherwise: number): number {
  const text = env[variable];
  if (text === undefined || text === '') return otherwise;
  if (!/^[0-9]{1,9}$/.test(text)) throw new RangeError(`${variable} is '${text}'; give a whole number below 10^9`);
  return Number(text);
}
