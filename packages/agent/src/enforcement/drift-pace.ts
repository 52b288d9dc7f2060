/**
 * How soon a change of somebody else is answered with a comparison: at once, unless repairs follow each
 * other. A program that keeps writing into the table is put right again and again, but not in a race.
 */

/** Until the next comparison after so many repairs in a row, in milliseconds; the last one for all that follow. */
const delaysMs = [0, 500, 1_000, 2_000, 4_000] as const;
/** Repairs with more time between them are not in a row. */
const quietMs = 60_000;

/** Paces comparisons; times are of one clock that never goes back. */
export class DriftPace {
  #repairs = 0;
  #lastRepairMs = Number.NEGATIVE_INFINITY;

  /** How long to wait with a comparison that somebody else's change asks for now. */
  delayMs(nowMs: number): number {
    if (nowMs - this.#lastRepairMs > quietMs) this.#repairs = 0;
    const delay = delaysMs[Math.min(this.#repairs, delaysMs.length - 1)] ?? 0;
    return Math.max(0, this.#lastRepairMs + delay - nowMs);
  }

  /** Something had to be repaired. */
  repaired(nowMs: number): void {
    if (nowMs - this.#lastRepairMs > quietMs) this.#repairs = 0;
    this.#repairs++;
    this.#lastRepairMs = nowMs;
  }

  /** Whether the last repair was long enough ago to say that it is over. */
  isQuiet(nowMs: number): boolean {
    return nowMs - this.#lastRepairMs > quietMs;
  }
}
