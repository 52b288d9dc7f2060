/**
 * The log of one run of a container as container runtimes write it (`TIME stdout F text`): bounded,
 * byte for byte what the program wrote, readable while it is written.
 *
 * A line is tagged `F`; a piece of a line that is not over yet, or never will be, is tagged `P`.
 */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The program's output of which a line is a part. */
export type LogStream = 'stdout' | 'stderr';

/** A file is replaced at this size; the one before it is kept. */
const fileLimitBytes = 5 * 1024 * 1024;
/** A line is written in pieces of this length, as containerd does. */
const pieceBytes = 16 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A log under construction. */
export class ContainerLog {
  readonly #path: string;
  readonly #partial: Record<LogStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #waiting = new Set<() => void>();
  #fd: number | undefined;
  #size = 0;
  #generation = 0;
  #version = 0;

  /** Replaces a log of an earlier run at `path`. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    rmSync(`${path}.old`, { force: true });
    this.#fd = openSync(path, 'a', 0o600);
  }

  /** Whether the container of this log still runs. */
  get open(): boolean {
    return this.#fd !== undefined;
  }

  /** How many files this log has filled: each one is a generation, and the last two are kept. */
  get generation(): number {
    return this.#generation;
  }

  /** Counts what has happened to the log; see {@link changedSince}. */
  get version(): number {
    return this.#version;
  }

  /** Where a generation is; undefined when it is kept no more. */
  pathOf(generation: number): string | undefined {
    if (generation === this.#generation) return this.#path;
    return generation === this.#generation - 1 ? `${this.#path}.old` : undefined;
  }

  /** Appends output; it becomes visible line by line. `at`: when it was written, if not now. */
  write(stream: LogStream, output: Buffer, at?: Date): void {
    if (this.#fd === undefined) return;
    const head = `${timeText(at)} ${stream} `;
    const records: Buffer[] = [];
    const record = (tag: 'F' | 'P', text: Buffer): void => void records.push(Buffer.from(`${head}${tag} `), text, Buffer.of(lineFeed));
    let rest = this.#partial[stream].length === 0 ? output : Buffer.concat([this.#partial[stream], output]);
    for (let end = rest.indexOf(lineFeed); end >= 0 || rest.length > pieceBytes; end = rest.indexOf(lineFeed)) {
      const whole = end >= 0 && end <= pieceBytes;
      const length = whole ? end : pieceBytes;
      record(whole ? 'F' : 'P', whole ? withoutReturn(rest.subarray(0, length)) : rest.subarray(0, length));
      rest = rest.subarray(whole ? length + 1 : length);
    }
    this.#partial[stream] = Buffer.from(rest);
    this.#append(records);
  }

  /** Writes out what has no line end, and ends the readers that follow. */
  close(): void {
    if (this.#fd === undefined) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#partial[stream];
      if (rest.length > 0) this.#append([Buffer.from(`${timeText()} ${stream} P `), rest, Buffer.of(lineFeed)]);
    }
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#wake();
  }

  /** Resolves when something was written after `version`, when the log has ended, or when the signal is aborted. */
  changedSince(version: number, signal: AbortSignal): Promise<void> {
    if (version !== this.#version || !this.open || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #append(records: readonly Buffer[]): void {
    if (this.#fd === undefined || records.length === 0) return;
    const bytes = Buffer.concat(records);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#size += bytes.length;
    if (this.#size > fileLimitBytes) this.#rotate(this.#fd);
    this.#wake();
  }

  #rotate(fd: number): void {
    closeSync(fd);
    renameSync(this.#path, `${this.#path}.old`);
    this.#fd = openSync(this.#path, 'a', 0o600);
    this.#size = 0;
    this.#generation += 1;
  }

  #wake(): void {
    this.#version += 1;
    for (const wake of this.#waiting) wake();
  }
}

/** A time with the nine digits of a Go timestamp. */
function timeText(at: Date = new Date()): string {
  return at.toISOString().replace('Z', '000000Z');
}

/** Terminals end lines with both; what a log shows is the line. */
function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}
