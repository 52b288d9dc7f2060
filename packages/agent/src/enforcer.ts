/**
 * Drives the engine's deltas into the kernel, one transaction after another.
 *
 * Leading edge first: a change is applied at once, and changes that arrive while a commit is in
 * flight form the next one; there is no debounce timer. A delta that could not be applied is kept,
 * merged with what follows and tried again with a growing delay; the old state stays in force.
 */
import { type Delta, type Engine, emptyDelta, isEmpty, squash } from '@weir/calc';
import type { ApplyReport, Dataplane, DriftReport } from '@weir/dataplane';
import { errorFields, type Logger } from './log.ts';

/** How long to wait after a failed transaction, in milliseconds, doubled up to the last. */
const retryDelaysMs = [50, 100, 200, 500, 1_000, 2_000, 5_000] as const;

/** What the enforcer has done; read by health and dump. */
export interface EnforcementState {
  /** Whether a whole state has been in the kernel since this process started. */
  readonly inForce: boolean;
  readonly transactions: number;
  readonly failuresInARow: number;
  readonly lastError?: string;
  readonly lastReport?: ApplyReport;
  readonly lastDrift?: DriftReport;
}

/** Who waits until a change is in the kernel. */
interface Waiter {
  readonly revision: number;
  resolve(): void;
}

/** The only caller of a data plane. */
export class Enforcer {
  readonly #engine: Engine;
  readonly #dataplane: Dataplane;
  readonly #log: Logger;
  /** Whether the engine may be flushed: before the sources are in sync the old rules stay. */
  readonly #ready: () => boolean;
  #pending: Delta = emptyDelta;
  #revision = 0;
  #applied = -1;
  #waiters: Waiter[] = [];
  #running: Promise<void> | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #state: EnforcementState = { inForce: false, transactions: 0, failuresInARow: 0 };

  constructor(options: { engine: Engine; dataplane: Dataplane; log: Logger; ready: () => boolean }) {
    this.#engine = options.engine;
    this.#dataplane = options.dataplane;
    this.#log = options.log;
    this.#ready = options.ready;
  }

  /** What has been done so far. */
  get state(): EnforcementState {
    return this.#state;
  }

  /** Says that the engine has been told of something. */
  changed(): void {
    this.#revision++;
    this.#run();
  }

  /**
   * Resolves when everything that the engine knows now is in the kernel. It does not reject: while
   * the kernel refuses, the caller waits, and says so when its own patience ends.
   */
  settled(): Promise<void> {
    if (this.#applied >= this.#revision && this.#state.inForce) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ revision: this.#revision, resolve });
      this.#run();
    });
  }

  /** Compares with the kernel and repairs, in turn with the transactions. */
  async resync(): Promise<DriftReport | undefined> {
    await this.#idle();
    if (this.#closed || !this.#state.inForce) return undefined;
    const report = await this.#exclusively(() => this.#dataplane.resync());
    if (report !== undefined && report.drifted.length > 0) {
      this.#log.warn({ drifted: report.drifted, repaired: report.repaired }, 'the kernel had drifted from the rules');
      this.#state = { ...this.#state, lastDrift: report };
    }
    return report;
  }

  /** Lets the transaction in flight end and starts no other; the rules stay. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    await this.#idle();
  }

  async #idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #run(): void {
    if (this.#running !== undefined || this.#closed || this.#retryTimer !== undefined || !this.#ready()) return;
    void this.#exclusively(() => this.#drain());
  }

  /** Runs one thing at a time; what came in meanwhile is applied afterwards. */
  async #exclusively<T>(action: () => Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    const running = (async () => {
      try {
        result = await action();
      } catch (error) {
        this.#log.error(errorFields(error), 'the data plane failed');
      }
    })();
    this.#running = running;
    await running;
    this.#running = undefined;
    if (this.#applied < this.#revision) this.#run();
    return result;
  }

  async #drain(): Promise<void> {
    while (!this.#closed && this.#applied < this.#revision) {
      const revision = this.#revision;
      this.#pending = squash(this.#pending, this.#engine.flush());
      try {
        await this.#apply();
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#applied = revision;
      this.#release();
    }
  }

  async #apply(): Promise<void> {
    // The first delta of a process goes through even when it is empty: it replaces what is left.
    if (isEmpty(this.#pending) && this.#state.inForce) return;
    const report = await this.#dataplane.apply(this.#pending);
    this.#pending = emptyDelta;
    for (const { program, reason } of report.quarantined) this.#log.error({ program, reason }, 'a program could not be enforced');
    this.#log.debug({ ...report }, 'applied');
    const { lastError: _, ...rest } = this.#state;
    this.#state = { ...rest, inForce: true, transactions: rest.transactions + report.transactions, failuresInARow: 0, lastReport: report };
  }

  #failed(error: unknown): void {
    const failures = this.#state.failuresInARow + 1;
    const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length) - 1] ?? 5_000;
    this.#state = { ...this.#state, failuresInARow: failures, lastError: errorFields(error).error };
    this.#log.error({ ...errorFields(error), failures, retryInMs: delayMs }, 'a change could not be applied; the old rules stay in force');
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#run();
    }, delayMs);
  }

  #release(): void {
    const ready = this.#waiters.filter((waiter) => waiter.revision <= this.#applied);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#applied);
    for (const waiter of ready) waiter.resolve();
  }
}
