/** Where something stands in a sorted list. */

/**
 * How many members of a list come before a place in its order: so many is the place itself. `isBefore` holds for those and for
 * none behind them, from `from` (default 0) up to `to` (default the end), between which it is looked for.
 */
export function countBefore<T>(sorted: readonly T[], isBefore: (member: T) => boolean, from = 0, to: number = sorted.length): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
