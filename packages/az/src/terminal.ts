/** The person at the terminal: results on standard output, everything else on standard error, and questions. */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { type AzError, refused } from './az-error.ts';

/** An input that may be a terminal. */
type AzInput = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
/** An output that may be a terminal. */
type AzOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The three streams. */
export interface AzStreams {
  readonly stdin: AzInput;
  readonly stdout: AzOutput;
  readonly stderr: AzOutput;
}

/** How much is told. */
export interface Loudness {
  readonly hasColour: boolean;
  readonly isDebugging: boolean;
  readonly isVerbose: boolean;
  readonly showsErrorsOnly: boolean;
}

/** Speaks and asks. */
export class Terminal {
  readonly #streams: AzStreams;
  readonly #loudness: Loudness;
  readonly #interrupt: AbortSignal | undefined;

  /** `interrupt` ends questions. */
  constructor(streams: AzStreams, loudness: Loudness, interrupt?: AbortSignal) {
    this.#streams = streams;
    this.#loudness = loudness;
    this.#interrupt = interrupt;
  }

  /** Whether results may have colours. */
  get isColourful(): boolean {
    return this.#streams.stdout.isTTY === true && this.#loudness.hasColour;
  }

  print(text: string): void {
    this.#streams.stdout.write(text);
  }

  warn(text: string): void {
    if (!this.#loudness.showsErrorsOnly) this.#streams.stderr.write(`WARNING: ${text}\n`);
  }

  info(text: string): void {
    if (this.#loudness.isVerbose || this.#loudness.isDebugging) this.#streams.stderr.write(`INFO: ${text}\n`);
  }

  debug(text: string): void {
    if (this.#loudness.isDebugging) this.#streams.stderr.write(`DEBUG: ${text}\n`);
  }

  fail({ message, advice }: AzError): void {
    this.#streams.stderr.write([`ERROR: ${message}`, ...advice, ''].join('\n'));
  }

  /** What a long operation does, on one line of a terminal; an empty text clears the line. */
  progress(text: string): void {
    const { stderr } = this.#streams;
    if (stderr.isTTY === true && !this.#loudness.showsErrorsOnly) stderr.write(`\r\u001b[K${text}`);
  }

  /** Undefined without a terminal. `otherwise` is the answer of an empty line. */
  async confirm(question: string, otherwise?: 'y' | 'n'): Promise<boolean | undefined> {
    if (!this.#isInteractive) return undefined;
    const choices = `${otherwise === 'y' ? 'Y' : 'y'}/${otherwise === 'n' ? 'N' : 'n'}`;
    for (;;) {
      const answer = (await this.#ask(`${question} (${choices}): `)).toLowerCase();
      if (answer === 'y' || (answer === '' && otherwise === 'y')) return true;
      if (answer === 'n' || (answer === '' && otherwise === 'n')) return false;
    }
  }

  /** Asks for a secret twice, until both are the same; undefined without a terminal. */
  async secret(question: string): Promise<string | undefined> {
    if (!this.#isInteractive) return undefined;
    for (;;) {
      const first = await this.#askUnseen(question);
      if (first === (await this.#askUnseen(`Confirm ${question}`))) return first;
      this.warn('Passwords do not match.');
    }
  }

  /** A line; undefined without a terminal. */
  async line(question: string): Promise<string | undefined> {
    return this.#isInteractive ? this.#ask(question) : undefined;
  }

  get #isInteractive(): boolean {
    return this.#streams.stdin.isTTY === true;
  }

  async #ask(question: string): Promise<string> {
    const { stdin, stdout, stderr } = this.#streams;
    // The terminal itself edits and echoes the line, as it does for az.
    const reader = createInterface({ input: stdin, output: stdout.isTTY === true ? stdout : stderr, terminal: false });
    const ended = new AbortController();
    const end = (): void => ended.abort();
    reader.once('close', end);
    this.#interrupt?.addEventListener('abort', end, { once: true });
    try {
      return await reader.question(question, { signal: ended.signal });
    } catch (error) {
      if (this.#interrupt?.aborted === true) throw error;
      if (ended.signal.aborted) throw refused('Operation cancelled.');
      throw error;
    } finally {
      this.#interrupt?.removeEventListener('abort', end);
      reader.close();
    }
  }

  async #askUnseen(question: string): Promise<string> {
    const { stdin, stderr } = this.#streams;
    stderr.write(question);
    stdin.setRawMode?.(true);
    try {
      return await readUnseen(stdin);
    } finally {
      stdin.setRawMode?.(false);
      stderr.write('\n');
    }
  }
}

/** One line from a terminal that echoes nothing: it edits nothing either, so that is done here. */
function readUnseen(stdin: AzInput): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (): void => {
      stdin.off('data', take);
      stdin.off('end', cancel);
      stdin.pause();
    };
    const cancel = (): void => {
      end();
      reject(refused('Operation cancelled.'));
    };
    const take = (piece: Buffer | string): void => {
      const typed = piece.toString();
      for (const [at, letter] of Array.from(typed).entries()) {
        if (letter === '\r' || letter === '\n') {
          end();
          // What was typed ahead is of the next question.
          stdin.unshift(
            Array.from(typed)
              .slice(at + 1)
              .join(''),
          );
          resolve(text);
          return;
        }
        // Ctrl-C and Ctrl-D.
        if (letter === '\u0003' || letter === '\u0004') return cancel();
        text = letter === '\u007f' || letter === '\b' ? text.slice(0, -1) : text + letter;
      }
    };
    stdin.on('data', take);
    stdin.once('end', cancel);
    stdin.resume();
  });
}
