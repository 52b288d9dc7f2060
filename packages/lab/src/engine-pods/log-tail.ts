/** The lines that come to a log file, for a reader that comes now and then. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const lineFeed = 0x0a;
/** What is read at a time, in bytes. */
const chunkBytes = 256 * 1024;

/** A place in a log that another process writes. */
export class LogTail {
  readonly #path: string;
  #position: number;
  /** The beginning of a line whose end is still to come. */
  #rest: Buffer = Buffer.alloc(0);

  /** Begins at this byte of the file. */
  constructor(path: string, position: number) {
    this.#path = path;
    this.#position = position;
  }

  /** Hands out the whole lines that have come, without their ends; what lies at or behind `end` is another reader's. */
  read(onLine: (line: string) => void, end: number = Number.POSITIVE_INFINITY): void {
    if (statSync(this.#path, { throwIfNoEntry: false })?.size === this.#position) return;
    let fd: number;
    try {
      fd = openSync(this.#path, 'r');
    } catch {
      return; // There is no log yet, or none any more.
    }
    try {
      const { size } = fstatSync(fd);
      if (size < this.#position) this.#restart();
      for (let left = Math.min(size, end) - this.#position; left > 0; left = Math.min(size, end) - this.#position) {
        const chunk = Buffer.alloc(Math.min(left, chunkBytes));
        const count = readSync(fd, chunk, 0, chunk.length, this.#position);
        if (count === 0) return;
        this.#position += count;
        this.#take(chunk.subarray(0, count), onLine);
      }
    } finally {
      closeSync(fd);
    }
  }

  /** The file was emptied because it had become too long: what is in it now has come since. */
  #restart(): void {
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
  }

  #take(chunk: Buffer, onLine: (line: string) => void): void {
    let text = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let at = text.indexOf(lineFeed); at >= 0; at = text.indexOf(lineFeed)) {
      onLine(text.toString('utf8', 0, at));
      text = text.subarray(at + 1);
    }
    // A line without an end is given out in pieces rather than kept for ever.
    if (text.length > chunkBytes) {
      onLine(text.toString('utf8'));
      text = Buffer.alloc(0);
    }
    this.#rest = Buffer.from(text);
  }
}
