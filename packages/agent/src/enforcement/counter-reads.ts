/** Reads of the kernel's counters that wait for their turn between transactions; who asks meanwhile shares one. */
import type { Dataplane } from '@weir/dataplane';
import type { PacketCounts } from './enforcement-state.ts';

interface Asker {
  readonly resolve: (counts: PacketCounts) => void;
  readonly reject: (error: unknown) => void;
}

/** Who waits for counters. */
export class CounterReads {
  #askers: Asker[] = [];

  get isAsked(): boolean {
    return this.#askers.length > 0;
  }

  /** Resolves with the next read; rejects as it does. */
  ask(): Promise<PacketCounts> {
    return new Promise((resolve, reject) => {
      this.#askers.push({ resolve, reject });
    });
  }

  /** Reads for everybody who has asked so far; never throws. */
  async read(dataplane: Dataplane): Promise<void> {
    const askers = this.#askers;
    this.#askers = [];
    try {
      const counts = { allowed: await dataplane.counters(), denied: await dataplane.denied() };
      for (const asker of askers) asker.resolve(counts);
    } catch (error) {
      for (const asker of askers) asker.reject(error);
    }
  }

  /** Tells who waits that there will be no read. */
  close(reason: Error): void {
    for (const asker of this.#askers.splice(0)) asker.reject(reason);
  }
}
