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

/** A list for each of some ends, of which most have none. */
export class ListsOfEnds {
  readonly lists: NumberLists = new NumberLists();
  readonly #listOf: Int32Array;
  readonly #roundOf: Int32Array;
  #round = 0;

  constructor(size: number) {
    this.#listOf = new Int32Array(size);
    this.#roundOf = new Int32Array(size);
  }

  /** Takes all ends out. */
  begin(): void {
    this.#round++;
  }

  has(place: number): boolean {
    return this.#roundOf[place] === this.#round;
  }

  /** Takes an end in, with a list to begin with; whether it was not in already. */
  enter(place: number, list: number = emptyList): boolean {
    if (this.has(place)) return false;
    this.#roundOf[place] = this.#round;
    this.#listOf[place] = list;
    return true;
  }

  /** Adds to the list of an end that is in. */
  add(place: number, added: number): void {
    this.#listOf[place] = this.lists.with(this.#listOf[place] ?? emptyList, added);
  }

  /** The list of an end that is in. */
  of(place: number): number {
    return this.#listOf[place] ?? emptyList;
  }
}
