/** The network namespace in which a back end was made: links to hooks are made in it, whenever that is. */
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { inNetns } from '@weir/kernel';

const current = '/proc/thread-self/ns/net';

/** Holds the namespace of the calling thread; {@link close} lets go of it. */
export class OwnNetns {
  readonly #fd = openSync(current, 'r');
  #isClosed = false;
  readonly #link = readlinkSync(current);

  /** The number of its file: no other has it while it lives. */
  get inode(): number {
    return Number(/\d+/.exec(this.#link)?.[0]);
  }

  /** Runs a synchronous section inside; needs no right when the thread is there already. */
  run<T>(section: () => T extends PromiseLike<unknown> ? never : T): T {
    return readlinkSync(current) === this.#link ? section() : inNetns(`/proc/self/fd/${this.#fd}`, section);
  }

  close(): void {
    // Only the first time: its number may be somebody else's by the second.
    if (!this.#isClosed) closeSync(this.#fd);
    this.#isClosed = true;
  }
}
