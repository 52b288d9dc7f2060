/**
 * Takes a test's cluster down when the test's process ends without doing it, however it ends: a process of its own
 * that reads from the test until there is nobody at the other end.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** What is to be taken away. */
export interface GuardedCluster {
  readonly name: string;
  /** Everything that the test keeps of it. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** The program and the first arguments of `weir`. */
  readonly weir: readonly [string, string];
}

/** An interrupted `up` may still be at work: then there is nothing yet, or it is busy. */
const script = 'cat; for _ in $(seq 30); do "$1" "$2" down --name "$3" && break; sleep 2; done; rm -rf "$4"';

/** A guard on its post. */
export class ClusterGuard {
  readonly #process: ChildProcess;

  constructor({ name, directory, env, weir }: GuardedCluster) {
    this.#process = spawn('bash', ['-c', script, 'guard', ...weir, name, directory], {
      // Not of the test's group: what is sent to that must not reach it.
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#process.on('error', () => undefined);
    this.#process.unref();
    const { stdin } = this.#process;
    stdin?.on('error', () => undefined);
    if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  }

  /** The cluster is gone. */
  dismiss(): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#process.exitCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
