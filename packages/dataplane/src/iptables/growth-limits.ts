/**
 * What sets gained since the kernel last took everything, and what is kept out of sets that the kernel
 * lets grow no further. By the key of the expression that a set answers.
 */
import { type Address, formatAddress } from '@weir/net';

type Addresses = Map<string, Address>;

/** An expression with a limit gains nobody; it loses as ever. */
export class GrowthLimits {
  readonly #gained = new Map<string, Addresses>();
  readonly #heldBack = new Map<string, Addresses>();

  /** Whether somebody was to be let in since the kernel last took everything. */
  hasGained(key: string): boolean {
    return (this.#gained.get(key)?.size ?? 0) > 0;
  }

  get isEmpty(): boolean {
    return this.#heldBack.size === 0;
  }

  isLimited(key: string): boolean {
    return this.#heldBack.has(key);
  }

  isHeldBack(key: string, text: string): boolean {
    return this.#heldBack.get(key)?.has(text) === true;
  }

  /** The addresses that are kept out of an expression's sets. */
  heldBack(key: string): Iterable<Address> {
    return this.#heldBack.get(key)?.values() ?? [];
  }

  /** An address is to be let in: kept out where there is a limit. */
  gain(key: string, address: Address): void {
    const heldBack = this.#heldBack.get(key);
    if (heldBack === undefined) addressesOf(this.#gained, key).set(formatAddress(address), address);
    else heldBack.set(formatAddress(address), address);
  }

  /** An address is to be let in no more. */
  lose(key: string, text: string): void {
    this.#gained.get(key)?.delete(text);
    this.#heldBack.get(key)?.delete(text);
  }

  /** Keeps out what was gained since the kernel last took everything; false when that is nothing. */
  limit(key: string): boolean {
    if (!this.hasGained(key)) return false;
    const heldBack = addressesOf(this.#heldBack, key);
    for (const [text, address] of this.#gained.get(key) ?? []) heldBack.set(text, address);
    this.#gained.delete(key);
    return true;
  }

  /** Lifts all limits, to try again. */
  lift(): void {
    for (const [key, addresses] of this.#heldBack) {
      const gained = addressesOf(this.#gained, key);
      for (const [text, address] of addresses) gained.set(text, address);
    }
    this.#heldBack.clear();
  }

  /** The kernel holds everything that is asked; limits of what nobody asks any more are forgotten. */
  confirm(isAsked: (key: string) => boolean): void {
    this.#gained.clear();
    for (const key of this.#heldBack.keys()) if (!isAsked(key)) this.#heldBack.delete(key);
  }
}

function addressesOf(map: Map<string, Addresses>, key: string): Addresses {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: Addresses = new Map();
  map.set(key, made);
  return made;
}
