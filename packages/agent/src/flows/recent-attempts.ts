/**
 * Denied attempts that were told lately: a packet that is sent again is no new connection. Bounded, and
 * forgotten after a while, so that an attempt that goes on is told again.
 */

/** How long an attempt is remembered after it was told, in milliseconds, and how many are. */
const rememberedMs = 60_000;
const attemptsMax = 10_000;

/** Attempts by their key, the oldest first. */
export class RecentAttempts {
  readonly #toldAtMs = new Map<string, number>();

  /** Whether the attempt has to be told; it counts as told then. */
  isNew(key: string, nowMs: number): boolean {
    const toldAtMs = this.#toldAtMs.get(key);
    if (toldAtMs !== undefined && nowMs - toldAtMs < rememberedMs) return false;
    this.#toldAtMs.delete(key);
    this.#toldAtMs.set(key, nowMs);
    for (const [oldest, atMs] of this.#toldAtMs) {
      if (this.#toldAtMs.size <= attemptsMax && nowMs - atMs < rememberedMs) break;
      this.#toldAtMs.delete(oldest);
    }
    return true;
  }
}
