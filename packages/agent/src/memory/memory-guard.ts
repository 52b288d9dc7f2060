/**
 * Keeps the agent within its memory limit: reports when it comes near, ends it in order when it gets
 * there, and has the next process begin slowly and say why. So a cluster that is too large for the
 * limit makes neither a stale engine that looks alive, nor a loop of processes that are killed. The
 * rules stay in the kernel all the time.
 */
import { memoryUsage } from 'node:process';
import { errorFields, type Logger } from '../log/log.ts';
import { TroubleLog } from '../log/trouble-log.ts';
import { gauge, type MetricFamily } from '../metrics/metric-family.ts';
import { MemoryLimitError } from './memory-limit-error.ts';
import { type MemoryNote, MemoryNoteFile } from './memory-note.ts';
import { megabytes, memoryUse } from './memory-use.ts';
import { type MemoryState, MemoryWatch } from './memory-watch.ts';

/** What the guard works with. */
export interface MemoryGuardOptions {
  /** Undefined: there is no limit, and nothing is watched. */
  readonly limitMb: number | undefined;
  readonly stateDirectory: string;
  readonly log: Logger;
  /** What the engine keeps, by kind. */
  readonly sizes: () => Readonly<Record<string, number>>;
  /** Told once that the limit is reached. */
  readonly onFull: (error: MemoryLimitError) => void;
}

/** What `GET /v1/health` says of memory. */
export interface MemoryReport {
  readonly rssMb: number;
  readonly limitMb?: number;
  readonly state: MemoryState;
}

/** How long a process waits before it reads the cluster, by how many before it ended at the limit, in milliseconds. */
const holdsMs = [10_000, 60_000, 300_000] as const;
/** Memory that was good for this long has the notes of before forgotten, in milliseconds. */
const forgivenAfterMs = 600_000;
const bytesPerMegabyte = 1024 * 1024;

/** The guard of one process. */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  readonly #note: MemoryNoteFile;
  readonly #troubles: TroubleLog;
  readonly #watch: MemoryWatch | undefined;
  /** How many processes in a row ended at the limit before this one. */
  #ends = 0;
  #startedAtMs = performance.now();
  /** Why the cluster is not read yet. */
  #hold: string | undefined;

  constructor(options: MemoryGuardOptions) {
    const { limitMb, log } = options;
    this.#options = options;
    this.#note = new MemoryNoteFile(options.stateDirectory);
    this.#troubles = new TroubleLog(log);
    if (limitMb === undefined) return;
    this.#watch = new MemoryWatch({
      limitBytes: limitMb * bytesPerMegabyte,
      residentBytes: () => memoryUsage.rss(),
      collectGarbage: () => globalThis.gc?.(),
      nowMs: () => performance.now(),
    });
  }

  /** Why nothing new is taken in; undefined when it is. */
  get hold(): string | undefined {
    return this.#hold;
  }

  get report(): MemoryReport {
    const { limitMb } = this.#options;
    const rssMb = megabytes(memoryUsage.rss());
    return { rssMb, ...(limitMb === undefined ? {} : { limitMb }), state: this.#watch?.state ?? 'good' };
  }

  /** Reads what the process before left; gives how long to wait before the cluster is read, in milliseconds. */
  begin(): number {
    const note = this.#watch === undefined ? undefined : this.#note.read();
    if (note === undefined) return 0;
    this.#ends = note.ends;
    const holdMs = holdsMs[Math.min(note.ends, holdsMs.length) - 1] ?? 0;
    const how = note.state === 'full' ? 'ended at' : 'ended without a word near';
    this.#hold = `the process before ${how} its memory limit (${note.rssMb} of ${note.limitMb} MB at ${note.at}); this one reads the cluster after ${holdMs / 1_000} s`;
    this.#options.log.warn({ ...note }, this.#hold);
    return holdMs;
  }

  /** The cluster is read from now on. */
  release(): void {
    this.#hold = undefined;
    this.#startedAtMs = performance.now();
  }

  /** Looks at the memory. */
  check(): void {
    const before = this.#watch?.state;
    const state = this.#watch?.check();
    if (state === 'near') this.#near(before === 'near');
    else if (state === 'full' && before !== 'full') this.#full();
    else if (state === 'good') this.#good();
  }

  /** The process ends in order: nothing has to be told to the next. */
  end(): void {
    if (this.#watch?.state === 'near') this.#keep(undefined);
  }

  metrics(): readonly MetricFamily[] {
    const { limitMb } = this.#options;
    if (limitMb === undefined) return [];
    return [
      gauge('weir_memory_limit_bytes', 'The limit of --memory-limit-mb.', limitMb * bytesPerMegabyte),
      gauge('weir_memory_near_limit', 'Whether resident memory is near the limit, garbage not counted.', this.#watch?.state !== 'good'),
    ];
  }

  #near(isKnown: boolean): void {
    const use = memoryUse(this.#options.sizes());
    this.#troubles.trouble('memory', { limitMb: this.#options.limitMb, ...use }, 'memory is near its limit');
    if (!isKnown) this.#keep(this.#noteOf('near', use.rssMb));
  }

  #full(): void {
    const { limitMb = 0, log, onFull } = this.#options;
    const use = memoryUse(this.#options.sizes());
    this.#keep(this.#noteOf('full', use.rssMb));
    const error = new MemoryLimitError(`its memory reached the limit: ${use.rssMb} of ${limitMb} MB; give it more, see --memory-limit-mb`);
    log.error({ limitMb, ...use }, 'memory has reached its limit; the agent ends and its rules stay in force');
    onFull(error);
  }

  #good(): void {
    this.#troubles.over('memory', {}, 'memory is well below its limit again');
    if (this.#hold !== undefined || this.#ends === 0 || performance.now() - this.#startedAtMs < forgivenAfterMs) return;
    this.#ends = 0;
    this.#keep(undefined);
  }

  #noteOf(state: MemoryNote['state'], rssMb: number): MemoryNote {
    return { state, at: new Date().toISOString(), rssMb, limitMb: this.#options.limitMb ?? 0, ends: this.#ends + 1 };
  }

  #keep(note: MemoryNote | undefined): void {
    try {
      this.#note.write(note);
    } catch (error) {
      this.#options.log.error(errorFields(error), 'the note about memory could not be kept');
    }
  }
}
