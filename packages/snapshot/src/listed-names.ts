/** Several names in a sentence: the first few, and how many more there are. */

/** How many are listed before the rest is counted. */
export const listedMax = 3;

/** For example `a, b, c and 4 more`. */
export function listed(names: readonly string[], max: number = listedMax): string {
  const rest = names.length - max;
  return names.slice(0, max).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
