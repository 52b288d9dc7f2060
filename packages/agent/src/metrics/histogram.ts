/** Counts of observations by size, in buckets that are fixed when it is made. */
import type { HistogramSample } from './metric-family.ts';

/** Seconds from a millisecond to a minute: what a change may take on its way into the kernel. */
export const latencyBounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** One distribution. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One for each bound, and one for what is above the last. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds` ascend. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** Everything observed so far. */
  sample(): HistogramSample {
    let count = 0;
    const buckets = this.#bounds.map((atMost, bucket) => {
      count += this.#counts[bucket] ?? 0;
      return { atMost, count };
    });
    return { buckets, sum: this.#sum, count: count + (this.#counts.at(-1) ?? 0) };
  }
}
