/** How long a container that ended waits for its next start: not at all, then twice as long each time. */

/** The bounds of the delays. */
export interface RestartDelayBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Those of a kubelet. */
export const usualRestartDelays: RestartDelayBounds = { firstMs: 10_000, longestMs: 300_000 };

/** The delays of one container. */
export class RestartDelays {
  readonly #bounds: RestartDelayBounds;
  #nextMs = 0;

  constructor(bounds: RestartDelayBounds) {
    this.#bounds = bounds;
  }

  /** The delay after a run of this length; a run twice as long as the longest delay was a healthy one and begins anew. */
  after(runMs: number): number {
    const { firstMs, longestMs } = this.#bounds;
    if (runMs > 2 * longestMs) this.#nextMs = 0;
    const delay = this.#nextMs;
    this.#nextMs = delay === 0 ? firstMs : Math.min(2 * delay, longestMs);
    return delay;
  }
}
