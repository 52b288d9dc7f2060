/**
 * Addresses and who owns them.
 *
 * Two pods can claim one address for a while (a deletion not yet seen, a reuse). The owner is
 * decided from the claims alone, never from their order of arrival.
 */

import { type Address, defined, formatAddress } from '@weir/net';
import type { AddressSlot, Claimant, ClassEntry } from './entries.ts';

/** All claimed addresses. */
export class AddressTable {
  readonly #slots: Map<string, AddressSlot> = new Map();
  readonly dirty: Set<AddressSlot> = new Set();

  /** How many addresses are claimed or emitted. */
  get size(): number {
    return this.#slots.size;
  }

  /** Claims the addresses (repeated ones once) and gives their slots. */
  claim(claimant: Claimant, addresses: readonly Address[]): AddressSlot[] {
    const slots: AddressSlot[] = [];
    for (const address of addresses) {
      const text = formatAddress(address);
      let slot = this.#slots.get(text);
      if (slot === undefined) this.#slots.set(text, (slot = { address, text, claims: [], emitted: undefined, owner: undefined }));
      if (slots.includes(slot)) continue;
      slot.claims.push(claimant);
      slots.push(slot);
      this.dirty.add(slot);
    }
    return slots;
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
    return this.#slots.get(formatAddress(address))?.emitted;
  }

  /** Who owns the address now. */
  ownerAt(address: Address): Claimant | undefined {
    const slot = this.#slots.get(formatAddress(address));
    return slot === undefined ? undefined : ownerOf(slot);
  }

  /** The addresses that have been emitted, with their classes. */
  *emitted(): Iterable<{ readonly address: Address; readonly of: ClassEntry }> {
    for (const { address, emitted } of this.#slots.values()) if (emitted !== undefined) yield { address, of: emitted };
  }

  /** Forgets a slot that is neither claimed nor emitted. */
  dropUnused(slot: AddressSlot): void {
    if (slot.claims.length === 0 && slot.emitted === undefined) this.#slots.delete(slot.text);
  }
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
