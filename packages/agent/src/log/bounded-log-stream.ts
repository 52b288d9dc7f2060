/**
 * Lines of the log on their way out, so many a second at most; what is left out is counted and told.
 *
 * Errors have a share of their own as large as that of all others: a flood of small talk must not
 * hide them, and a flood of errors must not fill a disk either.
 */

/** What the stream has let through and left out. */
export interface LogCounts {
  readonly written: number;
  readonly dropped: number;
}

/** Where the lines go, and how many. */
export interface BoundedLogOptions {
  readonly linesPerSecond: number;
  /** From this level (a number of pino's) on a line counts as an error. */
  readonly errorLevel: number;
  write(line: string): void;
  /** The line that tells how many were left out in the last second. */
  notice(dropped: number): string;
  /** A clock that never goes back, in milliseconds. Default: that of the process. */
  readonly nowMs?: () => number;
}

const windowMs = 1_000;

/** A destination for pino. */
export class BoundedLogStream {
  /** Pino sets it before each line. */
  lastLevel = 0;
  readonly #options: BoundedLogOptions;
  readonly #nowMs: () => number;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #inWindow = { errors: 0, others: 0 };
  #untold = 0;
  #counts: LogCounts = { written: 0, dropped: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BoundedLogOptions) {
    Object.defineProperty(this, Symbol.for('pino.metadata'), { value: true });
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  get counts(): LogCounts {
    return this.#counts;
  }

  /** Writes the line, or leaves it out when the second has had its share. */
  write(line: string): void {
    const now = this.#nowMs();
    if (now - this.#windowStartMs >= windowMs) this.#beginWindow(now);
    const share = this.lastLevel >= this.#options.errorLevel ? 'errors' : 'others';
    if (this.#inWindow[share] < this.#options.linesPerSecond) {
      this.#inWindow[share]++;
      this.#put(line);
      return;
    }
    this.#untold++;
    this.#counts = { ...this.#counts, dropped: this.#counts.dropped + 1 };
    // Told also when no further line comes; a process that ends does not wait for it.
    this.#timer ??= setTimeout(() => this.#beginWindow(this.#nowMs()), windowMs).unref();
  }

  /** Tells what is untold. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#untold === 0) return;
    const dropped = this.#untold;
    this.#untold = 0;
    this.#put(this.#options.notice(dropped));
  }

  #beginWindow(now: number): void {
    this.#windowStartMs = now;
    this.#inWindow = { errors: 0, others: 0 };
    this.flush();
  }

  #put(line: string): void {
    this.#counts = { ...this.#counts, written: this.#counts.written + 1 };
    this.#options.write(line);
  }
}
