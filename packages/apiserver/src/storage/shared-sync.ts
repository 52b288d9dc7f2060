/** Syncs for many who wait: at most one runs at a time, and all who ask meanwhile share the next. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Shares the runs of one function. */
export class SharedSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves when a run that began after this call has ended; rejects when that fails. */
  done(): Promise<void> {
    // One that runs may have begun before the last write. It begins a turn later: what the caller sends in this
    // turn goes out before a thread wakes to sync.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => nextTurn())
      .then(() => {
        this.#next = undefined;
        this.#running = this.#sync();
        return this.#running;
      });
    return this.#next;
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await this.#running.catch(() => undefined);
  }
}
