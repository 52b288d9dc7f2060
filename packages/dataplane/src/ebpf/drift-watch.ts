/**
 * Looks again and again for what others did to links, pins, maps and the conntrack rule: the kernel tells
 * nobody of it. What is lost as a whole is found within a quarter of a second, elements by a comparison
 * that takes a bounded share of a processor.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ComparedState, compareMaps, pieceMs } from './comparison.ts';

/** How often is looked whether a program was detached, a pin is gone or the conntrack rule changed. */
const watchMs = 250;
/** From the end of a comparison of all maps to the next one. */
const betweenComparisonsMs = 2_000;
/** Milliseconds of rest between two pieces: a comparison takes a fifth of a processor, and a tenth when the one before was so much work. */
const quickRestMs = 4 * pieceMs;
const slowRestMs = 9 * pieceMs;
const quickWorkMs = 300;

/** What is looked at; everything is asked anew each time. */
export interface WatchedState {
  /** The maps and what they shall hold; undefined while that is not certain. */
  readonly compared: () => ComparedState | undefined;
  /** Whether something that judges is not in its place. */
  readonly hasLost: () => boolean;
  /** Waits for a change that is half in force. */
  readonly settled: () => Promise<void>;
  readonly onChange: () => void;
}

/** Looks until it is closed, without keeping the process alive. */
export class DriftWatch {
  readonly #watched: WatchedState;
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(watched: WatchedState) {
    this.#watched = watched;
    this.#timer = setInterval(() => {
      if (watched.hasLost()) watched.onChange();
    }, watchMs);
    this.#timer.unref();
    void this.#compareAgainAndAgain();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  async #compareAgainAndAgain(): Promise<void> {
    const { compared, settled, onChange } = this.#watched;
    let restMs = quickRestMs;
    while (!this.#isClosed) {
      await pause(betweenComparisonsMs, undefined, { ref: false });
      const before = compared();
      if (before === undefined) continue;
      const isOver = (): boolean => this.#isClosed || compared()?.object !== before.object;
      const startedAt = performance.now();
      const differs = await compareMaps(before, { restMs, settled, isOver }).then(
        (found) => found !== undefined && found.length > 0,
        // What cannot be read: whoever looks next says why.
        () => true,
      );
      if (differs && !isOver()) onChange();
      const workMs = ((performance.now() - startedAt) * pieceMs) / (pieceMs + restMs);
      restMs = workMs > quickWorkMs ? slowRestMs : quickRestMs;
    }
  }
}
