/**
 * The flow log (`--flow-log`): new connections of this node's pods, one JSON object a line, and what
 * had to be left out, so that a reader knows that it does not see everything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '@weir/calc';
import type { Dataplane, FlowEvent } from '@weir/dataplane';
import type { Address } from '@weir/net';
import { errorFields, type Logger } from '../log/log.ts';
import { TroubleLog } from '../log/trouble-log.ts';
import { attemptKey, flowRecord } from './flow-record.ts';
import type { FlowSink } from './flow-sink.ts';
import { RecentAttempts } from './recent-attempts.ts';

/** How long to wait until the kernel is asked again to let us listen, and between two lines about what was left out. */
const listenAgainMs = 5_000;
const reportEveryMs = 1_000;

/** What a flow log is made of. */
export interface FlowLogOptions {
  readonly engine: Engine;
  readonly dataplane: Dataplane;
  readonly sink: FlowSink;
  readonly log: Logger;
  readonly isOwnAddress: (address: Address) => boolean;
  /** The names of the domain name system that an address was lately told for. */
  readonly namesOf: (address: Address) => readonly string[];
}

/** Plain numbers that only grow. */
export interface FlowCounts {
  /** Lines about flows that were written. */
  readonly written: number;
  /** Denied packets of attempts that were told before. */
  readonly repeated: number;
  /** Events that were not told, by why: too many a second, the kernel's queue full, the sink refused them. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

type DropReason = 'rate' | 'queue' | 'sink';

/** Runs until it is closed. */
export class FlowLog {
  readonly #options: FlowLogOptions;
  readonly #troubles: TroubleLog;
  readonly #attempts = new RecentAttempts();
  readonly #closing = new AbortController();
  readonly #dropped: Record<DropReason, number> = { rate: 0, queue: 0, sink: 0 };
  #reported: Readonly<Record<DropReason, number>> = { rate: 0, queue: 0, sink: 0 };
  #reportAtMs = 0;
  #reportTimer: NodeJS.Timeout | undefined;
  #written = 0;
  #repeated = 0;
  #lines: string[] = [];
  #flushTimer: NodeJS.Immediate | undefined;
  #running: Promise<void> | undefined;

  constructor(options: FlowLogOptions) {
    this.#options = options;
    this.#troubles = new TroubleLog(options.log);
  }

  get counts(): FlowCounts {
    return { written: this.#written, repeated: this.#repeated, dropped: { ...this.#dropped } };
  }

  /** Begins to listen. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Writes what is left and ends; the data plane is closed before, which ends its events. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    clearTimeout(this.#reportTimer);
    this.#reportAtMs = 0;
    this.#flush();
    this.#options.sink.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        for await (const event of this.#options.dataplane.flows()) {
          this.#take(event);
          if (signal.aborted) return;
        }
      } catch (error) {
        this.#troubles.trouble('flow log', errorFields(error), 'new connections cannot be followed; tried again');
      }
      await sleep(listenAgainMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #take(event: FlowEvent): void {
    if (event.kind === 'dropped') {
      this.#dropped[event.reason] += event.events;
    } else if (event.kind !== 'allowed' && !this.#attempts.isNew(attemptKey(event), performance.now())) {
      this.#repeated++;
      return;
    } else {
      const { engine, isOwnAddress, namesOf } = this.#options;
      const record = flowRecord(event, { engine, isOwnAddress, namesOf, time: new Date().toISOString() });
      if (record !== undefined) this.#lines.push(`${JSON.stringify(record)}\n`);
    }
    this.#flushTimer ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushTimer);
    this.#flushTimer = undefined;
    const lines = this.#lines;
    this.#lines = [];
    const written = this.#writeLines(lines);
    this.#written += written;
    this.#dropped.sink += lines.length - written;
    this.#reportDropped();
  }

  /** Says what was left out since the last time. */
  #reportDropped(): void {
    const now = performance.now();
    const { rate, queue, sink } = this.#dropped;
    const dropped = { rate: rate - this.#reported.rate, queue: queue - this.#reported.queue, sink: sink - this.#reported.sink };
    if (dropped.rate + dropped.queue + dropped.sink === 0) return;
    if (now < this.#reportAtMs) {
      clearTimeout(this.#reportTimer);
      this.#reportTimer = setTimeout(() => this.#reportDropped(), this.#reportAtMs - now);
      return;
    }
    this.#reportAtMs = now + reportEveryMs;
    const line = JSON.stringify({ time: new Date().toISOString(), node: this.#options.engine.node, dropped });
    if (this.#writeLines([`${line}\n`]) === 1) this.#reported = { rate, queue, sink };
  }

  #writeLines(lines: readonly string[]): number {
    if (lines.length === 0) return 0;
    try {
      const written = this.#options.sink.write(lines);
      this.#troubles.over('flow sink', {}, 'flow records are written again');
      return written;
    } catch (error) {
      this.#troubles.trouble('flow sink', errorFields(error), 'flow records cannot be written; they are counted');
      return 0;
    }
  }
}
