/**
 * Drives the engine's deltas into the kernel, one transaction after another.
 *
 * Leading edge first: a change is applied as soon as what has already arrived with it has been read,
 * and changes that come while a commit runs form the next one; there is no debounce timer. A stream of
 * changes that does not end is paced, so that a storm costs a bounded number of transactions. A delta
 * that could not be applied is kept, sent again together with what follows, and tried with a growing
 * delay; the old state stays in force.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Delta, type Engine, isEmpty, type ReleasedAddress } from '@weir/calc';
import type { ApplyReport, Dataplane } from '@weir/dataplane';
import { AssertionError } from '@weir/net';
import type { Logger } from '../log/log.ts';
import { StaleConnections } from '../sources/stale-connections.ts';
import { EndpointsInForce } from '../start-gate/endpoints-in-force.ts';
import { EnforcementError, SettleWaiters } from '../start-gate/settle-waiters.ts';
import { CounterReads } from './counter-reads.ts';
import { EnforcementRecord } from './enforcement-record.ts';
import type { EnforcementProgress, EnforcementState, PacketCounts } from './enforcement-state.ts';
import type { EstablishedConnections } from './established-connections.ts';
import { HostsInForce } from './hosts-in-force.ts';
import { KernelComparison } from './kernel-comparison.ts';
import { retryDelta } from './retry-delta.ts';
import { TransactionPace } from './transaction-pace.ts';

/** How long to wait after a failure, in milliseconds, step by step up to the last. */
const retryDelaysMs = [50, 100, 200, 500, 1_000, 2_000, 5_000] as const;

/** What an enforcer needs. */
export interface EnforcerOptions {
  readonly engine: Engine;
  readonly dataplane: Dataplane;
  readonly log: Logger;
  /** Whether the engine may be flushed: before the sources are in sync the old rules stay. */
  ready(): boolean;
  /** Which established connections to look at; only asked when the data plane cuts them. */
  readonly connections: EstablishedConnections;
  /** Told of the addresses that went from one pod to another, or to nobody. */
  onReleased(released: readonly ReleasedAddress[]): void;
  /** Told once of a fault of ours (the engine threw, an invariant does not hold); nothing is applied after it. */
  onFault(error: unknown): void;
  /** Told when what the engine knows is about to go to the kernel, and when it is there; in this order. */
  readonly progress?: readonly EnforcementProgress[];
}

/** The only caller of a data plane. */
export class Enforcer {
  readonly #options: EnforcerOptions;
  readonly #record: EnforcementRecord;
  readonly #pace = new TransactionPace();
  readonly #waiters = new SettleWaiters();
  readonly #comparison: KernelComparison;
  /** The node's endpoints as they are in the kernel. */
  readonly endpoints: EndpointsInForce = new EndpointsInForce();
  /** Its host endpoints. */
  readonly hosts: HostsInForce = new HostsInForce();
  readonly #stale = new StaleConnections();
  /** What has to be sent again. */
  #failedDelta: Delta | undefined;
  #revision = 0;
  #applied = -1;
  /** When to try again what the kernel refuses, on the monotonic clock; undefined when it refuses nothing. */
  #refusedUntilMs: number | undefined;
  readonly #counterReads = new CounterReads();
  #running: Promise<void> | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #laterTimer: NodeJS.Timeout | undefined;
  #closed = false;
  /** When the oldest change that is not applied came, on the monotonic clock. */
  #waitingSinceMs = 0;

