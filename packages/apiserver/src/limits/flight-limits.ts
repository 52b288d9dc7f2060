/**
 * How many requests are under way at a time: those that change something, those that only read, and the long ones
 * (watches, followed logs, exec, attach, port-forward), each counted apart and shared fairly among users. Where
 * upstream has such a number it is upstream's (`--max-requests-inflight`, `--max-mutating-requests-inflight`).
 */
import { tooManyRequests } from '../errors/api-error.ts';
import { booleanParameter } from '../rest/rest-context.ts';
import { FairSlots, type Release, type SlotLimits } from './fair-slots.ts';

/** What a request is counted as. */
export type FlightKind = 'mutating' | 'reading' | 'stream';

/** The limits of a server. */
export type FlightLimitOptions = Readonly<Record<FlightKind, SlotLimits>>;

/** As long as upstream lets a request wait at most: a quarter of its time of one minute. */
const patienceMs = 15_000;

/** The limits unless others are given. A stream waits for none: it may last for hours. */
export const usualFlightLimits: FlightLimitOptions = {
  mutating: { slots: 200, slotsPerUser: 100, waitingPerUser: 500, waiting: 2_000, patienceMs },
  reading: { slots: 400, slotsPerUser: 200, waitingPerUser: 500, waiting: 2_000, patienceMs },
  stream: { slots: 4_096, slotsPerUser: 2_048, waitingPerUser: 0, waiting: 0, patienceMs: 0 },
};

/** After how many seconds who was refused may ask again. */
const retryAfterSeconds = 1;

/** Counts the requests of a server. */
export class FlightLimits {
  readonly #slots: Readonly<Record<FlightKind, FairSlots>>;

  constructor(limits: FlightLimitOptions = usualFlightLimits) {
    const { mutating, reading, stream } = limits;
    this.#slots = { mutating: new FairSlots(mutating), reading: new FairSlots(reading), stream: new FairSlots(stream) };
  }

  /** Lets a request in, now or in its turn; what comes back is to be called at its end. Throws 429. */
  async enter(kind: FlightKind, user: string, signal: AbortSignal): Promise<Release> {
    const release = await this.#slots[kind].take(user, signal);
    if (release === undefined) throw tooManyRequests('Too many requests, please try again later.', [], retryAfterSeconds);
    return release;
  }
}

/** What a request counts as. */
export function flightKindOf(method: string, path: string, query: URLSearchParams): FlightKind {
  if (method !== 'GET' && method !== 'HEAD') return 'mutating';
  const isStream = booleanParameter(query, 'watch') || (path.endsWith('/log') && booleanParameter(query, 'follow'));
  return isStream ? 'stream' : 'reading';
}
