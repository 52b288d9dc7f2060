/**
 * A program in a terminal of its own, driven as a person drives it: type a line, read until the
 * prompt is back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { openPty } from '@weir/kernel';

/** How to start a session. */
export interface TerminalSessionOptions {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Matches the end of the output when the program waits for input. */
  readonly prompt: RegExp;
  /** How long to wait for a prompt, in milliseconds. */
  readonly patienceMs: number;
  /** Aborted to give up at once. */
  readonly signal: AbortSignal;
  /** False when the terminal does not show what is typed. Default true. */
  readonly isEchoing?: boolean;
  /** Where the program starts. Default the current directory. */
  readonly directory?: string;
}

/** What a person types when the program asks. */
export interface Answer {
  /** Matches the end of the output. */
  readonly question: RegExp;
  readonly text: string;
}

/** What a line came to. */
export interface TypedLine {
  /** Everything before the prompt. */
  readonly output: string;
  /** The match of the prompt. */
  readonly prompt: RegExpExecArray;
}

/** The terminal said something else than a prompt for too long, or the program ended. */
export class TerminalSessionError extends Error {
  override readonly name = 'TerminalSessionError';
}

/** A running session. */
export class TerminalSession {
  readonly #options: TerminalSessionOptions;
  readonly #child: ChildProcess;
  readonly #terminal: ReadStream;
  readonly #ended: Promise<number>;
  #text = '';
  #changed: () => void = () => undefined;
  #exitCode: number | undefined;

  private constructor(options: TerminalSessionOptions, child: ChildProcess, terminal: ReadStream) {
    this.#options = options;
    this.#child = child;
    this.#terminal = terminal;
    const interrupted = (): void => this.#changed();
    options.signal.addEventListener('abort', interrupted, { once: true });
    terminal.setEncoding('utf8');
    terminal.on('data', (chunk: string) => {
      this.#text += chunk;
      this.#changed();
    });
    // EIO is how a terminal says that nobody holds its other end any more.
    terminal.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      child.on('exit', (code) => {
        this.#exitCode = code ?? 128;
        options.signal.removeEventListener('abort', interrupted);
        this.#changed();
        resolve(this.#exitCode);
      });
    });
  }

  /** Starts the program with a new terminal as its controlling one. */
  static start(options: TerminalSessionOptions): TerminalSession {
    const { master, slave } = openPty({ columns: 120, rows: 40 });
    const child = spawn('setsid', ['--ctty', '--wait', ...options.command], {
      stdio: [slave, slave, slave],
      env: options.env,
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
    });
    closeSync(slave);
    return new TerminalSession(options, child, new ReadStream(master));
  }

  /** Waits for the first prompt; gives what was printed before it. */
  async ready(): Promise<string> {
    return (await this.#untilPrompt()).output;
  }

  /** Types a line, or several, and gives what was printed up to the next prompt, without the line itself. */
  async type(line: string, answers: readonly Answer[] = []): Promise<TypedLine> {
    this.#text = '';
    this.#terminal.write(`${line}\n`);
    for (const { question, text } of answers) {
      const { prompt } = this.#options;
      const isOver = (): boolean => this.#exitCode !== undefined || prompt.test(this.#plainText());
      await this.#until(() => isOver() || question.test(this.#plainText()), `no question like ${question}`);
      if (!isOver()) this.#terminal.write(`${text}\n`);
    }
    const { output, prompt } = await this.#untilPrompt();
    return { output: this.#withoutEcho(output, line), prompt };
  }

  /** Types a line that ends the program; gives what was printed until then and its exit code. */
  async leave(line: string): Promise<{ output: string; exitCode: number }> {
    this.#text = '';
    this.#terminal.write(`${line}\n`);
    await this.#until(() => this.#exitCode !== undefined, 'the program did not end');
    return { output: this.#withoutEcho(this.#plainText(), line), exitCode: this.#exitCode ?? 128 };
  }

  /** Ends the program by force when it still runs, and gives the terminal back. */
  async close(): Promise<void> {
    if (this.#exitCode === undefined) this.#child.kill('SIGKILL');
    await this.#ended;
    this.#terminal.destroy();
  }

  #withoutEcho(text: string, line: string): string {
    const echo = this.#options.isEchoing === false ? -1 : text.indexOf(line);
    return echo < 0 ? text : text.slice(echo + line.length).replace(/^\n/, '');
  }

  async #untilPrompt(): Promise<TypedLine> {
    const { prompt } = this.#options;
    await this.#until(() => this.#exitCode !== undefined || prompt.test(this.#plainText()), 'no prompt');
    const text = this.#plainText();
    const found = prompt.exec(text);
    if (found === null) throw new TerminalSessionError(`the program ended with exit code ${this.#exitCode ?? 'unknown'}:\n${text}`);
    return { output: text.slice(0, found.index), prompt: found };
  }

  async #until(condition: () => boolean, failure: string): Promise<void> {
    const deadlineMs = Date.now() + this.#options.patienceMs;
    while (!condition()) {
      if (this.#options.signal.aborted) throw new Error('interrupted');
      if (Date.now() > deadlineMs)
        throw new TerminalSessionError(`${failure} after ${this.#options.patienceMs / 1_000} s:\n${this.#plainText()}`);
      await this.#change(deadlineMs - Date.now());
    }
  }

  #plainText(): string {
    return asSeen(stripVTControlCharacters(this.#text));
  }

  #change(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, patienceMs));
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A line that is written over from its beginning, as progress is, shows what was written last. */
function asSeen(text: string): string {
  const lastWriting = (line: string): string => line.slice(line.lastIndexOf('\r') + 1);
  return text
    .split('\n')
    .map((line) => lastWriting(line.replace(/\r+$/, '')))
    .join('\n');
}
