/** How far two words are from each other (optimal string alignment): for guesses at what a wrong word was meant to be. */

/** How many characters are to be changed, added, taken away or swapped with the next one; more than `limit` is not counted further. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  return distanceOfRests(...withoutCommonEnds(a, b), limit);
}

/** What words begin and end with alike costs nothing. */
function withoutCommonEnds(a: string, b: string): [string, string] {
  const shorter = Math.min(a.length, b.length);
  let front = 0;
  while (front < shorter && a[front] === b[front]) front += 1;
  let back = 0;
  while (back < shorter - front && a[a.length - 1 - back] === b[b.length - 1 - back]) back += 1;
  return [a.slice(front, a.length - back), b.slice(front, b.length - back)];
}

/** Only cells near the diagonal are filled: elsewhere it is more than the limit already. */
function distanceOfRests(a: string, b: string, limit: number): number {
  const far = limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  let row: number[] = previous.map(() => far);
  for (let i = 1; i <= a.length; i++) {
    const from = Math.max(1, i - limit);
    const to = Math.min(b.length, i + limit);
    row[from - 1] = from === 1 ? i : far;
    let least = row[from - 1] ?? far;
    for (let j = from; j <= to; j++) {
      const changed = (previous[j - 1] ?? far) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? far) + 1 : far;
      const cost = Math.min((previous[j] ?? far) + 1, (row[j - 1] ?? far) + 1, changed, swapped);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    if (to < b.length) row[to + 1] = far;
    if (least > limit) return far;
    [before, previous, row] = [previous, row, before.length === 0 ? previous.map(() => far) : before];
  }
  return Math.min(previous[b.length] ?? far, far);
}
