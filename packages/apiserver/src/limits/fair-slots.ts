/**
 * A number of places that users share: who finds none free waits, and when one becomes free it goes to the users in
 * turn, so that one with a thousand requests does not keep another with one waiting.
 */

/** How many. */
export interface SlotLimits {
  readonly slots: number;
  /** Of them, what one user may hold. */
  readonly slotsPerUser: number;
  /** How many requests of one user may wait. */
  readonly waitingPerUser: number;
  /** How many may wait in all. */
  readonly waiting: number;
  /** How long one waits at most, in milliseconds. */
  readonly patienceMs: number;
}

/** Gives a place back; only the first call counts. */
export type Release = () => void;

interface Waiting {
  begin(release: Release): void;
}

/** The places. */
export class FairSlots {
  readonly #limits: SlotLimits;
  readonly #held = new Map<string, number>();
  /** Those who wait, by user; the user whose turn is next comes first. */
  readonly #queues = new Map<string, Set<Waiting>>();
  #taken = 0;
  #waiting = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** A place for a request of a user; undefined when too many wait, when the time is up, or when `signal` is aborted. */
  take(user: string, signal: AbortSignal): Release | Promise<Release | undefined> {
    if (this.#taken < this.#limits.slots && this.#heldBy(user) < this.#limits.slotsPerUser) return this.#give(user);
    return this.#wait(user, signal);
  }

  #wait(user: string, signal: AbortSignal): Promise<Release | undefined> {
    const queue = this.#queues.get(user) ?? new Set();
    const { waitingPerUser, waiting, patienceMs } = this.#limits;
    if (signal.aborted || queue.size >= waitingPerUser || this.#waiting >= waiting) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (release: Release | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        this.#waiting -= 1;
        queue.delete(place);
        if (queue.size === 0) this.#queues.delete(user);
        resolve(release);
      };
      const place: Waiting = { begin: settle };
      const leave = (): void => settle(undefined);
      const timer = setTimeout(leave, patienceMs);
      signal.addEventListener('abort', leave, { once: true });
      queue.add(place);
      this.#queues.set(user, queue);
      this.#waiting += 1;
    });
  }

  #give(user: string): Release {
    this.#taken += 1;
    this.#held.set(user, this.#heldBy(user) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#taken -= 1;
      const held = this.#heldBy(user) - 1;
      if (held === 0) this.#held.delete(user);
      else this.#held.set(user, held);
      this.#callNext();
    };
  }

  #callNext(): void {
    for (const [user, queue] of this.#queues) {
      if (this.#taken >= this.#limits.slots) return;
      const [next] = queue;
      if (next === undefined || this.#heldBy(user) >= this.#limits.slotsPerUser) continue;
      next.begin(this.#give(user));
      // Whoever was served is last in the next round.
      if (!this.#queues.delete(user) || queue.size === 0) return;
      this.#queues.set(user, queue);
      return;
    }
  }

  #heldBy(user: string): number {
    return this.#held.get(user) ?? 0;
  }
}
