/**
 * Addresses that rest before another pod may start with them.
 *
 * Agents of other nodes learn by their watches that an address went from one pod to another. Until they
 * have, they let the new pod through as the old one. So the gate holds the new pod back until the address
 * has been nobody else's for a while, as far as the API server tells.
 */
import type { ReleasedAddress } from '@weir/calc';
import { type Address, formatAddress } from '@weir/net';

/** Times of release, by address. Nothing is kept for longer than the rest. */
export class AddressRest {
  readonly #restMs: number;
  readonly #nowMs: () => number;
  /** In order of time. */
  readonly #released = new Map<string, ReleasedAddress & { readonly atMs: number }>();

  /** `nowMs` is a clock that never goes back. */
  constructor(restMs: number, nowMs: () => number = () => performance.now()) {
    this.#restMs = restMs;
    this.#nowMs = nowMs;
  }

  /** These addresses were others' until now. */
  release(released: readonly ReleasedAddress[]): void {
    const now = this.#nowMs();
    for (const { address, owner } of released) {
      const text = formatAddress(address);
      this.#released.delete(text);
      this.#released.set(text, { address, owner, atMs: now });
    }
    this.#forgetRested(now);
  }

  /** Every address that rests now, and whose it was. */
  resting(): readonly ReleasedAddress[] {
    this.#forgetRested(this.#nowMs());
    return [...this.#released.values()];
  }

  /** Milliseconds until the pod may start with the address; 0 when it may now. */
  remainingMs(address: Address, uid: string): number {
    const last = this.#released.get(formatAddress(address));
    return last === undefined || last.owner === uid ? 0 : Math.max(0, last.atMs + this.#restMs - this.#nowMs());
  }

  #forgetRested(nowMs: number): void {
    for (const [text, { atMs }] of this.#released) {
      if (nowMs - atMs < this.#restMs) return;
      this.#released.delete(text);
    }
  }
}
