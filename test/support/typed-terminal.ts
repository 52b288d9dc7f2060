/** A program in a terminal of its own whose window can change its size, driven by typing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { openPty, resizePty } from '@weir/kernel';
import { AwaitedText } from './awaited-text.ts';

/** A running program and its terminal. */
export class TypedTerminal {
  readonly #child: ChildProcess;
  readonly #master: number;
  readonly #terminal: ReadStream;
  readonly #ended: Promise<number>;
  readonly #output = new AwaitedText();

  /** Starts a line of bash in a terminal of 100 columns and 30 rows; the program replaces the shell. */
  constructor(command: string, env: Readonly<Record<string, string>>) {
    const { master, slave } = openPty({ columns: 100, rows: 30 });
    this.#master = master;
    this.#child = spawn('setsid', ['--ctty', '--wait', 'bash', '-c', `exec ${command}`], {
      stdio: [slave, slave, slave],
      env: { ...process.env, ...env },
    });
    closeSync(slave);
    this.#terminal = new ReadStream(master);
    this.#terminal.setEncoding('utf8').on('data', (chunk: string) => this.#output.append(chunk));
    // EIO is how a terminal says that nobody holds its other end any more.
    this.#terminal.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.on('exit', (code) => {
        this.#output.end();
        resolve(code ?? 128);
      });
    });
  }

  /** Types `text` as it is. */
  type(text: string): void {
    this.#terminal.write(text);
  }

  /** Types a line and waits until what comes from then on matches; gives that. */
  run(line: string, pattern: RegExp): Promise<string> {
    this.#output.clear();
    this.type(`${line}\n`);
    return this.until(pattern);
  }

  /** Waits until the output since the last line matches, control sequences and carriage returns left out. */
  until(pattern: RegExp): Promise<string> {
    return this.#output.until(pattern, (text) => stripVTControlCharacters(text).replaceAll('\r', ''));
  }

  /** Changes the size of the window. */
  resize(columns: number, rows: number): void {
    resizePty(this.#master, { columns, rows });
  }

  /** Ends the program when it still runs. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#terminal.destroy();
  }

  /** Waits for the end of the program, by force when it stays; gives its exit code. */
  async end(): Promise<number> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    const code = await this.#ended;
    clearTimeout(timer);
    this.#terminal.destroy();
    return code;
  }
}
