/**
 * One process of a sandbox: `runc run` or `runc exec` in the foreground, which passes standard
 * streams through and ends with the process's exit code.
 *
 * With a terminal, runc makes one inside the container (so that `tty` names it there) and copies
 * between it and the one that we give it here; it takes the size from ours whenever SIGWINCH tells it to.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import { makeRaw, openPty, resizePty, type TerminalSize } from '@weir/kernel';
import type { ProcessRights } from './runc-config.ts';

/** What to run. */
export interface SandboxProcessOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Whether standard input is connected; without, the process reads end of file. A terminal always has it. */
  readonly stdin: boolean;
  /** Absent: those of a container that asks for nothing in particular. */
  readonly rights?: ProcessRights;
  /** Size of the terminal; absent: no terminal, and standard error is a stream of its own. */
  readonly terminal?: TerminalSize;
}

/** A running process. */
export interface SandboxProcess {
  /** Ending it half-closes the process's standard input (not with a terminal, which has no half-close). */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a terminal. */
  readonly stderr: Readable | undefined;
  /** Process id on the machine. */
  readonly pid: number;
  /** Exit code (128 + signal when a signal ended it). Resolves after all output has been read, so it must be read. */
  readonly exited: Promise<number>;
  /** Changes the terminal's size; nothing without a terminal. */
  resize(size: TerminalSize): void;
  /** Sends a signal to the process; nothing when it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** The client has gone: closes its input and hangs the terminal up. */
  disconnect(): void;
}

/** The process could not be started; the message is runc's reason. */
export class SandboxStartError extends Error {
  override readonly name = 'SandboxStartError';
}

/** Files by which runc tells what it did. */
export interface RuncFiles {
  readonly pidFile: string;
  readonly logFile: string;
  /** Said besides when there is no such program. */
  readonly noteOnPrograms?: string;
}

const pollMs = 4;
const notFound = 'executable file not found';

/** Starts runc with these arguments and waits until the process inside runs; throws a {@link SandboxStartError}. */
export async function startRunc(argv: readonly string[], files: RuncFiles, options: SandboxProcessOptions): Promise<SandboxProcess> {
  rmSync(files.pidFile, { force: true });
  const streams = options.terminal === undefined ? startPlain(argv, options.stdin) : startWithTerminal(argv, options.terminal);
  const { child } = streams;
  let ended = false;
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', (code) => resolve(code ?? 255));
  }).then(async (code) => {
    ended = true;
    await streams.drained();
    return code;
  });
  const pid = await waitForPid(files.pidFile, () => ended);
  if (pid === undefined) {
    streams.disconnect();
    throw new SandboxStartError(startFailure(files));
  }
  void exited.then(() => rmSync(files.pidFile, { force: true }));
  return {
    ...streams,
    pid,
    exited,
    kill: (signal) => {
      if (!ended) killQuietly(pid, signal);
    },
  };
}

interface Streams extends Pick<SandboxProcess, 'stdin' | 'stdout' | 'stderr' | 'resize' | 'disconnect'> {
  readonly child: ChildProcess;
  /** Resolves when everything that was written has been read. */
  readonly drained: () => Promise<void>;
}

function startPlain(argv: readonly string[], stdin: boolean): Streams {
  const child = spawn('runc', argv, { stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'], detached: true });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new SandboxStartError('the program `runc` cannot be started; install the package runc');
  // A process that does not read its input closes the pipe; that is its right.
  child.stdin?.on('error', () => undefined);
  // When a child ends, Node throws away what nobody has begun to read; a stream in between keeps it.
  const kept = [stdout.pipe(new PassThrough()), stderr.pipe(new PassThrough())] as const;
  const read = Promise.all(kept.map((stream) => new Promise<void>((resolve) => stream.once('close', () => resolve()))));
  return {
    child,
    stdin: child.stdin ?? undefined,
    stdout: kept[0],
    stderr: kept[1],
    resize: () => undefined,
    disconnect: () => child.stdin?.destroy(),
    drained: async () => void (await read),
  };
}

function startWithTerminal(argv: readonly string[], size: TerminalSize): Streams {
  const pty = openPty(size);
  let child: ChildProcess;
  try {
    // Raw, because the terminal that edits lines and echoes is the one inside the container.
    makeRaw(pty.slave);
    child = spawn('runc', argv, { stdio: [pty.slave, pty.slave, pty.slave], detached: true });
  } finally {
    closeSync(pty.slave);
  }
  const stream = new ReadStream(pty.master);
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => resolve());
  });
  // Reading a terminal whose other side has gone gives EIO: that is its end of file.
  stream.on('error', () => stream.destroy());
  return {
    child,
    stdin: stream,
    stdout: stream,
    stderr: undefined,
    resize: (next) => {
      if (stream.destroyed || child.pid === undefined) return;
      resizePty(pty.master, next);
      killQuietly(child.pid, 'SIGWINCH');
    },
    disconnect: () => {
      if (child.pid !== undefined && child.exitCode === null) killQuietly(child.pid, 'SIGKILL');
      stream.destroy();
    },
    drained: () => closed,
  };
}

async function waitForPid(pidFile: string, hasEnded: () => boolean): Promise<number | undefined> {
  for (;;) {
    const over = hasEnded();
    if (existsSync(pidFile)) {
      const pid = Number(readFileSync(pidFile, 'utf8'));
      if (Number.isInteger(pid) && pid > 0) return pid;
    }
    if (over) return undefined;
    await sleep(pollMs);
  }
}

/** The last error that runc logged, which is the reason in the words of the container runtime. */
function startFailure({ logFile, noteOnPrograms }: RuncFiles): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n') : [];
  for (const line of lines.toReversed()) {
    try {
      const entry = JSON.parse(line) as { readonly level?: string; readonly msg?: string };
      if (entry.level !== 'error' || entry.msg === undefined) continue;
      return noteOnPrograms !== undefined && entry.msg.includes(notFound) ? `${entry.msg} (${noteOnPrograms})` : entry.msg;
    } catch {
      // Not every line need be an entry.
    }
  }
  return 'the program `runc` cannot be started or gave no reason; is the package runc installed?';
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended a moment ago.
  }
}
