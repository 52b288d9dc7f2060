/**
 * The flow log of one agent as it is written: the file's predecessor, the file, and what comes to it, also when the
 * agent begins the file anew or is started anew.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { type FlowLogCounts, type FlowLogLine, FlowLogReader } from '@weir/flows';

/** What is read at a time, in bytes. */
const chunkBytes = 256 * 1024;

/** Reads one file again and again. */
export class FlowFile {
  readonly path: string;
  readonly #reader: FlowLogReader;
  readonly #decoder = new StringDecoder('utf8');
  #fd: number | undefined;
  #begun = false;

  constructor(path: string, sinceMs?: number) {
    this.path = path;
    this.#reader = new FlowLogReader({ sinceMs });
  }

  get counts(): FlowLogCounts {
    return this.#reader.counts;
  }

  /** Whether there is a file; throws Node's file errors but for a missing one. */
  get isThere(): boolean {
    return this.#fd !== undefined || statSync(this.path, { throwIfNoEntry: false }) !== undefined;
  }

  /** The lines that have come since the last time. Throws Node's file errors. */
  take(): FlowLogLine[] {
    const lines: FlowLogLine[] = [];
    if (!this.#begun) {
      this.#begun = true;
      this.#fd = open(`${this.path}.1`);
      lines.push(...this.#readOn());
      this.close();
    }
    this.#fd ??= open(this.path);
    lines.push(...this.#readOn());
    if (this.#isReplaced()) {
      // Whoever replaced it writes no more to the one that is open: what came in between is still to be read.
      lines.push(...this.#readOn());
      this.close();
      this.#fd = open(this.path);
      lines.push(...this.#readOn());
    }
    return lines;
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #isReplaced(): boolean {
    if (this.#fd === undefined) return false;
    const now = statSync(this.path, { throwIfNoEntry: false });
    return now !== undefined && now.ino !== fstatSync(this.#fd).ino;
  }

  #readOn(): FlowLogLine[] {
    const lines: FlowLogLine[] = [];
    const chunk = Buffer.allocUnsafe(chunkBytes);
    while (this.#fd !== undefined) {
      const count = readSync(this.#fd, chunk, 0, chunk.length, null);
      if (count === 0) break;
      lines.push(...this.#reader.push(this.#decoder.write(chunk.subarray(0, count))));
    }
    return lines;
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
