/**
 * One process that the supervisor keeps running: started again with growing delays when it dies,
 * recorded in a pid file so that `down` finds it also when the supervisor is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Backoff } from '@weir/client';
import { boundLog, openLog } from './bounded-log.ts';
import { endProcess, identifyProcess, type ProcessIdentity } from './process-identity.ts';

/** What to run. */
export interface ChildDefinition {
  /** Unique in the cluster: `control-plane`, `node1`, `node1-agent`. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly log: string;
  /** Directory of pid files. */
  readonly pids: string;
}

/** How a child is. */
export interface ChildStatus {
  readonly name: string;
  readonly state: 'running' | 'waiting' | 'held' | 'stopped';
  readonly pid?: number;
  /** How often it was started again after it had died. */
  readonly restarts: number;
  /** When it was started last, RFC 3339. */
  readonly startedAt?: string;
  /** Where its output since then begins in the log, in bytes; a log that has become too long is cut and begins anew. */
  readonly logOffset?: number;
  /** `exit code 1` or `signal SIGKILL` of the last end. */
  readonly lastExit?: string;
}

/** Ran this long without dying: the next restart is quick again. */
const healthyMs = 10_000;

/** How long a child may take to end after SIGTERM. */
const stopGraceMs = 8_000;

/** A child and its restarts. */
export class SupervisedChild {
  readonly definition: ChildDefinition;
  readonly #backoff = new Backoff({ initialMs: 100, maximumMs: 5_000 });
  readonly #onChange: (status: ChildStatus) => void;
  #process: ChildProcess | undefined;
  #identity: ProcessIdentity | undefined;
  /** Resolves when the end of the current process has been taken note of. */
  #end: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #state: ChildStatus['state'] = 'stopped';
  #restarts = 0;
  #startedAtMs = 0;
  #logOffset = 0;
  #lastExit: string | undefined;

  constructor(definition: ChildDefinition, onChange: (status: ChildStatus) => void) {
    this.definition = definition;
    this.#onChange = onChange;
  }

  status(): ChildStatus {
    const pid = this.#process?.pid;
    return {
      name: this.definition.name,
      state: this.#state,
      ...(pid === undefined ? {} : { pid }),
      restarts: this.#restarts,
      ...(this.#startedAtMs === 0 ? {} : { startedAt: new Date(this.#startedAtMs).toISOString(), logOffset: this.#logOffset }),
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
    };
  }

  /** Starts the process and keeps it running; does nothing when it runs. */
  start(): void {
    clearTimeout(this.#timer);
    if (this.#process !== undefined) return;
    const [program = '', ...args] = this.definition.command;
    boundLog(this.definition.log);
    const log = openLog(this.definition.log);
    this.#logOffset = fstatSync(log).size;
    try {
      this.#adopt(spawn(program, args, { stdio: ['ignore', log, log], cwd: '/' }));
    } finally {
      closeSync(log);
    }
  }

  /** Sends a signal; the child is started again when it dies of it. Answers whether there was a process. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#process?.kill(signal) ?? false;
  }

  /** Ends the process; it stays down until {@link start}. `held` says that this is a person's wish. */
  async stop(reason: 'held' | 'stopped' = 'stopped'): Promise<void> {
    clearTimeout(this.#timer);
    this.#become(reason);
    const ended = this.#end;
    if (this.#identity !== undefined) await endProcess(this.#identity, stopGraceMs);
    // Gone from the kernel is not yet gone from here: a start must find this settled.
    await ended;
  }

  #adopt(child: ChildProcess): void {
    this.#process = child;
    this.#startedAtMs = Date.now();
    this.#identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (this.#identity !== undefined) writeFileSync(this.#pidFile(), JSON.stringify(this.#identity), { mode: 0o600 });
    this.#end = new Promise((resolve) => {
      let ended = false;
      const onEnd = (how: string): void => {
        if (ended) return;
        ended = true;
        this.#ended(how);
        resolve();
      };
      // An error without a pid is a program that could not be started; with one it is about a signal.
      child.once('error', (error) => child.pid === undefined && onEnd(error.message));
      child.once('exit', (code, signal) => onEnd(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
    });
    this.#become('running');
  }

  #ended(how: string): void {
    this.#process = undefined;
    this.#identity = undefined;
    this.#lastExit = how;
    rmSync(this.#pidFile(), { force: true });
    if (this.#state !== 'running') return;
    if (Date.now() - this.#startedAtMs > healthyMs) this.#backoff.reset();
    this.#restarts += 1;
    this.#become('waiting');
    this.#timer = setTimeout(() => this.start(), this.#backoff.next());
  }

  #become(state: ChildStatus['state']): void {
    this.#state = state;
    this.#onChange(this.status());
  }

  #pidFile(): string {
    return join(this.definition.pids, `${this.definition.name}.json`);
  }
}
