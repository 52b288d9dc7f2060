/**
 * Reads that several callers can share without any of them getting an answer from before it asked.
 *
 * One read for a key runs at a time. Who asks while it runs gets the next one, together with all
 * others who ask until that one begins: a hundred pods that start at once cost two reads.
 */

/** Reads by key. */
export class SharedReads {
  readonly #read: (key: string) => Promise<void>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  constructor(read: (key: string) => Promise<void>) {
    this.#read = read;
  }

  /** Resolves when a read that began at or after this call has ended; rejects as that read does. */
  read(key: string): Promise<void> {
    const next = this.#next.get(key);
    if (next !== undefined) return next;
    const running = this.#running.get(key);
    if (running === undefined) return this.#begin(key);
    const queued = this.#afterwards(key, running);
    this.#next.set(key, queued);
    return queued;
  }

  async #afterwards(key: string, running: Promise<void>): Promise<void> {
    // Its own callers are told of its failure.
    await running.catch(() => undefined);
    this.#next.delete(key);
    await this.#begin(key);
  }

  #begin(key: string): Promise<void> {
    const read = this.#read(key).finally(() => this.#running.delete(key));
    this.#running.set(key, read);
    return read;
  }
}
