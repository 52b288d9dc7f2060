/**
 * What is known of a set of classes when facts may be missing: those of which something holds for
 * certain, and those of which it holds perhaps.
 *
 * Where every fact is known both are the same object, so that nothing is computed twice.
 */
import { BitSet } from '@weir/net';

/** `certain` is a part of `possible`; what is in `possible` alone is unknown. */
export interface Bounds {
  readonly certain: BitSet;
  readonly possible: BitSet;
}

/** Of which everything is known. */
export function known(set: BitSet): Bounds {
  return { certain: set, possible: set };
}

/** Both hold. */
export function both(one: Bounds, other: Bounds): Bounds {
  const certain = one.certain.and(other.certain);
  if (isKnown(one) && isKnown(other)) return known(certain);
  return { certain, possible: one.possible.and(other.possible) };
}

/** The first holds and the second does not. */
export function butNot(one: Bounds, other: Bounds): Bounds {
  const certain = one.certain.without(other.possible);
  if (isKnown(one) && isKnown(other)) return known(certain);
  return { certain, possible: one.possible.without(other.certain) };
}

/** Holds for all of the size, for none, or perhaps for all. */
export function uniform(truth: 'yes' | 'no' | 'unknown', size: number): Bounds {
  if (truth === 'yes') return known(BitSet.full(size));
  return truth === 'no' ? known(BitSet.empty(size)) : { certain: BitSet.empty(size), possible: BitSet.full(size) };
}

/** Whether no fact is missing. */
export function isKnown({ certain, possible }: Bounds): boolean {
  return certain === possible;
}
