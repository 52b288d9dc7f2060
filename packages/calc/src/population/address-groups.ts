/**
 * Groups of addresses that somebody else keeps: the endpoints of services, what domain names resolved to.
 *
 * They are told as whole lists; what is new in a list is found here. A group that no set in use is made of costs its
 * list and nothing else. Addresses of groups may be pods' or anybody's.
 */
import type { AddressGroupName, GroupMember } from '@weir/policy';
import type { ProtocolPort } from '../delta/delta.ts';
import type { AddressSlot, GroupPlace } from '../entries.ts';
import type { AddressTable } from './address-table.ts';

/** The addresses of a group that is in use. */
type HeldAddresses = ReadonlyMap<AddressSlot, GroupPlace>;

const noAddresses: HeldAddresses = new Map();

/** All groups. */
export class AddressGroups {
  readonly #told: Map<AddressGroupName, readonly GroupMember[]> = new Map();
  readonly #held: Map<AddressGroupName, HeldAddresses> = new Map();
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
      for (const slot of this.#held.get(name)?.keys() ?? []) this.#addresses.dirty.add(slot);
    }
  }

  #hold(name: AddressGroupName, isUsed: boolean): void {
    const before = this.#held.get(name) ?? noAddresses;
    const after = isUsed ? this.#addressesOf(name, before) : noAddresses;
    for (const [slot, place] of after) if (before.get(slot) !== place) this.#put(slot, { name, place });
    for (const slot of before.keys()) if (!after.has(slot)) this.#put(slot, { name, place: undefined });
    if (after.size === 0) this.#held.delete(name);
    else this.#held.set(name, after);
  }

  #put(slot: AddressSlot, { name, place }: { readonly name: AddressGroupName; readonly place: GroupPlace | undefined }): void {
    const others = this.#places.get(slot)?.filter((other) => other.name !== name) ?? [];
    const places = place === undefined ? others : [...others, place];
    if (places.length === 0) this.#places.delete(slot);
    else this.#places.set(slot, places);
    this.#addresses.dirty.add(slot);
  }

  /** What the list says; addresses with equal ports have one place, those of before as far as they are the same. */
  #addressesOf(name: AddressGroupName, before: HeldAddresses): HeldAddresses {
    const ports = new Map<AddressSlot, ProtocolPort[]>();
    for (const { address, protocol, port } of this.#told.get(name) ?? []) {
      const slot = this.#addresses.slotAt(address);
      let served = ports.get(slot);
      if (served === undefined) ports.set(slot, (served = []));
      if (protocol !== undefined && port !== undefined) served.push({ protocol, port });
    }
    const known = new Map<string, GroupPlace>();
    for (const place of new Set(before.values())) known.set(textOf(place.ports), place);
    const found = new Map<AddressSlot, GroupPlace>();
    for (const [slot, served] of ports) {
      const text = textOf(served);
      let place = known.get(text);
      if (place === undefined) known.set(text, (place = { id: this.#nextId++, name, ports: served }));
      found.set(slot, place);
    }
    return found;
  }
}

function textOf(ports: readonly ProtocolPort[]): string {
  const [first] = ports;
  if (first === undefined) return '';
  if (ports.length === 1) return `${first.protocol}/${first.port}`;
  return ports
    .map(({ protocol, port }) => `${protocol}/${port}`)
    .sort()
    .join();
}
