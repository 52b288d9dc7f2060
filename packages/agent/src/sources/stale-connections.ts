/**
 * Addresses that pods of other nodes have lost, until their connections with this node's pods are ended.
 *
 * A packet of an established connection is accepted before any policy is asked, so the next pod with
 * the address must not find connections of the one before. A cluster loses addresses all the time and
 * looking through the connections costs, so it is done at once, but not again before a pause that grows
 * with what the look took. The pause is shorter than an address rests.
 */
import type { ReleasedAddress } from '@weir/calc';
import { type Address, formatAddress } from '@weir/net';

/** The pause behind a look: so many times what it took, within these limits in milliseconds. */
const pauseFactor = 19;
const pauseMs = { least: 1_000, most: 5_000 } as const;

/** The addresses that are owed. */
export class StaleConnections {
  readonly #nowMs: () => number;
  readonly #addresses = new Map<string, Address>();
  #nextAtMs = Number.NEGATIVE_INFINITY;

  /** `nowMs` is a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(released: readonly ReleasedAddress[]): void {
    for (const { address } of released) this.#addresses.set(formatAddress(address), address);
  }

  /** Milliseconds until the next look is due; undefined when nothing is owed. */
  get dueInMs(): number | undefined {
    return this.#addresses.size === 0 ? undefined : Math.max(0, this.#nextAtMs - this.#nowMs());
  }

  /** Ends the connections of all that is owed now; what `end` fails with is thrown, and all stays owed. */
  async settle(end: (addresses: readonly Address[]) => Promise<void>): Promise<void> {
    const owed = [...this.#addresses];
    const beganAtMs = this.#nowMs();
    await end(owed.map(([, address]) => address));
    for (const [text] of owed) this.#addresses.delete(text);
    const endedAtMs = this.#nowMs();
    const pause = (endedAtMs - beganAtMs) * pauseFactor;
    this.#nextAtMs = endedAtMs + Math.min(Math.max(pause, pauseMs.least), pauseMs.most);
  }
}
