/**
 * The audit log as files: lines that came in one turn of the event loop go out in one write, into a file of mode 0600
 * that is bounded; `FILE.1` is the one before, and so on. A line is with the kernel before the turn ends: it outlives
 * the process, and nothing waits in memory.
 *
 * A log that cannot be written does not stop the server: what is lost is counted and told.
 */
import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Where to write, and how much is kept. */
export interface AuditLogOptions {
  readonly path: string;
  /** A file is not longer, in bytes, unless one turn brings more. Default: 16 MiB. */
  readonly fileBytes?: number;
  /** How many files there are, the one that is written included. Default: 4. */
  readonly files?: number;
  /** Told when lines begin to be lost, with the reason, and how many there were when writing goes on. */
  onTrouble(message: string): void;
}

const usualFileBytes = 16 * 1024 * 1024;
const usualFiles = 4;

/** An open log. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  #fd: number | undefined;
  #bytes = 0;
  #lines: string[] = [];
  #lost = 0;
  #isTold = false;
  #isClosed = false;
  /** The file ends in the middle of a line. */
  #isTorn = false;

  /** Opens the file, or tells of the trouble and tries again with the next line. */
  constructor(options: AuditLogOptions) {
    this.#options = options;
    try {
      this.#open();
    } catch (error) {
      this.#lose(0, error);
    }
  }

  /** Lines that could not be written since the last time that writing worked. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes one event, without its line end. */
  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#lines.push(line) === 1) setImmediate(() => this.#flush());
  }

  /** Writes what is left and closes the file. */
  close(): void {
    this.#flush();
    this.#isClosed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #flush(): void {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    try {
      const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${lines.join('\n')}\n`);
      if (this.#bytes > 0 && this.#bytes + bytes.length > (this.#options.fileBytes ?? usualFileBytes)) this.#rotate();
      this.#put(this.#fd ?? this.#open(), bytes);
      if (this.#isTold) this.#options.onTrouble(`the audit log is written again; ${this.#lost} events are not in it`);
      this.#isTold = false;
      this.#lost = 0;
    } catch (error) {
      this.#lose(lines.length, error);
    }
  }

  #put(fd: number, bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      this.#isTorn = false;
    } catch (error) {
      if (written > 0) this.#isTorn = bytes[written - 1] !== newline;
      throw error;
    } finally {
      this.#bytes += written;
    }
  }

  #open(): number {
    // Never through a link: what it leads to would be written to, and closed to everybody else.
    const fd = openSync(this.#options.path, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    fchmodSync(fd, 0o600);
    this.#bytes = fstatSync(fd).size;
    this.#fd = fd;
    return fd;
  }

  #rotate(): void {
    const { path, files = usualFiles } = this.#options;
    for (let i = files - 1; i > 0; i--) renameIfPresent(i === 1 ? path : `${path}.${i - 1}`, `${path}.${i}`);
    const old = this.#fd;
    this.#fd = undefined;
    if (old !== undefined) closeSync(old);
    this.#open();
  }

  #lose(count: number, error: unknown): void {
    if (!this.#isTold) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.onTrouble(`the audit log cannot be written, and requests are answered all the same: ${why}`);
    }
    this.#isTold = true;
    this.#lost += count;
  }
}

const newline = 0x0a;

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
