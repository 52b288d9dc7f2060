/**
 * Groups of addresses that somebody else keeps: the endpoints of services, what domain names resolved to.
 *
 * They are told as whole lists; what is new in a list is found here. A group that no set in use is made of costs its
 * list and nothing else. Addresses of groups may be pods' or anybody's.
 */
import type { AddressGroupName, GroupMember } from '@weir/model';
import type { ProtocolPort } from '../delta/delta.ts';
import type { AddressSlot, GroupPlace } from '../entries.ts';
import type { AddressTable } from './address-table.ts';

/** A place with the list of it alone: most addresses are in one group, and share it. */
interface HeldPlace extends GroupPlace {
  readonly alone: readonly GroupPlace[];
}

/** The addresses of a group that is in use, and its places by their ports. */
interface HeldGroup {
  readonly addresses: ReadonlyMap<AddressSlot, HeldPlace>;
  readonly places: ReadonlyMap<string, HeldPlace>;
}

const notHeld: HeldGroup = { addresses: new Map(), places: new Map() };

/** All groups. */
export class AddressGroups {
  readonly #told: Map<AddressGroupName, readonly GroupMember[]> = new Map();
  readonly #held: Map<AddressGroupName, HeldGroup> = new Map();
  readonly #places: Map<AddressSlot, readonly GroupPlace[]> = new Map();
  readonly #dirty: Set<AddressGroupName> = new Set();
  readonly #addresses: AddressTable;
  #nextId = 1;

  constructor(addresses: AddressTable) {
    this.#addresses = addresses;
  }

  /** How many groups there are. */
  get size(): number {
    return this.#told.size;
  }

  /** A group appeared or changed; all its members in any order. */
  upsert(name: AddressGroupName, members: readonly GroupMember[]): void {
    this.#told.set(name, members);
    this.#dirty.add(name);
  }

  /** A group is gone. */
  delete(name: AddressGroupName): void {
    if (this.#told.delete(name)) this.#dirty.add(name);
  }

  /** The groups that an address is in, of those in use. */
  placesOf(slot: AddressSlot): readonly GroupPlace[] | undefined {
    return this.#places.get(slot);
  }

  /** Marks the addresses whose groups changed: what the lists say that came since the last call, and where sets came or went. */
  settle(isUsed: (name: AddressGroupName) => boolean, changedSets: readonly AddressGroupName[]): void {
    for (const name of this.#dirty) this.#hold(name, isUsed(name));
    this.#dirty.clear();
    for (const name of changedSets) {
      this.#hold(name, isUsed(name));
      for (const slot of this.#held.get(name)?.addresses.keys() ?? []) this.#addresses.dirty.add(slot);
    }
  }

  #hold(name: AddressGroupName, isUsed: boolean): void {
    const before = this.#held.get(name) ?? notHeld;
    const after = isUsed ? this.#groupOf(name, before.places) : notHeld;
    for (const [slot, place] of after.addresses) if (before.addresses.get(slot) !== place) this.#put(slot, name, place);
    for (const slot of before.addresses.keys()) if (!after.addresses.has(slot)) this.#put(slot, name, undefined);
    if (after.addresses.size === 0) this.#held.delete(name);
    else this.#held.set(name, after);
  }

  #put(slot: AddressSlot, name: AddressGroupName, place: HeldPlace | undefined): void {
    this.#addresses.dirty.add(slot);
    const others = this.#places.get(slot)?.filter((other) => other.name !== name) ?? [];
    if (others.length > 0) this.#places.set(slot, place === undefined ? others : [...others, place]);
    else if (place === undefined) this.#places.delete(slot);
    else this.#places.set(slot, place.alone);
  }

  /** What the list says; addresses with equal ports have one place, those of before as far as they are the same. */
  #groupOf(name: AddressGroupName, known: HeldGroup['places']): HeldGroup {
    const places = new Map<string, HeldPlace>();
    const placeOf = (ports: readonly ProtocolPort[]): HeldPlace => {
      const text = textOf(ports);
      const place = places.get(text) ?? known.get(text) ?? this.#newPlace(name, ports);
      places.set(text, place);
      return place;
    };
    const single = new Map<number, HeldPlace>();
    const addresses = new Map<AddressSlot, HeldPlace>();
    for (const { address, protocol, port } of this.#told.get(name) ?? []) {
      const slot = this.#addresses.slotAt(address);
      const number = protocol === undefined || port === undefined ? -1 : protocol * 65_536 + port;
      let place = single.get(number);
      if (place === undefined) {
        single.set(number, (place = placeOf(protocol === undefined || port === undefined ? [] : [{ protocol, port }])));
      }
      const earlier = addresses.get(slot);
      addresses.set(slot, earlier === undefined || earlier === place ? place : placeOf([...earlier.ports, ...place.ports]));
    }
    return { addresses, places };
  }

  #newPlace(name: AddressGroupName, ports: readonly ProtocolPort[]): HeldPlace {
    const alone: GroupPlace[] = [];
    const place: HeldPlace = { id: this.#nextId++, name, ports, alone };
    alone.push(place);
    return place;
  }
}

/** The same for the same ports in any order. */
function textOf(ports: readonly ProtocolPort[]): string {
  const texts = ports.map(({ protocol, port }) => `${protocol}/${port}`);
  return [...new Set(texts)].sort().join();
}
