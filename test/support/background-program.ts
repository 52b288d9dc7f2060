/** A program that runs beside the test: a watch, a followed log. */
import { type ChildProcess, spawn } from 'node:child_process';
import { AwaitedText } from './awaited-text.ts';

/** A running program. */
export class BackgroundProgram {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #output = new AwaitedText();

  /** Starts a line of bash; the program replaces the shell. */
  constructor(command: string, env: Readonly<Record<string, string>>) {
    this.#child = spawn('bash', ['-c', `exec ${command}`], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => this.#output.append(chunk));
    }
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', () => {
        this.#output.end();
        resolve();
      });
    });
  }

  /** Waits until the output (both streams) matches; throws with the output when it never does. */
  until(pattern: RegExp): Promise<string> {
    return this.#output.until(pattern);
  }

  /** Ends it as Ctrl-C would. */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#ended;
    clearTimeout(timer);
  }
}
