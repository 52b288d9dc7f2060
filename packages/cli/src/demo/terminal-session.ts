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
        this.#changed();
        resolve(this.#exitCode);
      });
    });
  }

  /** Starts the program with a new terminal as its controlling one. */
  static start(options: TerminalSessionOptions): TerminalSession {
    const { master, slave } = openPty({ columns: 120, rows: 40 });
    const child = spawn('setsid', ['--ctty', '--wait', ...options.command], { stdio: [slave, slave, slave], env: options.env });
    closeSync(slave);
    return new TerminalSession(options, child, new ReadStream(master));
  }

  /** Waits for the first prompt; gives what was printed before it. */
  ready(): Promise<string> {
    return this.#untilPrompt();
  }

  /** Types a line and gives what was printed up to the next prompt, without the line itself. */
  async type(line: string): Promise<string> {
    this.#text = '';
    this.#terminal.write(`${line}\n`);
    const output = await this.#untilPrompt();
    const echo = output.indexOf(line);
    return echo < 0 ? output : output.slice(echo + line.length).replace(/^\n/, '');
  }

  /** Leaves the program by an end of file; ends it by force when it stays. Gives the exit code. */
  async close(): Promise<number> {
    if (this.#exitCode === undefined) this.#terminal.write('\u0004');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    const code = await this.#ended;
    clearTimeout(timer);
    this.#terminal.destroy();
    return code;
  }

  async #untilPrompt(): Promise<string> {
    const deadlineMs = Date.now() + this.#options.patienceMs;
    for (;;) {
      const text = stripVTControlCharacters(this.#text).replaceAll('\r', '');
      const prompt = this.#options.prompt.exec(text);
      if (prompt !== null) return text.slice(0, prompt.index);
      if (this.#exitCode !== undefined) throw new TerminalSessionError(`the program ended with exit code ${this.#exitCode}:\n${text}`);
      if (Date.now() > deadlineMs) throw new TerminalSessionError(`no prompt after ${this.#options.patienceMs / 1_000} s:\n${text}`);
      await this.#change(deadlineMs - Date.now());
    }
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
