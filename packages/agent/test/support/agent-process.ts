/** An agent under test: a process of its own, with what it says. */
import type { ChildProcess } from 'node:child_process';

/** A running or ended agent. */
export class AgentProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  #stderr = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve) => child.once('close', resolve));
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Its log, one object a line. */
  get log(): readonly Record<string, unknown>[] {
    return this.#stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}
