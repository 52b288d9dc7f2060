/**
 * One JSON file of what must outlive the process: written whole, synced and renamed into place, so that
 * a crash at any moment leaves the old or the new one.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '@weir/client';

/** What a file held. `absent`: there was none; `damaged`: it is there and cannot be read, `reason` says why. */
export type StateFileContent =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'read'; readonly value: unknown };

/** One file, mode 0600, in a directory with mode 0700. */
export class StateFile {
  readonly path: string;
  #text: string | undefined;

  /** Makes the directory; throws Node's file errors. */
  constructor(directory: string, name: string) {
    makeDirectory(directory, 0o700);
    this.path = join(directory, name);
  }

  /** Reads the file; never throws. */
  read(): StateFileContent {
    try {
      return { kind: 'read', value: JSON.parse(readFileSync(this.path, 'utf8')) as unknown };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
      return { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Writes the value unless it is what this process wrote last; throws Node's file errors, the old file stays then. */
  write(value: unknown): void {
    const text = JSON.stringify(value);
    if (text === this.#text) return;
    const temporary = `${this.path}.new`;
    try {
      const fd = openSync(temporary, 'w', 0o600);
      try {
        writeFileSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, this.path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    this.#text = text;
  }
}
