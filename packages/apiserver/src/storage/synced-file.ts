/** A file whose changes, made by somebody else through the page cache, have to be on the disk at some moments. */
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Syncs one file; at most one sync runs at a time, and all who wait share the next. */
export class SyncedFile {
  readonly #handle: Promise<FileHandle>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** The file must be there. */
  constructor(path: string) {
    this.#handle = open(path, 'r');
    // Whoever waits for a sync is told.
    this.#handle.catch(() => undefined);
  }

  /** Resolves when everything that was written to the file before this call is on the disk; rejects when the disk refuses. */
  synced(): Promise<void> {
    // One that runs may have begun before the last write. It begins a turn later: what the caller sends in this
    // turn goes out before a thread wakes to sync.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => nextTurn())
      .then(() => {
        this.#next = undefined;
        this.#running = this.#handle.then((handle) => handle.datasync());
        return this.#running;
      });
    return this.#next;
  }

  /** Lets a sync that runs end, and closes the file. */
  async close(): Promise<void> {
    await this.#running.catch(() => undefined);
    await (await this.#handle).close();
  }
}
