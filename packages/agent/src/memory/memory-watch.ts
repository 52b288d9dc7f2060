/**
 * Compares the process's memory with its limit.
 *
 *   good ── 85 % of the limit, also after a collection of garbage ──▶ near ── the limit ──▶ full
 *
 * Garbage that was not collected yet is no reason for alarm, so it is collected before memory counts
 * as short; that takes a moment, so not in every look.
 */

/** How memory stands to its limit. */
export type MemoryState = 'good' | 'near' | 'full';

/** What is watched. */
export interface MemoryWatchOptions {
  readonly limitBytes: number;
  /** Resident memory now, in bytes. */
  readonly residentBytes: () => number;
  /** Collects all garbage. */
  readonly collectGarbage: () => void;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
}

const nearShare = 0.85;
/** Below this share what was near is good again. */
const goodShare = 0.8;
/** Time between two collections while memory is only near its limit, in milliseconds. */
const collectionIntervalMs = 30_000;

/** One limit. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #state: MemoryState = 'good';
  #collectedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  get state(): MemoryState {
    return this.#state;
  }

  /** Looks now; full is for good. */
  check(): MemoryState {
    if (this.#state === 'full') return 'full';
    const { limitBytes, residentBytes, nowMs } = this.#options;
    let used = residentBytes() / limitBytes;
    const isDue = nowMs() - this.#collectedAtMs >= collectionIntervalMs;
    if (used >= 1 || (used >= nearShare && isDue)) {
      this.#options.collectGarbage();
      this.#collectedAtMs = nowMs();
      used = residentBytes() / limitBytes;
    }
    if (used >= 1) this.#state = 'full';
    else if (used >= nearShare) this.#state = 'near';
    else if (used < goodShare) this.#state = 'good';
    return this.#state;
  }
}
