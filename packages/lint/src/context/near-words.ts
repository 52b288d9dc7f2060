/** Words that are written almost alike: what a typo was meant to be. */

/** The nearest of some words to one that is none of them; undefined when none is near. Case alone is nearest of all. */
export function nearestWord(word: string, words: Iterable<string>): string | undefined {
  const limit = word.length <= 3 ? 1 : word.length <= 8 ? 2 : 3;
  let best: { readonly word: string; readonly cost: number } | undefined;
  for (const candidate of words) {
    if (candidate === word || candidate === '' || areOneOfSeveral(word, candidate)) continue;
    const cost = differsOnlyInCase(candidate, word) ? 0 : distance(word, candidate, limit);
    const isNear = cost <= limit && cost <= Math.max(word.length, candidate.length) / 2;
    if (isNear && (best === undefined || cost < best.cost || (cost === best.cost && candidate < best.word)))
      best = { word: candidate, cost };
  }
  return best?.word;
}

/** Whether two words are names of a series, `team-a` and `team-b`, `node1` and `node2`: neither is a typo of the other. */
function areOneOfSeveral(a: string, b: string): boolean {
  if (a.replace(/\d+/g, '0') === b.replace(/\d+/g, '0')) return true;
  const [some, others] = [a.split(/[-_./]/), b.split(/[-_./]/)];
  if (some.length !== others.length) return false;
  const different = some.flatMap((part, i) => (part === others[i] ? [] : [[part, others[i] ?? '']]));
  return different.every(([one = '', other = '']) => one.length <= 2 && other.length <= 2 && lettersOf(one) !== lettersOf(other));
}

function lettersOf(word: string): string {
  return word.toLowerCase().split('').sort().join('');
}

/** Whether two words are the same but for upper and lower case. */
export function differsOnlyInCase(a: string, b: string): boolean {
  return a !== b && a.toLowerCase() === b.toLowerCase();
}

/** How many characters are to be changed, added, taken away or swapped with the next one; more than `limit` is not counted further. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : changed;
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed, swapped));
    }
    if (Math.min(...row) > limit) return limit + 1;
    [before, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}
