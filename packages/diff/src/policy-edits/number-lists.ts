/**
 * Lists of small numbers, each known by a number of its own: what is added one by one to ten thousand ends is so compared, and
 * answered once.
 */

/** The number of the empty list. */
export const emptyList = 0;

/** The lists. */
export class NumberLists {
  readonly #next: Map<number, number> = new Map();
  readonly #lists: (readonly number[])[] = [[]];

  /** The number of a list with one more at its end: a whole number below 2^24. */
  with(list: number, added: number): number {
    const key = list * 2 ** 24 + added;
    let next = this.#next.get(key);
    if (next === undefined) {
      next = this.#lists.push([...this.membersOf(list), added]) - 1;
      this.#next.set(key, next);
    }
    return next;
  }

  /** What is in a list, in the order in which it was added. */
  membersOf(list: number): readonly number[] {
    return this.#lists[list] ?? [];
  }
}
