/**
 * Running programs of the machine inside the network namespace in which this object was made, whatever
 * namespace the process is in later.
 *
 * A child belongs to the namespace of the thread that starts it. The namespace is only entered where the
 * thread is not in it already: entering needs more rights than the agent keeps.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { inNetns } from '../netns/in-netns.ts';

/** What a program said. `code` is its exit code, -1 when a signal ended it. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const current = '/proc/thread-self/ns/net';

/** Holds the namespace until {@link close}. */
export class NetnsPrograms {
  readonly #fd = openSync(current, 'r');
  #isClosed = false;
  readonly #namespace = readlinkSync(current);

  /** Runs a program with the text as its standard input. Rejects when it cannot be started: `ENOENT` when it is not installed. */
  run(program: string, args: readonly string[], input = ''): Promise<ProgramResult> {
    return new Promise((resolve, reject) => {
      const child = this.#spawn(program, args);
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      // It may end before it has read everything; its exit code says what is to be said.
      child.stdin.on('error', () => undefined);
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, stdout: textOf(stdout), stderr: textOf(stderr) }));
      child.stdin.end(input);
    });
  }

  close(): void {
    // Only the first time: its number may be somebody else's by the second.
    if (!this.#isClosed) closeSync(this.#fd);
    this.#isClosed = true;
  }

  #spawn(program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const start = (): ChildProcessWithoutNullStreams => spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    return readlinkSync(current) === this.#namespace ? start() : inNetns(`/proc/self/fd/${this.#fd}`, start);
  }
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
