/**
 * The log of one run of a container: lines with time and stream in a file, as container runtimes
 * write them (`TIME stdout F text`), bounded, readable while it is written.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** What of a log is wanted (query of `GET /containerLogs`). */
export interface LogSelection {
  readonly tailLines?: number;
  /** Only lines since this moment, in milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
  readonly timestamps: boolean;
}

/** A file is replaced at this size; the one before it is kept. */
const fileLimitBytes = 5 * 1024 * 1024;
/** A line without an end is written out at this length. */
const lineLimit = 16 * 1024;

/** A log under construction. */
export class ContainerLog {
  readonly #path: string;
  readonly #followers = new Set<(line: string) => void>();
  readonly #endings = new Set<() => void>();
  readonly #partial = { stdout: '', stderr: '' };
  #fd: number | undefined;
  #size = 0;

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

  /** Appends output; it becomes visible line by line. */
  write(stream: 'stdout' | 'stderr', text: string): void {
    const lines = (this.#partial[stream] + text).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) this.#line(stream, line);
    if (rest.length > lineLimit) this.#line(stream, rest);
    this.#partial[stream] = rest.length > lineLimit ? '' : rest;
  }

  /** Writes out what has no line end yet, tells the followers and closes the file. */
  close(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream] !== '') this.#line(stream, this.#partial[stream]);
      this.#partial[stream] = '';
    }
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    for (const ended of this.#endings) ended();
    this.#endings.clear();
    this.#followers.clear();
  }

  /** The selected part so far. */
  read(selection: LogSelection): string {
    return readLog(this.#path, selection);
  }

  /** Calls back with every later line, then once at the end. Returns what stops it. */
  follow(selection: LogSelection, onText: (text: string) => void, onEnd: () => void): () => void {
    const follower = (line: string): void => onText(render(line, selection.timestamps));
    if (!this.open) {
      onEnd();
      return () => undefined;
    }
    this.#followers.add(follower);
    this.#endings.add(onEnd);
    return () => {
      this.#followers.delete(follower);
      this.#endings.delete(onEnd);
    };
  }

  #line(stream: 'stdout' | 'stderr', text: string): void {
    const line = `${new Date().toISOString().replace('Z', '000000Z')} ${stream} F ${text}`;
    if (this.#fd === undefined) return;
    this.#size += writeSync(this.#fd, `${line}\n`);
    if (this.#size > fileLimitBytes) this.#rotate();
    for (const follower of this.#followers) follower(line);
  }

  #rotate(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    renameSync(this.#path, `${this.#path}.old`);
    this.#fd = openSync(this.#path, 'a', 0o600);
    this.#size = 0;
  }
}

/** The selected part of a log file; empty when there is none. */
function readLog(path: string, selection: LogSelection): string {
  const text = [`${path}.old`, path].map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('');
  let lines = text.split('\n').filter((line) => line !== '');
  const { sinceMs, tailLines, limitBytes } = selection;
  if (sinceMs !== undefined) lines = lines.filter((line) => Date.parse(line.slice(0, line.indexOf(' '))) >= sinceMs);
  if (tailLines !== undefined) lines = tailLines <= 0 ? [] : lines.slice(-tailLines);
  const rendered = lines.map((line) => render(line, selection.timestamps)).join('');
  return limitBytes === undefined ? rendered : Buffer.from(rendered).subarray(0, limitBytes).toString('utf8');
}

function render(line: string, timestamps: boolean): string {
  const [time = '', , , ...rest] = line.split(' ');
  return timestamps ? `${time} ${rest.join(' ')}\n` : `${rest.join(' ')}\n`;
}
