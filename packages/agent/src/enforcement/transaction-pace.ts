/**
 * How fast transactions follow each other.
 *
 * A change goes to the kernel at once, and so do the ones behind it, up to a number. Only a stream
 * that does not end is paced: then what comes within one step shares a transaction, so that a storm of
 * events costs a bounded number of transactions and none of them has to wait long.
 */

/** Transactions that may follow each other without a pause after a quiet time. */
export const transactionsAhead = 20;
/** One more transaction is allowed after each step, in milliseconds. */
export const transactionStepMs = 10;

/** In any stretch of t milliseconds at most `transactionsAhead + t / transactionStepMs` transactions begin. */
export class TransactionPace {
  /** When everything that was begun would have been paid for, at one a step. */
  #paidAtMs = Number.NEGATIVE_INFINITY;

  /** How long the next transaction has to wait, in milliseconds; 0 when it may begin. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#paidAtMs - (transactionsAhead - 1) * transactionStepMs - nowMs);
  }

  /** A transaction begins. */
  begin(nowMs: number): void {
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + transactionStepMs;
  }
}
