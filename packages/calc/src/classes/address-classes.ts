/**
 * The class of one address: that of its pod's label set, together with the sets of the groups that the address is in.
 *
 * Addresses of a service are in thousands alike, so what their label set and groups come to is found once a flush.
 */
import type { AddressSlot, ClassEntry, Member } from '../entries.ts';
import type { PeerSets } from '../peer-sets/peer-sets.ts';
import type { AddressGroups } from '../population/address-groups.ts';
import { ownerOf } from '../population/address-table.ts';
import type { Classes } from './classes.ts';

/** What the class of an address depends on. */
export interface AddressClassSources {
  readonly classes: Classes;
  readonly sets: PeerSets;
  readonly groups: AddressGroups;
}

/** The classes of addresses during one flush. */
export class AddressClasses {
  readonly #sources: AddressClassSources;
  /** By the class without groups, then by the ids of places. */
  readonly #found: Map<ClassEntry | undefined, Map<string, ClassEntry | undefined>> = new Map();
  readonly #members: Map<string, readonly Member[]> = new Map();

  constructor(sources: AddressClassSources) {
    this.#sources = sources;
  }

  /** The class of the address now. */
  of(slot: AddressSlot): ClassEntry | undefined {
    const owner = ownerOf(slot);
    const own = owner?.kind === 'pod' ? owner.labelSet.class : undefined;
    const places = this.#sources.groups.placesOf(slot);
    if (places === undefined) return own;
    const text = places.length === 1 ? String(places[0]?.id) : places.map(({ id }) => id).join();
    let byPlaces = this.#found.get(own);
    if (byPlaces === undefined) this.#found.set(own, (byPlaces = new Map<string, ClassEntry | undefined>()));
    if (byPlaces.has(text)) return byPlaces.get(text);
    let members = this.#members.get(text);
    if (members === undefined) this.#members.set(text, (members = this.#sources.sets.membersOfPlaces(places)));
    const found = members.length === 0 ? own : this.#sources.classes.of([...(own?.members ?? []), ...members]);
    byPlaces.set(text, found);
    return found;
  }

  /** Whether the address is in a group in use, so that its slot stays although nobody claims it. */
  isHeld(slot: AddressSlot): boolean {
    return this.#sources.groups.placesOf(slot) !== undefined;
  }
}
