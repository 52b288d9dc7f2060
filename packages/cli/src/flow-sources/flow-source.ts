/** A place where flows are told live: what was told before, and what comes. */
import type { FlowLogCounts, FlowLogLine } from '@weir/flows';

/** One line with who told it. */
export interface ToldLine {
  readonly node: string;
  readonly line: FlowLogLine;
}

/** What is wanted of a source. */
export interface FlowWish {
  /** Not before this moment, in milliseconds since 1970; absent: everything that is kept. */
  readonly sinceMs?: number;
  /** Whether what comes after the first time is wanted, too. */
  readonly isFollowed: boolean;
}

/** Made by whoever knows the place; `take` is asked again and again. */
export interface FlowSource {
  /** What has come since the last time, oldest first per node; the first time that is the past. */
  take(): Promise<readonly ToldLine[]>;
  /** What people should know of the place and were not told yet, one sentence each. */
  news(): readonly string[];
  /** Of all lines so far. */
  readonly counts: FlowLogCounts;
  close(): void;
}

/** The counts of several readers as one. */
export function sumOfCounts(all: readonly { readonly who: string; readonly counts: FlowLogCounts }[]): FlowLogCounts {
  const first = all.find(({ counts }) => counts.firstBroken !== undefined);
  return {
    flows: all.reduce((sum, { counts }) => sum + counts.flows, 0),
    broken: all.reduce((sum, { counts }) => sum + counts.broken, 0),
    ...(first === undefined ? {} : { firstBroken: `${first.who}, ${first.counts.firstBroken ?? ''}` }),
    dropped: all.reduce((sum, { counts }) => sum + counts.dropped, 0),
  };
}
