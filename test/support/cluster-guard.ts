/**
 * Takes a test's clusters down when the test's process ends without doing it, however it ends: a process of its own
 * that reads from the test until there is nobody at the other end.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** What is to be taken away. */
interface Guarded {
  /** The program with its arguments that takes the clusters down. */
  readonly down: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Everything that the test keeps of them. */
  readonly directory: string;
  /** A network namespace that goes with them; default none. */
  readonly netns?: string;
}

/** An interrupted `up` may still be at work: then there is nothing yet, or it is busy. */
const script =
  'cat; directory=$1 netns=$2; shift 2; for _ in $(seq 30); do "$@" && break; sleep 2; done; [ -z "$netns" ] || ip netns del "$netns"; rm -rf "$directory"';

/** A guard on its post. */
export class ClusterGuard {
  readonly #process: ChildProcess;

  constructor({ down, env, directory, netns = '' }: Guarded) {
    this.#process = spawn('bash', ['-c', script, 'guard', directory, netns, ...down], {
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

  /** They are gone. */
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
