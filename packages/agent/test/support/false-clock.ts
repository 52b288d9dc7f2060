/** A wall clock that is put forward and back for one process, by libfaketime; its monotonic clock goes on as it is. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const library = (): string => {
  const found = readdirSync('/usr/lib').find((name) => name.endsWith('-linux-gnu'));
  return `/usr/lib/${found ?? ''}/faketime/libfaketime.so.1`;
};

/** The clock of the processes that are started with its environment. */
export class FalseClock {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, 'clock');
    this.put(0);
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Puts the clock so many hours from the true one. */
  put(hours: number): void {
    writeFileSync(this.#file, `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h\n`);
  }
}
