/**
 * Where flow records go: a file that never grows beyond a limit, or standard output. Nothing waits for
 * a slow reader and nothing is kept for it; what cannot be written is refused, and the caller counts it.
 */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** A place for lines. */
export interface FlowSink {
  /** Writes lines, each with its end; says how many were written. */
  write(lines: readonly string[]): number;
  close(): void;
}

const megabyte = 1024 * 1024;
/** More than this is not kept for a slow reader of standard output. */
const backlogBytesMax: number = megabyte;

/** The sink for `--flow-log`: a path of a file that begins anew at so many MB, or `-`. Throws Node's file errors. */
export function openFlowSink(path: string, fileMb: number): FlowSink {
  return path === '-' ? new StreamSink(process.stdout) : new FileSink(path, fileMb * megabyte);
}

/** A file of mode 0600, with at most one predecessor, `<path>.1`. */
export class FileSink implements FlowSink {
  readonly #path: string;
  readonly #bytesMax: number;
  #fd: number | undefined;
  #bytes = 0;

  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#open();
  }

  /** Throws Node's file errors; then nothing of these lines was written whole, and the next call tries again. */
  write(lines: readonly string[]): number {
    const bytes = Buffer.from(lines.join(''));
    try {
      if (this.#fd === undefined) this.#open();
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#bytesMax) this.#rotate();
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd ?? -1, bytes, at);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#bytes += bytes.length;
    return lines.length;
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #rotate(): void {
    this.close();
    renameSync(this.#path, `${this.#path}.1`);
    this.#open();
  }

  #open(): void {
    const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    // Without waiting: a pipe that nobody reads is refused below instead of holding the process up.
    const fd = openSync(this.#path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0o600);
    const found = fstatSync(fd);
    if (!found.isFile()) {
      closeSync(fd);
      throw new Error(`${this.#path} is no regular file`);
    }
    this.#fd = fd;
    this.#bytes = found.size;
  }
}

/** A stream of this process. */
export class StreamSink implements FlowSink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    // A reader that went away must not end the agent; what it misses is counted as the backlog grows.
    stream.on('error', () => undefined);
  }

  write(lines: readonly string[]): number {
    if (this.#stream.writableLength > backlogBytesMax || !this.#stream.writable) return 0;
    this.#stream.write(lines.join(''));
    return lines.length;
  }

  close(): void {
    // It is the process's.
  }
}
