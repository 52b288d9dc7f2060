/** Sets of ends by their places: most hold few, as a list, and the others are bits. */
import { BitSet } from '@weir/net';

/** So many are found in a list as soon as among bits, and take much less room. */
const few = 40;

/** A set that is not changed any more. */
export class PlaceSet {
  /** Of a set of few: all of them, in order. */
  readonly #list: readonly number[] | undefined;
  readonly #bits: BitSet | undefined;

  private constructor(list: readonly number[] | undefined, bits: BitSet | undefined) {
    this.#list = list;
    this.#bits = bits;
  }

  /** Of places in order, each once, below a size. */
  static of(places: readonly number[], size: number): PlaceSet {
    if (places.length <= few) return places.length === 0 ? PlaceSet.none : new PlaceSet(places, undefined);
    const bits = BitSet.empty(size);
    for (const place of places) bits.add(place);
    return new PlaceSet(undefined, bits);
  }

  /** The bits must not be changed. */
  static ofBits(bits: BitSet): PlaceSet {
    return new PlaceSet(undefined, bits);
  }

  /** The set without members. */
  static readonly none: PlaceSet = new PlaceSet([], undefined);

  has(place: number): boolean {
    const list = this.#list;
    if (list === undefined) return this.#bits?.has(place) === true;
    for (let at = 0; at < list.length; at++) if (list[at] === place) return true;
    return false;
  }

  get isEmpty(): boolean {
    return this.#list === undefined ? this.#bits?.isEmpty !== false : this.#list.length === 0;
  }

  /** In order. */
  places(): readonly number[] {
    return this.#list ?? this.#bits?.members() ?? [];
  }

  /** Adds all of them to a set. */
  addTo(set: BitSet): void {
    if (this.#bits !== undefined) set.addAll(this.#bits);
    else for (const place of this.#list ?? []) set.add(place);
  }

  /** Takes all of them out of a set. */
  deleteFrom(set: BitSet): void {
    if (this.#bits !== undefined) set.deleteAll(this.#bits);
    else for (const place of this.#list ?? []) set.delete(place);
  }

  /** The members of both. */
  and(other: PlaceSet): PlaceSet {
    if (this.#list !== undefined)
      return PlaceSet.of(
        this.#list.filter((place) => other.has(place)),
        0,
      );
    if (other.#list !== undefined) return other.and(this);
    return this.#bits === undefined || other.#bits === undefined ? PlaceSet.none : PlaceSet.ofBits(this.#bits.and(other.#bits));
  }

  /** The members that the other does not have. */
  without(other: PlaceSet): PlaceSet {
    if (this.#list !== undefined)
      return PlaceSet.of(
        this.#list.filter((place) => !other.has(place)),
        0,
      );
    const left = this.#bits?.copy() ?? BitSet.empty(0);
    other.deleteFrom(left);
    return PlaceSet.ofBits(left);
  }

  /** Whether both have the same members. */
  equals(other: PlaceSet): boolean {
    const [own, others] = [this.places(), other.places()];
    return own.length === others.length && own.every((place, at) => place === others[at]);
  }
}

/** The members of any of the sets, which are below a size. */
export function unionOf(sets: readonly PlaceSet[], size: number): PlaceSet {
  const [only, ...others] = sets;
  if (only === undefined) return PlaceSet.none;
  if (others.length === 0) return only;
  const union = BitSet.empty(size);
  for (const set of sets) set.addTo(union);
  return PlaceSet.of(union.members(), size);
}
