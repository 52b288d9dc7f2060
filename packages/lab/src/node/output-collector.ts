/** Keeps what a command says that nobody reads while it runs. */

/** Enough for probes and hooks, and for the shell commands of built-in programs. */
const outputLimitBytes = 1024 * 1024;

/** Both streams of a command as they come; only the beginning is kept. */
export class OutputCollector {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  /** The next piece, of either stream. */
  add(chunk: Buffer): void {
    if (this.#size >= outputLimitBytes) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** What was kept. */
  get text(): string {
    return Buffer.concat(this.#chunks).subarray(0, outputLimitBytes).toString('utf8');
  }
}
