/** Something of two snapshots: what it was in the old one and what it is in the new one; absent where it is not there. */

/** See above; one of them is there at least. */
export interface BothSides<T> {
  readonly before?: T;
  readonly after?: T;
}

/** The names of the sides, in the order of time. */
export const sides = ['before', 'after'] as const;

/** One of the sides. */
export type Side = (typeof sides)[number];
