/**
 * Faults of the kernel towards one running process, by strace: from here on its sends to netlink fail, or
 * take long. Nothing else of an agent uses `send` (Node writes to its sockets), and no other process notices.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How sends go wrong. */
export type SendFault = { readonly error: 'ENOBUFS' | 'ENOMEM' } | { readonly delayMs: number };

/** A process under a fault; {@link heal} lets it go on as before. */
export class StruckProcess {
  readonly #strace: ChildProcess;

  private constructor(strace: ChildProcess) {
    this.#strace = strace;
  }

  /** Resolves when the fault is on; throws when the machine does not let processes be traced. */
  static async strike(pid: number, fault: SendFault): Promise<StruckProcess> {
    const injection = 'error' in fault ? `error=${fault.error}` : `delay_enter=${fault.delayMs * 1_000}`;
    const options = ['-f', '-p', String(pid), '-o', '/dev/null', '-e', 'trace=sendto', '-e', `inject=sendto:${injection}`];
    const strace = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(strace, 'exit');
    let said = '';
    strace.stderr.setEncoding('utf8');
    await Promise.race([
      new Promise<void>((resolve) => {
        strace.stderr.on('data', (text: string) => {
          said += text;
          if (said.includes('attached')) resolve();
        });
      }),
      ended.then(() => {
        throw new Error(`strace ended: ${said}`);
      }),
    ]);
    return new StruckProcess(strace);
  }

  /** The fault is off when this resolves. */
  async heal(): Promise<void> {
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return;
    const ended = once(this.#strace, 'exit');
    this.#strace.kill('SIGINT');
    await ended;
  }
}
