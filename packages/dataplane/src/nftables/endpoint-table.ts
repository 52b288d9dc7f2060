/**
 * The node's own pods: which endpoint has an address now, and the elements that say so.
 *
 * During a handover two endpoints can claim one address; the latest claim holds. An address that
 * goes to another endpoint or to none is reported, so that its old connections can be ended.
 */
import type { LocalEndpoint } from '@weir/calc';
import { type Address, addressToBytes, formatAddress, shortHash } from '@weir/net';
import { AddressClaims } from '../connections/address-claims.ts';
import { linkKey, numberValue, type PlacedElement, pairKey } from './element.ts';
import { addDifference, type ElementChanges } from './element-changes.ts';
import { familySets } from './sets.ts';

/** Program numbers in force for an endpoint; undefined: not isolated in that direction. */
export interface EndpointPrograms {
  readonly ingress: number | undefined;
  readonly egress: number | undefined;
}

interface ProgrammedEndpoint {
  readonly endpoint: LocalEndpoint;
  readonly programs: EndpointPrograms;
}

interface LocalAddress {
  readonly address: Address;
  readonly owner: string | undefined;
  readonly elements: readonly PlacedElement[];
}

/**
 * Addresses of which connections of before have to end: they lost their owner, or come to a pod that the
 * start gate announced and whose link was closed until now. `next` is the new owner's uid, if there is one already.
 */
export interface ReleasedAddress {
  readonly address: Address;
  readonly next: string | undefined;
}

/** Who has an address. */
export interface AddressOwner {
  readonly address: Address;
  /** Of the address's `local` element, by which a later process knows the owner. */
  readonly comment: string;
  /** Whether the start gate announced the owner with its link. */
  readonly isAnnounced: boolean;
}

/** Claims of endpoints and the elements of the addresses. */
export class EndpointTable {
  readonly #claims = new AddressClaims<ProgrammedEndpoint>();
  readonly #addresses = new Map<string, LocalAddress>();
  readonly #closedProgram: number;

  constructor(closedProgram: number) {
    this.#closedProgram = closedProgram;
  }

  has(uid: string): boolean {
    return this.#claims.get(uid) !== undefined;
  }

  /** Whether an endpoint has the address. */
  hasAddress(address: Address): boolean {
    return this.#addresses.has(formatAddress(address));
  }

  /** Puts an endpoint in place of the one with its uid; {@link settle} makes the elements. */
  set(endpoint: LocalEndpoint, programs: EndpointPrograms): void {
    this.#claims.set({ endpoint, programs });
  }

  delete(uid: string): void {
    this.#claims.delete(uid);
  }

  /**
   * Makes the elements of all addresses that were touched since the last call. An address that
   * goes straight to another owner is closed first (`handover`), so that no new connection of the
   * old owner comes up between the end of its old ones and the new owner's rules.
   */
  settle(changes: ElementChanges, handover: ElementChanges): ReleasedAddress[] {
    const released: ReleasedAddress[] = [];
    for (const [text, address] of this.#claims.takeTouched()) {
      const before = this.#addresses.get(text);
      const claim = this.#claims.ownerOf(text);
      const owner = claim?.endpoint.uid;
      const elements = claim === undefined ? [] : elementsOfAddress(address, claim);
      const leavesOwner = before?.owner !== undefined && before.owner !== owner;
      let inForce = before?.elements ?? [];
      if (before !== undefined && leavesOwner && owner !== undefined) {
        const closed = closedElements(before, this.#closedProgram);
        addDifference(handover, inForce, closed);
        inForce = closed;
      }
      addDifference(changes, inForce, elements);
      const arrives = before === undefined && claim?.endpoint.interface !== undefined;
      if (leavesOwner || arrives) released.push({ address, next: owner });
      if (owner === undefined) this.#addresses.delete(text);
      else this.#addresses.set(text, { address, owner, elements });
    }
    return released;
  }

  *elements(): Iterable<PlacedElement> {
    for (const { elements } of this.#addresses.values()) yield* elements;
  }

  /** Who has which address, by the address's text. */
  owners(): Map<string, AddressOwner> {
    return new Map(
      [...this.#addresses].map(([text, { address, owner = '' }]) => {
        const isAnnounced = this.#claims.get(owner)?.endpoint.interface !== undefined;
        return [text, { address, comment: ownerComment(owner), isAnnounced }];
      }),
    );
  }
}

/** The uid, or a hash of one that is longer than a comment can be. */
function ownerComment(uid: string): string {
  return /^[\x21-\x7e]{1,100}$/.test(uid) ? uid : `hash:${shortHash(uid)}`;
}

/** The address's elements with nothing allowed in either direction, not even to itself. */
function closedElements(before: LocalAddress, closedProgram: number): PlacedElement[] {
  const sets = familySets(before.address.family);
  const element = { key: addressToBytes(before.address), data: numberValue(closedProgram) };
  return [
    ...before.elements.filter(({ set }) => set === sets.local || set === sets.link || set === sets.unlinked),
    { set: sets.egress, element },
    { set: sets.ingress, element },
  ];
}

function elementsOfAddress(address: Address, { endpoint, programs }: ProgrammedEndpoint): PlacedElement[] {
  const sets = familySets(address.family);
  const key = addressToBytes(address);
  const elements: PlacedElement[] = [{ set: sets.local, element: { key, comment: ownerComment(endpoint.uid) } }];
  if (endpoint.interface === undefined) elements.push({ set: sets.unlinked, element: { key } });
  else elements.push({ set: sets.link, element: { key: linkKey(endpoint.interface, address) } });
  if (programs.egress !== undefined) elements.push({ set: sets.egress, element: { key, data: numberValue(programs.egress) } });
  if (programs.ingress !== undefined) elements.push({ set: sets.ingress, element: { key, data: numberValue(programs.ingress) } });
  if (programs.egress === undefined && programs.ingress === undefined) return elements;
  for (const own of endpoint.addresses) {
    if (own.family === address.family) elements.push({ set: sets.self, element: { key: pairKey(address, own) } });
  }
  return elements;
}
