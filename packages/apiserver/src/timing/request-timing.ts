/**
 * When requests and writes passed which point, for whoever listens to the diagnostics channels
 * `weir:apiserver:request` and `weir:apiserver:write`; without a subscriber no clock is read.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
 */
import { channel } from 'node:diagnostics_channel';
import { hrtime } from 'node:process';

/** One request, as its channel carries it. */
export interface RequestTimes {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Its head has been read. */
  readonly headAt: number;
  /** Its answer has been given to the socket. */
  readonly answeredAt: number;
}

/** One write to the store, as its channel carries it. */
export interface WriteTimes {
  /** The revisions that it made. */
  readonly revisions: readonly number[];
  /** The keys of the objects, in the same order: `resource/namespace/name`. */
  readonly keys: readonly string[];
  /** It was handed to the store. */
  readonly begunAt: number;
  /** Its function has run, inside the transaction. */
  readonly ranAt: number;
  /** It is on disk. */
  readonly committedAt: number;
  /** Its events have been given to all watches. */
  readonly publishedAt: number;
}

const requests = channel('weir:apiserver:request');
const writes = channel('weir:apiserver:write');

/** Begins to time a request; undefined when nobody listens. */
export function requestBegun(): number | undefined {
  return requests.hasSubscribers ? now() : undefined;
}

/** Tells of a request that {@link requestBegun} began. */
export function requestAnswered(headAt: number | undefined, method: string, url: string): void {
  if (headAt === undefined) return;
  const times: RequestTimes = { method, url, headAt, answeredAt: now() };
  requests.publish(times);
}

/** The times of one write, taken one after another. */
export class WriteTiming {
  readonly #at: number[] = [now()];

  /** Begins to time a write; undefined when nobody listens. */
  static begin(): WriteTiming | undefined {
    return writes.hasSubscribers ? new WriteTiming() : undefined;
  }

  /** Its function has run, or it is on disk. */
  passed(): void {
    this.#at.push(now());
  }

  /** Its events are out. */
  published(changes: readonly { readonly revision: number; readonly key: string }[]): void {
    const [begunAt = 0, ranAt = 0, committedAt = 0] = this.#at;
    const times: WriteTimes = {
      revisions: changes.map(({ revision }) => revision),
      keys: changes.map(({ key }) => key),
      begunAt,
      ranAt,
      committedAt,
      publishedAt: now(),
    };
    writes.publish(times);
  }
}

function now(): number {
  return Number(hrtime.bigint());
}
