/** Writes a pod's status: one write at a time, always the newest; what changes during a write goes with the next. */

/** The writer of one pod. */
export class PodStatusWriter {
  readonly #write: () => Promise<unknown>;
  #writing: Promise<unknown> | undefined;
  #isDirty = false;
  #isClosed = false;

  /** `write` computes the status of this moment and sends it. */
  constructor(write: () => Promise<unknown>) {
    this.#write = write;
  }

  /** Something that the status says has changed. */
  changed(): void {
    this.#isDirty = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when everything that has changed until now is written. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Nothing more is written. */
  close(): void {
    this.#isClosed = true;
  }

  async #writeAll(): Promise<void> {
    while (this.#isDirty && !this.#isClosed) {
      // What changes at the same time goes together.
      await new Promise(setImmediate);
      this.#isDirty = false;
      await this.#write();
    }
  }
}
