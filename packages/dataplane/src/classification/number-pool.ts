/**
 * Numbers for programs and classes.
 *
 * A number is given out once in the life of a table: while a transaction takes force, a packet may
 * be looked up with a number of before in a set of after, and must not find there what the number
 * means to somebody else now. 2^31 numbers last for 68 years at one a second. A process that takes
 * a table over goes on behind the numbers that it finds there.
 */
import { assert } from '@weir/net';

const highestKept = 0x3fffffff;

/** Gives out the numbers behind `last`: 1, 2, 3, …; 0 stands for "any". */
export class NumberPool {
  #last: number;

  /** Begins at 1 again when half of all numbers are behind `last`. */
  constructor(last = 0) {
    this.#last = last > highestKept ? 0 : last;
  }

  /** The highest number that was given out. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last++;
    assert(this.#last <= 0x7fffffff, 'the numbers of programs and classes are used up; restart to begin anew');
    return this.#last;
  }
}
