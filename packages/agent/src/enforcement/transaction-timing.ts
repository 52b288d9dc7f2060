/**
 * When what became part of a transaction arrived, was calculated and was in the kernel.
 *
 * Records go out on the diagnostics channel `weir:agent:transaction`; without a subscriber no clock is
 * read. Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
 */
import { channel } from 'node:diagnostics_channel';
import { hrtime } from 'node:process';
import type { EnforcementProgress } from './enforcement-state.ts';

/** One transaction, as the channel carries it. */
export interface TransactionTimes {
  /** The first of the changes in it was read from its watch. */
  readonly arrivedAt: number;
  /** The engine has been told of all of them, and its delta is being made. */
  readonly flushingAt: number;
  /** The delta goes to the data plane. */
  readonly flushedAt: number;
  /** The delta is in force. */
  readonly appliedAt: number;
  /** How many changes the engine was told of. */
  readonly changes: number;
}

const transactions = channel('weir:agent:transaction');

/** Times of the transaction under way and of what waits for the next one. */
export class TransactionTiming implements EnforcementProgress {
  #arrivedAt = 0;
  #changes = 0;
  #flushingAt = 0;
  #current: Omit<TransactionTimes, 'appliedAt'> | undefined;

  /** The engine is about to be told of a change. */
  arrived(): void {
    if (!transactions.hasSubscribers) return;
    if (this.#arrivedAt === 0) this.#arrivedAt = now();
    this.#changes++;
  }

  underWay(): void {
    if (transactions.hasSubscribers) this.#flushingAt = now();
  }

  calculated(): void {
    if (!transactions.hasSubscribers) return;
    // What the start gate tells the engine does not come from a watch.
    const arrivedAt = this.#arrivedAt === 0 ? this.#flushingAt : this.#arrivedAt;
    this.#current = { arrivedAt, flushingAt: this.#flushingAt, flushedAt: now(), changes: this.#changes };
    this.#arrivedAt = 0;
    this.#changes = 0;
  }

  inKernel(changed: boolean): void {
    const current = this.#current;
    this.#current = undefined;
    if (!changed || current === undefined) return;
    const times: TransactionTimes = { ...current, appliedAt: now() };
    transactions.publish(times);
  }
}

function now(): number {
  return Number(hrtime.bigint());
}
