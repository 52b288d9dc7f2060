/**
 * Addresses that pods of other nodes have lost, until their connections with this node's pods are ended.
 *
 * A packet of an established connection is accepted before any policy is asked, so the next pod with
 * the address must not find connections of the one before. A cluster loses addresses all the time and
 * looking through the connections costs, so it is done at once, but at most once a second.
 */
import type { ReleasedAddress } from '@weir/calc';
import { type Address, formatAddress } from '@weir/net';

/** The shortest time between two looks, in milliseconds. */
const pauseMs = 1_000;

/** The addresses that are owed. */
export class StaleConnections {
  readonly #nowMs: () => number;
  readonly #addresses = new Map<string, Address>();
  #endedAtMs = Number.NEGATIVE_INFINITY;

  /** `nowMs` is a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(released: readonly ReleasedAddress[]): void {
    for (const { address } of released) this.#addresses.set(formatAddress(address), address);
  }

  /** Milliseconds until the next look is due; undefined when nothing is owed. */
  get dueInMs(): number | undefined {
    return this.#addresses.size === 0 ? undefined : Math.max(0, this.#endedAtMs + pauseMs - this.#nowMs());
  }

  /** Ends the connections of all that is owed now; what `end` fails with is thrown, and all stays owed. */
  async settle(end: (addresses: readonly Address[]) => Promise<void>): Promise<void> {
    const owed = [...this.#addresses];
    await end(owed.map(([, address]) => address));
    for (const [text] of owed) this.#addresses.delete(text);
    this.#endedAtMs = this.#nowMs();
  }
}
