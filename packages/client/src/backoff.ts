/** Waiting times between tries: doubling, capped, with jitter so that many clients do not come back together. */

/** Limits of a {@link Backoff}, in milliseconds. */
export interface BackoffOptions {
  /** First delay. Default 100. */
  readonly initialMs?: number;
  /** Longest delay. Default 10 000. */
  readonly maximumMs?: number;
}

/** Gives the next delay; `reset` after a success. */
export class Backoff {
  readonly #initialMs: number;
  readonly #maximumMs: number;
  #nextMs: number;

  constructor(options: BackoffOptions = {}) {
    this.#initialMs = options.initialMs ?? 100;
    this.#maximumMs = options.maximumMs ?? 10_000;
    this.#nextMs = this.#initialMs;
  }

  /** The delay before the next try: between half and the whole of the current step; the step doubles up to the cap. */
  next(): number {
    const stepMs = this.#nextMs;
    this.#nextMs = Math.min(stepMs * 2, this.#maximumMs);
    return stepMs * (0.5 + Math.random() / 2);
  }

  /** Starts again from the first delay. */
  reset(): void {
    this.#nextMs = this.#initialMs;
  }
}
