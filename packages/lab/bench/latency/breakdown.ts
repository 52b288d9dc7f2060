/** Where the time of a change went, from the records of API server and agents. */
import type { TraceLog, TransactionRecord, WriteRecord } from './trace-log.ts';

/** Milliseconds of each stage, at the agent that was the last to have the change in force. */
export interface Breakdown {
  /** From the client sending the request to the API server having read its head. */
  readonly request: number;
  /** Until the request is read, understood and handed to the store. */
  readonly read: number;
  /** Until the object is patched, admitted, validated and written. */
  readonly write: number;
  /** Until it is on disk. */
  readonly commit: number;
  /** Until its event has been given to all watches. */
  readonly publish: number;
  /** Until the agent's engine is told. */
  readonly watch: number;
  /** Until the agent has a delta. */
  readonly calc: number;
  /** Until the delta is in force. */
  readonly kernel: number;
}

/** The stages in the order in which they happen. */
export const stages = [
  'request',
  'read',
  'write',
  'commit',
  'publish',
  'watch',
  'calc',
  'kernel',
] as const satisfies readonly (keyof Breakdown)[];

const million = 1e6;

/** The breakdown of the write with this revision, whose request began at `since` (microseconds); undefined when a record is missing. */
export function breakdownOf(trace: TraceLog, revision: number, since: number): Breakdown | undefined {
  const write = trace.writes.find(({ revisions }) => revisions.includes(revision));
  if (write === undefined) return undefined;
  const request = trace.requests.filter(({ headAt }) => headAt <= write.begunAt && headAt >= since * 1_000).at(-1);
  const slowest = slowestAfter(trace, write);
  if (request === undefined || slowest === undefined) return undefined;
  return {
    request: (request.headAt - since * 1_000) / million,
    read: (write.begunAt - request.headAt) / million,
    write: (write.ranAt - write.begunAt) / million,
    commit: (write.committedAt - write.ranAt) / million,
    publish: (write.publishedAt - write.committedAt) / million,
    watch: (slowest.arrivedAt - write.publishedAt) / million,
    calc: (slowest.flushedAt - slowest.arrivedAt) / million,
    kernel: (slowest.appliedAt - slowest.flushedAt) / million,
  };
}

/** When the write with this revision was handed to the store, in microseconds. */
export function writtenAt(trace: TraceLog, revision: number): number | undefined {
  const write = trace.writes.find(({ revisions }) => revisions.includes(revision));
  return write === undefined ? undefined : write.begunAt / 1_000;
}

function slowestAfter(trace: TraceLog, write: WriteRecord): TransactionRecord | undefined {
  const firsts = new Map<string, TransactionRecord>();
  for (const each of trace.transactions) {
    const known = firsts.get(each.node);
    if (each.arrivedAt >= write.committedAt && (known === undefined || each.arrivedAt < known.arrivedAt)) firsts.set(each.node, each);
  }
  return [...firsts.values()].sort((a, b) => b.appliedAt - a.appliedAt)[0];
}
