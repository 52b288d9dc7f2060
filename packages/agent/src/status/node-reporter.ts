/**
 * When the node's report is written.
 *
 *   a policy that selects pods here, a refusal, a quarantine, trouble: at once, then at most once a
 *     second, and with a doubling pause while it goes on (up to half a heartbeat)
 *   all else (policies that select nobody here, other nodes' pods): with the next heartbeat
 *
 * So a policy costs writes on the nodes that have its pods, and a cluster in which much happens costs
 * what its heartbeats cost. `design/policy-status.md` has the figures.
 */
import { Backoff } from '@weir/client';
import type { NodeReport } from '@weir/kube';
import type { EnforcementState } from '../enforcement/enforcement-state.ts';
import { errorFields, type Logger } from '../log/log.ts';
import { TroubleLog } from '../log/trouble-log.ts';
import type { EnforcedPolicies } from './enforced-policies.ts';

/** What a reporter needs. */
export interface NodeReporterOptions {
  readonly policies: EnforcedPolicies;
  readonly log: Logger;
  /** Between two writes when nothing happens, in milliseconds. */
  readonly heartbeatMs: number;
  /** How the enforcer is. */
  state(): Pick<EnforcementState, 'failuresInARow' | 'lastError'>;
  /** Whether all that the engine knows is in the kernel. */
  isSettled(): boolean;
  /** Writes; rejects when that was not possible. */
  write(report: NodeReport, signal: AbortSignal): Promise<void>;
}

/** The shortest pause between two writes, in milliseconds. */
const shortestPauseMs = 1_000;
/** How long one write may take, and how long the last one may hold up the end of the process, in milliseconds. */
const writePatienceMs = 10_000;
const lastWritePatienceMs = 1_000;

/** Writes reports until it is stopped. */
export class NodeReporter {
  readonly #options: NodeReporterOptions;
  readonly #troubles: TroubleLog;
  readonly #retries: Backoff;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  /** A transaction is in flight, or failed and will be tried again. */
  #isUnderWay = false;
  #wasInForce = false;
  /** Something has changed since the last report was made. */
  #isDue = false;
  #pauseMs = shortestPauseMs;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | undefined;
  #reportedState: NodeReport['state'] | undefined;
  #isStopped = false;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
    this.#troubles = new TroubleLog(options.log);
    this.#retries = new Backoff({ initialMs: shortestPauseMs, maximumMs: options.heartbeatMs });
  }

  /** What the engine knows is about to go to the kernel. */
  underWay(): void {
    // Not the first try: somebody waits to hear that it fails.
    if (this.#isUnderWay && this.#wasInForce && this.#reportedState !== 'failing') this.#changed();
    this.#isUnderWay = true;
    this.#options.policies.underWay();
  }

  /** It has come through. */
  inKernel(): void {
    const isFirst = !this.#wasInForce;
    this.#isUnderWay = false;
    this.#wasInForce = true;
    const hasChanged = this.#options.policies.inKernel();
    if (isFirst || hasChanged || this.#isDue || this.#reportedState === 'failing') this.#changed();
  }

  /** Says that the agent goes, its rules staying; waits for that, but not for long. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (this.#reportedState === undefined) return;
    const signal = AbortSignal.timeout(lastWritePatienceMs);
    await this.#options.write(this.#options.policies.lastReport('stopped'), signal).catch(() => undefined);
  }

  #changed(): void {
    this.#isDue = true;
    const waitMs = this.#notBeforeMs - performance.now();
    if (waitMs <= 0) this.#report();
    else this.#wakeIn(waitMs);
  }

  #report(): void {
    if (this.#isStopped || !this.#wasInForce || this.#writing !== undefined) return;
    const { policies } = this.#options;
    const { failuresInARow, lastError } = this.#options.state();
    if (failuresInARow === 0) {
      // In flight: the end of the transaction comes back here, and then the report says what is.
      if (this.#isUnderWay) return;
      if (this.#options.isSettled()) policies.settled();
    }
    const report = failuresInARow === 0 ? policies.report(Date.now()) : policies.lastReport('failing', lastError);
    this.#planPauses();
    this.#isDue = false;
    this.#writing = this.#write(report);
  }

  /** Pauses double while changes follow each other, and are short again after a rest. */
  #planPauses(): void {
    const nowMs = performance.now();
    const hasRested = nowMs - this.#notBeforeMs > this.#pauseMs;
    this.#pauseMs = hasRested ? shortestPauseMs : Math.min(this.#pauseMs * 2, this.#options.heartbeatMs / 2);
    this.#notBeforeMs = nowMs + this.#pauseMs;
  }

  async #write(report: NodeReport): Promise<void> {
    let nextMs: number;
    try {
      await this.#options.write(report, AbortSignal.timeout(writePatienceMs));
      this.#retries.reset();
      this.#reportedState = report.state;
      this.#troubles.over('status', {}, 'the status of policies is published again');
      // Spread, so that nodes which started together do not write together.
      nextMs = this.#isDue ? this.#notBeforeMs - performance.now() : this.#options.heartbeatMs * (0.9 + Math.random() / 5);
    } catch (error) {
      this.#troubles.trouble('status', errorFields(error), 'the status of policies could not be published; enforcement goes on');
      nextMs = this.#retries.next();
    }
    this.#writing = undefined;
    this.#wakeIn(Math.max(0, nextMs));
  }

  #wakeIn(delayMs: number): void {
    if (this.#isStopped) return;
    const atMs = performance.now() + delayMs;
    if (this.#timer !== undefined && this.#timerAtMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isDue = true;
      this.#report();
    }, delayMs);
  }
}
