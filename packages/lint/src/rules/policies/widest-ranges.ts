/** Which of many ranges reaches farthest over a value: the one that covers another range if any of them does. */

/** A range of whatever can be compared, with whose it is. */
export interface OwnedRange<T> {
  readonly first: T;
  readonly last: T;
  readonly owner: number;
}

/** Some ranges, in the order of where they begin. */
export class WidestRanges<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #firsts: readonly T[];
  /** The widest of all that begin there or before. */
  readonly #widest: readonly OwnedRange<T>[];

  constructor(ranges: readonly OwnedRange<T>[], compare: (a: T, b: T) => number) {
    this.#compare = compare;
    const sorted = [...ranges].sort((a, b) => compare(a.first, b.first) || compare(b.last, a.last) || a.owner - b.owner);
    let best: OwnedRange<T> | undefined;
    this.#widest = sorted.map((range) => (best = best === undefined || compare(range.last, best.last) > 0 ? range : best));
    this.#firsts = sorted.map(({ first }) => first);
  }

  /** Whose range begins at the value or before it and ends last, of equal ends the widest; undefined where none begins so early. */
  ownerOver(value: T): number | undefined {
    let [low, high] = [0, this.#firsts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#firsts[middle];
      if (first !== undefined && this.#compare(first, value) <= 0) low = middle + 1;
      else high = middle;
    }
    return this.#widest[low - 1]?.owner;
  }
}
