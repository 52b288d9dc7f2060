/** Which objects of a kind count, where several are stored under names that people know as one. */
import { countedOf, type PolicyKind, writtenPlaceOf } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import { placeOf } from './object-in-force.ts';

/** What a change makes of the objects of one name: that which counts now, and the places of those that do not. */
export interface CountedObject {
  readonly counted: KubeObject | undefined;
  readonly others: readonly string[];
}

interface Stored {
  readonly object: KubeObject;
}

/** The objects of a kind that is written in another form than it is stored. */
export class KnownNames {
  readonly #kind: PolicyKind;
  /** By the place that people know. */
  readonly #stored: Map<string, readonly Stored[]> = new Map();
  /** The places that people know, of objects that are stored elsewhere. */
  readonly #elsewhere: Map<string, string> = new Map();

  constructor(kind: PolicyKind) {
    this.#kind = kind;
  }

  /** An object came or changed, also its name; what that makes of its name, and of the one that it had. */
  put(object: KubeObject): readonly CountedObject[] {
    const place = placeOf(this.#kind, object);
    const known = writtenPlaceOf(this.#kind, object);
    const before = this.#elsewhere.get(place) ?? place;
    const left = before === known ? [] : this.#take(place, before);
    if (known === place) this.#elsewhere.delete(place);
    else this.#elsewhere.set(place, known);
    const others = (this.#stored.get(known) ?? []).filter((one) => placeOf(this.#kind, one.object) !== place);
    this.#stored.set(known, [...others, { object }]);
    return [...left, this.#countedAt(known)];
  }

  /** The object that is stored at the place is gone. */
  remove(place: string): readonly CountedObject[] {
    const known = this.#elsewhere.get(place) ?? place;
    this.#elsewhere.delete(place);
    return this.#take(place, known);
  }

  #take(place: string, known: string): readonly CountedObject[] {
    const others = (this.#stored.get(known) ?? []).filter((one) => placeOf(this.#kind, one.object) !== place);
    if (others.length > 0) this.#stored.set(known, others);
    else this.#stored.delete(known);
    return others.length > 0 ? [this.#countedAt(known)] : [];
  }

  #countedAt(known: string): CountedObject {
    const stored = this.#stored.get(known) ?? [];
    const counted = countedOf(this.#kind, stored);
    return {
      counted: counted?.object,
      others: stored.filter((one) => one !== counted).map(({ object }) => placeOf(this.#kind, object)),
    };
  }
}
