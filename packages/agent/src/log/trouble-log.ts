/**
 * Trouble that repeats, said once: the first time at once, then at most once a minute with the number
 * of times, and when it is over. An API server that is away for a day must not fill a disk.
 */
import type { Logger } from './log.ts';

/** At most one line about one kind of trouble in this time, in milliseconds. */
const quietMs = 60_000;

interface Trouble {
  /** Times since the last line. */
  unsaid: number;
  saidAtMs: number;
  /** Whether a line was written that its end has to be told after. */
  isOpen: boolean;
}

/** One line a minute about each kind of trouble. */
export class TroubleLog {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #troubles = new Map<string, Trouble>();

  /** `nowMs` is a clock that never goes back. */
  constructor(log: Logger, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Something went wrong; `key` says what kind of thing and comes from a fixed, small set. */
  trouble(key: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    const now = this.#nowMs();
    const trouble = this.#troubles.get(key) ?? { unsaid: 0, saidAtMs: Number.NEGATIVE_INFINITY, isOpen: false };
    this.#troubles.set(key, trouble);
    trouble.unsaid++;
    if (now - trouble.saidAtMs < quietMs) return;
    this.#log.warn({ ...fields, times: trouble.unsaid }, message);
    trouble.unsaid = 0;
    trouble.saidAtMs = now;
    trouble.isOpen = true;
  }

  /** It works again; silent when the trouble was never told. */
  over(key: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    const trouble = this.#troubles.get(key);
    if (trouble?.isOpen !== true) return;
    trouble.isOpen = false;
    this.#log.info({ ...fields, timesUntold: trouble.unsaid }, message);
    trouble.unsaid = 0;
  }
}
