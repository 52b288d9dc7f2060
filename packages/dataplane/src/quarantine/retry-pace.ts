/** When what the kernel refused is tried again: soon at first, then less and less often. */

/** Milliseconds between two tries, step by step up to the last. */
const pausesMs = [1_000, 2_000, 5_000, 15_000, 60_000] as const;

/** Times on a clock that never goes back. */
export class RetryPace {
  #refusals = 0;
  #nextAtMs = 0;

  /** Something was refused, at first or again. What comes before a try is due does not put the try off. */
  refused(nowMs: number): void {
    if (nowMs < this.#nextAtMs) return;
    this.#nextAtMs = nowMs + (pausesMs[Math.min(this.#refusals, pausesMs.length - 1)] ?? 0);
    this.#refusals++;
  }

  /** Nothing is refused any more. */
  accepted(): void {
    this.#refusals = 0;
    this.#nextAtMs = 0;
  }

  /** Milliseconds until the next try is due; 0 when it is. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.#nextAtMs - nowMs);
  }
}
