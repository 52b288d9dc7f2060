/**
 * Addresses and who owns them.
 *
 * Two pods can claim one address for a while (a deletion not yet seen, a reuse). The owner is
 * decided from the claims alone, never from their order of arrival.
 */

import { type Address, compareAddresses, defined, formatAddress, TightMap } from '@weir/net';
import type { AddressSlot, Claimant, ClassEntry } from '../entries.ts';

/** All claimed addresses. */
export class AddressTable {
  readonly #slots: Map<number | string, AddressSlot> = new TightMap();
  readonly dirty: Set<AddressSlot> = new Set();

  /** How many addresses are claimed or emitted. */
  get size(): number {
    return this.#slots.size;
  }

  /** Claims the addresses (repeated ones once) and gives their slots. */
  claim(claimant: Claimant, addresses: readonly Address[]): AddressSlot[] {
    // A literal has the room that it needs; nearly every pod has one address, and nearly every address one pod.
    const [first] = addresses;
    const slots = first === undefined ? [] : [this.#claimOne(claimant, first)];
    for (const address of addresses.slice(1)) {
      if (slots.some((slot) => compareAddresses(slot.address, address) === 0)) continue;
      slots.push(this.#claimOne(claimant, address));
    }
    return slots;
  }

  /** The address's slot; who makes one must see to it that it is dirty at the next flush, which drops those that nobody needs. */
  slotAt(address: Address): AddressSlot {
    const key = keyOf(address);
    let slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, (slot = { address, claims: [], emitted: undefined, owner: undefined }));
    return slot;
  }

  #claimOne(claimant: Claimant, address: Address): AddressSlot {
    const key = keyOf(address);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { address, claims: [claimant], emitted: undefined, owner: undefined };
      this.#slots.set(key, slot);
    } else {
      slot.claims.push(claimant);
    }
    this.dirty.add(slot);
    return slot;
  }

  /** Takes back claims. */
  release(claimant: Claimant, slots: readonly AddressSlot[]): void {
    for (const slot of slots) {
      const at = slot.claims.indexOf(claimant);
      defined(slot.claims[at], 'an address is released that was not claimed');
      slot.claims.splice(at, 1);
      this.dirty.add(slot);
    }
  }

  /** The class that the address has in the emitted state. */
  emittedAt(address: Address): ClassEntry | undefined {
    return this.#slots.get(keyOf(address))?.emitted;
  }

  /** Who owns the address now. */
  ownerAt(address: Address): Claimant | undefined {
    const slot = this.#slots.get(keyOf(address));
    return slot === undefined ? undefined : ownerOf(slot);
  }

  /** The addresses that have been emitted, with their classes. */
  *emitted(): Iterable<{ readonly address: Address; readonly of: ClassEntry }> {
    for (const { address, emitted } of this.#slots.values()) if (emitted !== undefined) yield { address, of: emitted };
  }

  /** Forgets a slot that is neither claimed nor emitted. */
  dropUnused(slot: AddressSlot): void {
    if (slot.claims.length === 0 && slot.emitted === undefined) this.#slots.delete(keyOf(slot.address));
  }
}

/** IPv4 addresses are their number: most addresses are of that family, and text costs more. */
function keyOf(address: Address): number | string {
  return address.family === 4 ? (address.words[0] ?? 0) : formatAddress(address);
}

/**
 * The owner of an address: an attached endpoint before others (the node knows best whom it gave the
 * address to), one whose pod is known before one whose is not, one that is not being deleted, the
 * youngest pod, the greatest uid.
 */
export function ownerOf(slot: AddressSlot): Claimant | undefined {
  let owner = slot.claims[0];
  for (const claimant of slot.claims) {
    if (owner !== undefined && claimant !== owner && compareClaims(claimant, owner) > 0) owner = claimant;
  }
  return owner;
}

function compareClaims(a: Claimant, b: Claimant): number {
  const attached = Number(isAttached(a)) - Number(isAttached(b));
  if (attached !== 0) return attached;
  if (a.kind === 'pod' && b.kind === 'pod') {
    if (a.precedence !== b.precedence) return a.precedence - b.precedence;
  } else if (a.kind !== b.kind) {
    return a.kind === 'pod' ? 1 : -1;
  }
  return a.uid < b.uid ? -1 : 1;
}

function isAttached(claimant: Claimant): boolean {
  return claimant.kind === 'orphan' || claimant.attachment !== undefined;
}
