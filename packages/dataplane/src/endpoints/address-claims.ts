/**
 * Which endpoint has an address now. During a handover two endpoints can claim one address; the latest
 * claim holds.
 */
import type { LocalEndpoint } from '@weir/calc';
import { type Address, formatAddress } from '@weir/net';

/** An endpoint and what a back end keeps of it. */
export interface Claim {
  readonly endpoint: Pick<LocalEndpoint, 'uid' | 'addresses' | 'interface'>;
}

interface Claimants {
  readonly address: Address;
  /** Uids, the latest last. */
  readonly uids: string[];
}

/** Endpoints by uid, claimants by address. */
export class AddressClaims<T extends Claim> {
  readonly #claims = new Map<string, T>();
  readonly #claimants = new Map<string, Claimants>();
  readonly #touched = new Map<string, Address>();

  get(uid: string): T | undefined {
    return this.#claims.get(uid);
  }

  /** Whether somebody claims the address. */
  hasAddress(text: string): boolean {
    return this.#claimants.has(text);
  }

  /** Who has the address, by its text. */
  ownerOf(text: string): T | undefined {
    const uid = this.#claimants.get(text)?.uids.at(-1);
    return uid === undefined ? undefined : this.#claims.get(uid);
  }

  /** Puts an endpoint in place of the one with its uid. */
  set(claim: T): void {
    const { uid, addresses } = claim.endpoint;
    const texts = new Set(addresses.map(formatAddress));
    for (const address of this.#claims.get(uid)?.endpoint.addresses ?? []) {
      if (!texts.has(formatAddress(address))) this.#unclaim(uid, address);
    }
    this.#claims.set(uid, claim);
    for (const address of addresses) {
      const text = formatAddress(address);
      this.#touched.set(text, address);
      const claimants = this.#claimants.get(text);
      if (claimants === undefined) this.#claimants.set(text, { address, uids: [uid] });
      else if (!claimants.uids.includes(uid)) claimants.uids.push(uid);
    }
  }

  delete(uid: string): void {
    for (const address of this.#claims.get(uid)?.endpoint.addresses ?? []) this.#unclaim(uid, address);
    this.#claims.delete(uid);
  }

  /** Every endpoint. */
  all(): Iterable<T> {
    return this.#claims.values();
  }

  /** Every claimed address with its owner. */
  *owned(): Iterable<{ readonly text: string; readonly address: Address; readonly owner: T }> {
    for (const [text, { address }] of this.#claimants) {
      const owner = this.ownerOf(text);
      if (owner !== undefined) yield { text, address, owner };
    }
  }

  /** The addresses that were claimed, claimed anew or given up since the last call, by their texts. */
  takeTouched(): Map<string, Address> {
    const touched = new Map(this.#touched);
    this.#touched.clear();
    return touched;
  }

  #unclaim(uid: string, address: Address): void {
    const text = formatAddress(address);
    this.#touched.set(text, address);
    const claimants = this.#claimants.get(text);
    if (claimants === undefined) return;
    const at = claimants.uids.indexOf(uid);
    if (at >= 0) claimants.uids.splice(at, 1);
    if (claimants.uids.length === 0) this.#claimants.delete(text);
  }
}
