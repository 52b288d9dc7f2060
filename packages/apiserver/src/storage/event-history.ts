/**
 * The last changes, kept for watches that continue and for lists at an older resource version.
 *
 * Bounded by number and bytes: what somebody has parsed of an event is not kept with it. What has fallen out is gone: whoever asks for it gets 410 and lists
 * again. The history starts empty when the server starts, at the revision of the store.
 */
import { EncodedObject } from './encoded-object.ts';
import type { ObjectKey } from './store-keys.ts';

/** One committed change. `object` is the new state, or the last one with the revision of the deletion. */
export interface StoreEvent {
  readonly kind: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly key: ObjectKey;
  readonly object: EncodedObject;
  /** The state before, absent for ADDED. */
  readonly previous?: EncodedObject;
}

/** How much is kept. */
export interface HistoryLimits {
  /** Number of events. */
  readonly events: number;
  /** Bytes of the objects in them. */
  readonly bytes: number;
}

/** An event as it is kept. */
interface KeptEvent {
  readonly kind: StoreEvent['kind'];
  readonly revision: number;
  readonly key: ObjectKey;
  readonly bytes: Uint8Array;
  readonly previous: Uint8Array | undefined;
}

/** Events in the order of their revisions. */
export class EventHistory {
  readonly #limits: HistoryLimits;
  #events: KeptEvent[] = [];
  /** Index of the oldest kept event in #events; the array is compacted now and then. */
  #head = 0;
  #bytes = 0;
  #floor: number;

  /** Nothing at or before `floor` can be replayed. */
  constructor(floor: number, limits: HistoryLimits) {
    this.#floor = floor;
    this.#limits = limits;
  }

  /** Events after this revision are all kept. */
  get floor(): number {
    return this.#floor;
  }

  /** Adds the newest event. */
  append({ kind, revision, key, object, previous }: StoreEvent): void {
    const kept: KeptEvent = { kind, revision, key, bytes: object.bytes, previous: previous?.bytes };
    this.#events.push(kept);
    this.#bytes += sizeOf(kept);
    while (this.#events.length - this.#head > this.#limits.events || this.#bytes > this.#limits.bytes) this.#dropOldest();
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The events after a revision, oldest first, or undefined when some of them are gone. */
  since(revision: number): readonly StoreEvent[] | undefined {
    if (revision < this.#floor) return undefined;
    let low = this.#head;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low).map(eventOf);
  }

  #dropOldest(): void {
    const oldest = this.#events[this.#head];
    if (oldest === undefined) return;
    this.#bytes -= sizeOf(oldest);
    this.#floor = oldest.revision;
    this.#head++;
  }
}

function eventOf({ kind, revision, key, bytes, previous }: KeptEvent): StoreEvent {
  const event = { kind, revision, key, object: new EncodedObject(bytes) };
  return previous === undefined ? event : { ...event, previous: new EncodedObject(previous) };
}

function sizeOf({ bytes, previous }: KeptEvent): number {
  return bytes.length + (previous?.length ?? 0);
}
