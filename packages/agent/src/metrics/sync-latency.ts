/**
 * How long changes take into the kernel: from the object's own timestamp, and from the moment in which
 * the agent heard of it. Only changes that made a transaction count; lists of a start do not, because
 * their objects changed long before anybody was there to see it.
 */
import type { KubeObject } from '@weir/kube';
import { Histogram, latencyBounds } from './histogram.ts';
import type { MetricFamily } from './metric-family.ts';
import { counter } from './metric-family.ts';
import { objectTimeMs } from './object-time.ts';

/** More changes than this are not waited for at the same time; the others are not measured. */
const pendingLimit = 10_000;

interface PendingChange {
  /** On the monotonic clock. */
  readonly heardAtMs: number;
  /** On the wall clock; undefined when the object tells no time. */
  readonly changedAtMs: number | undefined;
}

/** Clocks, in milliseconds. */
export interface Clocks {
  /** Never goes back. */
  monotonicMs(): number;
  /** Since 1970. */
  wallMs(): number;
}

const realClocks: Clocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/** Follows changes from the API server into the kernel. */
export class SyncLatency {
  readonly #clocks: Clocks;
  readonly #fromObject = new Histogram(latencyBounds);
  readonly #fromEvent = new Histogram(latencyBounds);
  /** Heard of, and not yet on the way. */
  #heard: PendingChange[] = [];
  /** On the way into the kernel, perhaps for the second time. */
  #underWay: PendingChange[] = [];
  #skewed = 0;
  #unmeasured = 0;

  constructor(clocks: Clocks = realClocks) {
    this.#clocks = clocks;
  }

  /** A watch told of a change. */
  heard(object: KubeObject): void {
    if (this.#heard.length + this.#underWay.length >= pendingLimit) {
      this.#unmeasured++;
      return;
    }
    this.#heard.push({ heardAtMs: this.#clocks.monotonicMs(), changedAtMs: objectTimeMs(object.metadata) });
  }

  /** What was heard of so far is about to go to the kernel. */
  underWay(): void {
    if (this.#underWay.length === 0) this.#underWay = this.#heard;
    else this.#underWay.push(...this.#heard);
    this.#heard = [];
  }

  /** What was under way is in the kernel; `changed`: it took a transaction. */
  inKernel(changed: boolean): void {
    if (this.#underWay.length === 0) return;
    if (changed) this.#observe(this.#underWay);
    this.#underWay = [];
  }

  metrics(): readonly MetricFamily[] {
    return [
      {
        name: 'weir_sync_latency_seconds',
        help: 'From the timestamp of a changed object (whole seconds) to its rules in the kernel.',
        type: 'histogram',
        histograms: [this.#fromObject.sample()],
      },
      {
        name: 'weir_event_latency_seconds',
        help: 'From the event of a watch to its rules in the kernel.',
        type: 'histogram',
        histograms: [this.#fromEvent.sample()],
      },
      counter('weir_clock_skew_total', "Changes whose timestamp was ahead of this node's clock; counted as a latency of 0.", this.#skewed),
      counter('weir_latency_unmeasured_total', 'Changes that came in too large numbers to be measured.', this.#unmeasured),
    ];
  }

  #observe(changes: readonly PendingChange[]): void {
    const [monotonicMs, wallMs] = [this.#clocks.monotonicMs(), this.#clocks.wallMs()];
    for (const { heardAtMs, changedAtMs } of changes) {
      this.#fromEvent.observe((monotonicMs - heardAtMs) / 1_000);
      if (changedAtMs === undefined) continue;
      if (changedAtMs > wallMs) this.#skewed++;
      this.#fromObject.observe(Math.max(0, wallMs - changedAtMs) / 1_000);
    }
  }
}
