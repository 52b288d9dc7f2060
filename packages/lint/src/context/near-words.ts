/** Words that are written almost alike: what a typo was meant to be. */
import { countBefore, editDistance } from '@weir/net';

/** A word with how far it is from another one. */
interface NearWord {
  readonly text: string;
  readonly cost: number;
}

/** The nearest of some words to one that is none of them; undefined when none is near. Case alone is nearest of all. */
export function nearestWord(word: string, words: Iterable<string>): string | undefined {
  return new NearWords(words).nearest(word);
}

/**
 * Words among which the nearest of many others are looked for: what begins alike is compared once, and only as long as it
 * is near.
 */
export class NearWords {
  /** In the order of their letters, so that those that begin alike are side by side. */
  readonly #words: readonly string[];
  readonly #shapes: readonly string[];
  #byLowerCase: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(words: Iterable<string>) {
    this.#words = [...new Set(words)].filter((word) => word !== '').sort();
    this.#shapes = this.#words.map(shapeOf);
  }

  /** The nearest one; the first in their order of those that are equally near. */
  nearest(word: string): string | undefined {
    const isMeant = (candidate: string): boolean => candidate !== word && !areOneOfSeveral(word, candidate);
    const inOtherCase = this.#inOtherCase(word).find(isMeant);
    if (inOtherCase !== undefined) return inOtherCase;
    // Most typos are one slip, and what is so near is found soonest.
    const [one] = this.#within(word, 1).filter(({ text, cost }) => isMeant(text) && isNearEnough(word, text, cost));
    if (one !== undefined) return one.text;
    const limit = word.length <= 3 ? 1 : word.length <= 8 ? 2 : 3;
    const near = limit === 1 ? [] : this.#within(word, limit).filter(({ text, cost }) => isNearEnough(word, text, cost) && isMeant(text));
    return near.sort((a, b) => a.cost - b.cost)[0]?.text;
  }

  #inOtherCase(word: string): readonly string[] {
    if (this.#byLowerCase === undefined) {
      const found = new Map<string, string[]>();
      for (const one of this.#words) {
        const key = one.toLowerCase();
        const same = found.get(key);
        if (same === undefined) found.set(key, [one]);
        else same.push(one);
      }
      this.#byLowerCase = found;
    }
    return (this.#byLowerCase.get(word.toLowerCase()) ?? []).filter((one) => differsOnlyInCase(one, word));
  }

  /** All that are at most so far from the word, in their order. */
  #within(word: string, limit: number): NearWord[] {
    const near: NearWord[] = [];
    const shape = shapeOf(word);
    const rows = [Array.from({ length: word.length + 1 }, (_, i) => i)];
    const search = (from: number, to: number, depth: number): void => {
      let at = from;
      while (at < to) {
        const one = this.#words[at] ?? '';
        const end = depth < one.length ? this.#endOf(one, depth, at, to) : at + 1;
        if (end === at + 1) {
          // Of a series of thousands none is meant.
          const cost = this.#shapes[at] === shape ? limit + 1 : editDistance(word, one, limit);
          if (cost <= limit) near.push({ text: one, cost });
        } else if (leastOfRow(word, one, { depth: depth + 1, rows, limit }) <= limit) search(at, end, depth + 1);
        at = end;
      }
    };
    search(0, this.#words.length, 0);
    return near;
  }

  /** Behind the last of the words from `at` to `to` that has the letter at `depth` that `one` has; all of them begin alike until there. */
  #endOf(one: string, depth: number, at: number, to: number): number {
    const letter = one.charCodeAt(depth);
    return countBefore(this.#words, (word) => word.charCodeAt(depth) === letter, at + 1, to);
  }
}

/**
 * Fills the row of the first `depth` letters of `one`, as in `editDistance`: how far they are from each beginning of the word.
 * Gives the least of it, below which no word that begins so can be.
 */
function leastOfRow(
  word: string,
  one: string,
  { depth, rows, limit }: { readonly depth: number; readonly rows: number[][]; readonly limit: number },
): number {
  const far = limit + 1;
  const [before, previous] = [rows[depth - 2], rows[depth - 1] ?? []];
  const row = (rows[depth] ??= []);
  const [letter, letterBefore] = [one.charCodeAt(depth - 1), one.charCodeAt(depth - 2)];
  const [from, to] = [Math.max(1, depth - limit), Math.min(word.length, depth + limit)];
  let least = from === 1 ? depth : far;
  row[from - 1] = least;
  for (let j = from; j <= to; j++) {
    let cost = (previous[j - 1] ?? far) + (word.charCodeAt(j - 1) === letter ? 0 : 1);
    cost = Math.min(cost, (previous[j] ?? far) + 1, (row[j - 1] ?? far) + 1);
    const isSwapped = j > 1 && before !== undefined && word.charCodeAt(j - 2) === letter && word.charCodeAt(j - 1) === letterBefore;
    if (isSwapped) cost = Math.min(cost, (before[j - 2] ?? far) + 1);
    row[j] = cost;
    if (cost < least) least = cost;
  }
  if (to < word.length) row[to + 1] = far;
  return least;
}

/** Whether two words are names of a series, `team-a` and `team-b`, `node1` and `node2`: neither is a typo of the other. */
function areOneOfSeveral(a: string, b: string): boolean {
  if (shapeOf(a) === shapeOf(b)) return true;
  const [some, others] = [a.split(/[-_./]/), b.split(/[-_./]/)];
  if (some.length !== others.length) return false;
  const different = some.flatMap((part, i) => (part === others[i] ? [] : [[part, others[i] ?? '']]));
  return different.every(([one = '', other = '']) => one.length <= 2 && other.length <= 2 && lettersOf(one) !== lettersOf(other));
}

/** The word with one digit for each of its numbers. */
function shapeOf(word: string): string {
  return word.replace(/\d+/g, '0');
}

/** A word of which half is another one is another word. */
function isNearEnough(a: string, b: string, cost: number): boolean {
  return cost <= Math.max(a.length, b.length) / 2;
}

function lettersOf(word: string): string {
  return word.toLowerCase().split('').sort().join('');
}

/** Whether two words are the same but for upper and lower case. */
export function differsOnlyInCase(a: string, b: string): boolean {
  return a !== b && a.length === b.length && a.toLowerCase() === b.toLowerCase();
}