  constructor(options: EnforcerOptions) {
    this.#options = options;
    this.#record = new EnforcementRecord(options.log);
    this.#comparison = new KernelComparison({
      dataplane: options.dataplane,
      ready: () => this.state.inForce,
      onWanted: () => this.#kick(),
      onResult: (report, isQuiet) => this.#record.compared(report, isQuiet),
      onFailure: (error) => this.#failed(error),
      onFault: (error) => this.#fault(error),
    });
  }

  /** What has been done so far. */
  get state(): EnforcementState {
    return this.#record.state;
  }

  /** How long the oldest change that could be applied has been waiting, in milliseconds; 0 when there is none. */
  get waitingMs(): number {
    return this.#applied < this.#revision && this.#options.ready() ? performance.now() - this.#waitingSinceMs : 0;
  }

  /** Whether everything that the engine has been told of is in the kernel. */
  get isSettled(): boolean {
    return this.#applied >= this.#revision;
  }

  /** Says that the engine has been told of something. */
  changed(): void {
    if (this.#applied >= this.#revision || !this.#options.ready()) this.#waitingSinceMs = performance.now();
    this.#revision++;
    this.#kick();
  }

  /** Asks for a comparison with the kernel, and repair, in turn with the transactions. */
  resync(): void {
    this.#comparison.want();
  }

  /**
   * Resolves when everything that the engine knows now is in the kernel. Rejects with an
   * EnforcementError that says why not, when that takes longer than `patienceMs` or the enforcer is closed.
   */
  settled(patienceMs: number): Promise<void> {
    if (this.isSettled) return Promise.resolve();
    if (this.#closed) return Promise.reject(new EnforcementError('the agent is stopping'));
    const settled = this.#waiters.wait(this.#revision, patienceMs, () => this.state.lastError);
    this.#kick();
    return settled;
  }

  /** Reads the kernel's counters, in turn with the transactions and behind them. Rejects as the back end does. */
  packetCounts(): Promise<PacketCounts> {
    if (this.#closed) return Promise.reject(new EnforcementError('the agent is stopping'));
    const counts = this.#counterReads.ask();
    this.#kick();
    return counts;
  }

  /** Lets the transaction in flight end and starts no other; the rules stay, who waits is told. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#laterTimer);
    await this.#running;
    await this.#comparison.close();
    const stopping = new EnforcementError('the agent is stopping');
    this.#waiters.close(stopping);
    this.#counterReads.close(stopping);
  }

  /** Starts the loop unless it runs, may not run, or waits before it tries again. */
  #kick(): void {
    if (this.#running !== undefined || this.#closed || this.#retryTimer !== undefined || !this.#options.ready()) return;
    this.#running = this.#loop();
  }

  /** What comes while the loop runs is seen by it before it ends: between the last look and the end nothing waits. */
  async #loop(): Promise<void> {
    try {
      for (;;) {
        // What the sockets have ready belongs to the same transaction.
        await nextTurn();
        if (this.#closed || this.#retryTimer !== undefined) return;
        if (this.#options.connections.dueInMs() === 0) await this.#look();
        else if (this.#applied < this.#revision || this.#refusedDueInMs() === 0) await this.#applyInPace();
        else if (this.#stale.dueInMs === 0) await this.#endStale();
        else if (this.#comparison.isDue) this.#comparison.start();
        else if (this.#counterReads.isAsked) await this.#counterReads.read(this.#options.dataplane);
        else return this.#kickLater();
      }
    } catch (error) {
      this.#fault(error);
    } finally {
      this.#running = undefined;
    }
  }

  /** What arrives while a storm is held back for a moment joins the same transaction. */
  async #applyInPace(): Promise<void> {
    const waitMs = this.#pace.waitMs(performance.now());
    if (waitMs > 0) await sleep(waitMs);
    else await this.#applyChanges();
  }

  async #applyChanges(): Promise<void> {
    const revision = this.#revision;
    const startedAtMs = performance.now();
    const { progress = [] } = this.#options;
    for (const each of progress) each.underWay();
    const next = this.#flush();
    for (const each of progress) each.calculated?.();
    const delta = this.#failedDelta === undefined ? next : retryDelta(this.#failedDelta, next);
    if (this.#failedDelta !== undefined) this.#record.retries();
    // Empty ones go through at first, since that replaces what an earlier process left, and to try again what was refused.
    const changes = !isEmpty(delta) || !this.state.inForce || this.#refusedDueInMs() === 0;
    if (changes) {
      this.#pace.begin(performance.now());
      this.#failedDelta = delta;
      let report: ApplyReport;
      try {
        report = await this.#options.dataplane.apply(delta);
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#failedDelta = undefined;
      this.#succeeded(delta, report);
    }
    this.#applied = revision;
    this.#waitingSinceMs = startedAtMs;
    for (const each of progress) each.inKernel(changes);
    this.#waiters.settle(revision);
  }

  /** What is new, and whose addresses changed hands with it. */
  #flush(): Delta {
    const { engine } = this.#options;
    const delta = engine.flush();
    if (engine.released.length === 0) return delta;
    this.#options.onReleased(engine.released);
    // The data plane itself ends the connections of endpoints that it has; without endpoints there are none.
    if (this.endpoints.size > 0) this.#stale.add(engine.released.filter(({ owner }) => !this.endpoints.has(owner)));
    return delta;
  }

  /** Behind the rules: a connection that is ended before them would come up again under the old ones. */
  async #endStale(): Promise<void> {
    try {
      await this.#stale.settle((addresses) => this.#options.dataplane.endConnections(addresses));
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#record.works();
  }

  #succeeded(delta: Delta, report: ApplyReport): void {
    const refused = this.endpoints.applied(delta, report);
    this.hosts.applied(delta, report);
    if (this.#options.dataplane.established === 'cut') this.#options.connections.applied(delta);
    this.#refusedUntilMs = report.retryInMs === undefined ? undefined : performance.now() + report.retryInMs;
    this.#record.applied(report, refused);
  }

  /** Milliseconds until what the kernel refuses is tried again; undefined when it refuses nothing. */
  #refusedDueInMs(): number | undefined {
    return this.#refusedUntilMs === undefined ? undefined : Math.max(0, this.#refusedUntilMs - performance.now());
  }

  /** Ends established connections that are no longer allowed. */
  async #look(): Promise<void> {
    try {
      await this.#options.connections.look();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#record.works();
  }

  #kickLater(): void {
    const dueInMs = [this.#options.connections.dueInMs(), this.#stale.dueInMs, this.#refusedDueInMs()].filter((each) => each !== undefined);
    clearTimeout(this.#laterTimer);
    if (dueInMs.length > 0) this.#laterTimer = setTimeout(() => this.#kick(), Math.min(...dueInMs));
  }

  #fault(error: unknown): void {
    this.#closed = true;
    this.#options.onFault(error);
  }

  #failed(error: unknown): void {
    // Its books are wrong: only a new process, which takes the whole state over, puts them right.
    if (error instanceof AssertionError) throw error;
    const failures = this.#record.failed(error);
    const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length) - 1] ?? 5_000;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#kick();
    }, delayMs);
  }
}
