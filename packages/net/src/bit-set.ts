/** Sets of small whole numbers as bits: unions and intersections of thousands of members in a few steps. */

/** A set of numbers from 0 to `size` - 1. The operations that take another set want one of the same size or, but for `become` and `equals`, a smaller one. */
export class BitSet {
  readonly size: number;
  readonly #words: Uint32Array;

  private constructor(size: number, words: Uint32Array) {
    this.size = size;
    this.#words = words;
  }

  /** The set without members. */
  static empty(size: number): BitSet {
    return new BitSet(size, new Uint32Array(Math.ceil(size / 32)));
  }

  /** The set of all numbers below `size`. */
  static full(size: number): BitSet {
    const words = new Uint32Array(Math.ceil(size / 32)).fill(0xffffffff);
    if (size % 32 !== 0) words[words.length - 1] = 2 ** (size % 32) - 1;
    return new BitSet(size, words);
  }

  /** The numbers that the condition holds for. */
  static where(size: number, condition: (member: number) => boolean): BitSet {
    const set = BitSet.empty(size);
    for (let member = 0; member < size; member++) if (condition(member)) set.add(member);
    return set;
  }

  /** For each number below `size` the places of the rows that have it, or undefined where none has; the rows are of that size. */
  static turned(rows: readonly BitSet[], size: number): (BitSet | undefined)[] {
    // Mostly few numbers are in any row, and what costs is to make a set.
    const turned: (BitSet | undefined)[] = Array.from({ length: size }, () => undefined);
    const square = new Uint32Array(32);
    for (let top = 0; top < rows.length; top += 32) {
      for (let word = 0; word * 32 < size; word++) {
        let any = 0;
        for (let i = 0; i < 32; i++) {
          const row = rows[top + i];
          any |= square[i] = row === undefined ? 0 : (row.#words[word] ?? 0);
        }
        if (any === 0) continue;
        turnSquare(square);
        for (let i = 0; i < 32 && word * 32 + i < size; i++) {
          const bits = square[i] ?? 0;
          if (bits === 0) continue;
          const column = (turned[word * 32 + i] ??= BitSet.empty(rows.length));
          column.#words[top / 32] = bits;
        }
      }
    }
    return turned;
  }

  has(member: number): boolean {
    return ((this.#words[member >>> 5] ?? 0) & (1 << (member & 31))) !== 0;
  }

  add(member: number): void {
    const at = member >>> 5;
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (member & 31));
  }

  delete(member: number): void {
    const at = member >>> 5;
    this.#words[at] = (this.#words[at] ?? 0) & ~(1 << (member & 31));
  }

  /** Adds the members of the other. */
  addAll(other: BitSet): void {
    for (let at = 0; at < this.#words.length; at++) this.#words[at] = (this.#words[at] ?? 0) | (other.#words[at] ?? 0);
  }

  /** Takes the members of the other out. */
  deleteAll(other: BitSet): void {
    for (let at = 0; at < this.#words.length; at++) this.#words[at] = (this.#words[at] ?? 0) & ~(other.#words[at] ?? 0);
  }

  /** Takes out what the other does not have. */
  retainAll(other: BitSet): void {
    for (let at = 0; at < this.#words.length; at++) this.#words[at] = (this.#words[at] ?? 0) & (other.#words[at] ?? 0);
  }

  /** Adds those that both of the others have. */
  addBoth(one: BitSet, other: BitSet): void {
    for (let at = 0; at < this.#words.length; at++)
      this.#words[at] = (this.#words[at] ?? 0) | ((one.#words[at] ?? 0) & (other.#words[at] ?? 0));
  }

  /** Takes all members out. */
  clear(): void {
    this.#words.fill(0);
  }

  /** Makes it the same set as the other. */
  become(other: BitSet): void {
    this.#words.set(other.#words);
  }

  copy(): BitSet {
    return new BitSet(this.size, new Uint32Array(this.#words));
  }

  /** The members of both. */
  and(other: BitSet): BitSet {
    const words = new Uint32Array(this.#words);
    for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) & (other.#words[at] ?? 0);
    return new BitSet(this.size, words);
  }

  /** The members of either. */
  or(other: BitSet): BitSet {
    const words = new Uint32Array(this.#words);
    for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) | (other.#words[at] ?? 0);
    return new BitSet(this.size, words);
  }

  /** The members that the other does not have. */
  without(other: BitSet): BitSet {
    const words = new Uint32Array(this.#words);
    for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) & ~(other.#words[at] ?? 0);
    return new BitSet(this.size, words);
  }

  get isEmpty(): boolean {
    for (let at = 0; at < this.#words.length; at++) if (this.#words[at] !== 0) return false;
    return true;
  }

  /** Whether some member is one of the other. */
  meets(other: BitSet): boolean {
    for (let at = 0; at < this.#words.length; at++) if (((this.#words[at] ?? 0) & (other.#words[at] ?? 0)) !== 0) return true;
    return false;
  }

  /** Whether both have the same members. */
  equals(other: BitSet): boolean {
    for (let at = 0; at < this.#words.length; at++) if (this.#words[at] !== other.#words[at]) return false;
    return true;
  }

  /** The members, smallest first. */
  members(): number[] {
    const found: number[] = [];
    const words = this.#words;
    for (let at = 0; at < words.length; at++) {
      for (let rest = words[at] ?? 0; rest !== 0; rest &= rest - 1) found.push(at * 32 + 31 - Math.clz32(rest & -rest));
    }
    return found;
  }

  /** The first member that is this number or a greater one; -1 where there is none. */
  memberFrom(number: number): number {
    const words = this.#words;
    let at = number >>> 5;
    let rest = (words[at] ?? 0) & (-1 << (number & 31));
    while (rest === 0) {
      if (++at >= words.length) return -1;
      rest = words[at] ?? 0;
    }
    return at * 32 + 31 - Math.clz32(rest & -rest);
  }

  /** A text that is the same for equal sets of one size alone. */
  key(): string {
    return this.#words.join();
  }
}

/** Turns 32 rows of 32 bits into their columns, by halves (H. S. Warren, Hacker's Delight, 7-3). */
function turnSquare(square: Uint32Array): void {
  let mask = 0x0000ffff;
  for (let half = 16; half !== 0; half >>>= 1, mask ^= mask << half) {
    for (let i = 0; i < 32; i = (i + half + 1) & ~half) {
      const low = square[i] ?? 0;
      const high = square[i + half] ?? 0;
      const swapped = ((low >>> half) ^ high) & mask;
      square[i + half] = high ^ swapped;
      square[i] = low ^ (swapped << half);
    }
  }
}
