/**
 * The addresses of the node's own endpoints: who has each now, and what a back end puts into the kernel
 * for it.
 *
 * An address that goes to another endpoint or to none is reported, so that its old connections can be
 * ended; one that goes straight to another owner has to be closed before it opens for that one, so that
 * no new connection of the old owner comes up between the end of its old ones and the new owner's rules.
 */
import { type Address, formatAddress } from '@weir/net';
import type { AddressClaims, Claim } from './address-claims.ts';

/** What changes of one address. */
export interface AddressChange<C> {
  readonly address: Address;
  /** Undefined: nobody had it, or nobody has it any more. */
  readonly before: C | undefined;
  readonly after: C | undefined;
  /** Whether it goes straight from one owner to another. */
  readonly isHandedOver: boolean;
}

/**
 * Addresses of which connections of before have to end: they lost their owner, or come to a pod that the
 * start gate announced and whose link was closed until now.
 */
export interface ReleasedAddress {
  readonly address: Address;
  /** Whether another endpoint has it already. */
  readonly hasNext: boolean;
}

/** Who has an address. */
export interface AddressOwner {
  readonly address: Address;
  readonly uid: string;
  readonly isAnnounced: boolean;
}

/** What {@link LocalAddresses.settle} found. */
export interface SettledAddresses<C> {
  readonly changes: readonly AddressChange<C>[];
  readonly released: readonly ReleasedAddress[];
}

/** What the kernel is told of an address of the endpoint. */
export type AddressEncoding<T extends Claim, C> = (address: Address, owner: T) => C;

interface Settled<C> {
  readonly address: Address;
  readonly uid: string;
  readonly content: C;
}

/** Owners and contents, as of the last {@link LocalAddresses.settle}. */
export class LocalAddresses<T extends Claim, C> {
  readonly #claims: AddressClaims<T>;
  readonly #encode: AddressEncoding<T, C>;
  readonly #settled = new Map<string, Settled<C>>();

  constructor(claims: AddressClaims<T>, encode: AddressEncoding<T, C>) {
    this.#claims = claims;
    this.#encode = encode;
  }

  /** Whether an endpoint has the address. */
  has(address: Address): boolean {
    return this.hasText(formatAddress(address));
  }

  /** The same, by the address's text. */
  hasText(text: string): boolean {
    return this.#settled.has(text);
  }

  /** Every address with what the kernel is told of it. */
  all(): Iterable<{ readonly address: Address; readonly content: C }> {
    return this.#settled.values();
  }

  /** Brings the addresses that were touched since the last call up to date. */
  settle(): SettledAddresses<C> {
    const changes: AddressChange<C>[] = [];
    const released: ReleasedAddress[] = [];
    for (const [text, address] of this.#claims.takeTouched()) {
      const before = this.#settled.get(text);
      const owner = this.#claims.ownerOf(text);
      const hasLeft = before !== undefined && before.uid !== owner?.endpoint.uid;
      const arrives = before === undefined && owner?.endpoint.interface !== undefined;
      const content = owner === undefined ? undefined : this.#encode(address, owner);
      const isHandedOver = hasLeft && owner !== undefined;
      changes.push({ address, before: before?.content, after: content, isHandedOver });
      if (hasLeft || arrives) released.push({ address, hasNext: owner !== undefined });
      if (owner === undefined || content === undefined) this.#settled.delete(text);
      else this.#settled.set(text, { address, uid: owner.endpoint.uid, content });
    }
    return { changes, released };
  }

  /** Owners by the texts of their addresses. */
  owners(): Map<string, AddressOwner> {
    return new Map(
      [...this.#settled].map(([text, { address, uid }]) => {
        const owner = this.#claims.get(uid);
        return [text, { address, uid, isAnnounced: owner?.endpoint.interface !== undefined }];
      }),
    );
  }
}
