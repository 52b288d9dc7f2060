/**
 * Objects on disk (lmdb): one global revision, events after the commit only.
 *
 * Every write runs as a synchronous function inside a write transaction of its own, which is committed
 * when the function returns; then its events are published, in the order of their revisions. What is
 * committed can be read and outlives the process. The promise of a write resolves when it outlives
 * the machine too: one sync of the file serves all writes that wait for it.
 */
import { ensureObject, type JsonObject } from '@weir/kube';
import { assert } from '@weir/net';
import type { Database, RootDatabase } from 'lmdb';
import { WriteTiming } from '../timing/request-timing.ts';
import { EmptyResources } from './empty-resources.ts';
import { EncodedObject, type StoredObject } from './encoded-object.ts';
import { EventHistory, type HistoryLimits, type StoreEvent } from './event-history.ts';
import { PastObjects } from './past-objects.ts';
import { machineBootId } from './put-back.ts';
import { RecoveryPoints } from './recovery-point.ts';
import { SharedSync } from './shared-sync.ts';
import { firstRevision, openToWrite, revisionKey } from './store-databases.ts';
import { assertPlainKey, boundsOf, fits, keyText, type ListRange, type ObjectKey, parseKey } from './store-keys.ts';

/** Settings of a store. */
export interface ObjectStoreOptions {
  /** The directory of the data files; made when it is missing. */
  readonly directory: string;
  /** What is kept for watches. Default: 20 000 events, 64 MiB. */
  readonly history?: HistoryLimits;
  /** Which run of the machine this is. Default: what the kernel says. */
  readonly bootId?: string;
}

/** What a write may do. All of it happens or, when the function throws, nothing. */
export interface StoreTransaction {
  get(key: ObjectKey): EncodedObject | undefined;
  list(range: ListRange): Iterable<StoredObject>;
  /** Stores an object with the next revision as its `resourceVersion`; changes its argument so. */
  put(key: ObjectKey, object: JsonObject): EncodedObject;
  /** Removes an object that is there; returns its last state with the revision of the removal. */
  remove(key: ObjectKey): EncodedObject;
}

/** The one place where objects live. */
export class ObjectStore {
  readonly #root: RootDatabase<Uint8Array, string>;
  readonly #objects: Database<Uint8Array, string>;
  readonly #meta: Database<number, string>;
  readonly #limits: HistoryLimits;
  #history: EventHistory;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #points: RecoveryPoints;
  readonly #sync: SharedSync;
  readonly #empty = new EmptyResources();
  #revision: number;

  constructor(options: ObjectStoreOptions) {
    const bootId = options.bootId ?? machineBootId();
    const databases = openToWrite(options.directory, bootId);
    const { root, objects, meta } = databases;
    this.#root = root;
    this.#objects = objects;
    this.#meta = meta;
    this.#points = new RecoveryPoints(options.directory, databases, bootId);
    this.#sync = new SharedSync(() => this.#points.take());
    this.#limits = options.history ?? { events: 20_000, bytes: 64 * 1024 * 1024 };
    this.#revision = meta.get(revisionKey) ?? firstRevision;
    this.#history = new EventHistory(this.#revision, this.#limits);
  }

  /** The revision of the newest commit. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that a watch can continue from. */
  get oldestRevision(): number {
    return this.#history.floor;
  }

  /** One object, committed. */
  get(key: ObjectKey): EncodedObject | undefined {
    const text = keyText(key);
    if (!fits(text)) return undefined;
    const bytes = this.#objects.get(text);
    return bytes === undefined ? undefined : new EncodedObject(bytes);
  }

  /** Committed objects in the order of their keys. */
  *list(range: ListRange): Iterable<StoredObject> {
    const bounds = boundsOf(range);
    if (bounds === undefined || this.#hasNone(range.resource)) return;
    for (const { key, value } of this.#objects.getRange(bounds)) {
      if (key === range.after) continue;
      yield { key: parseKey(key), object: new EncodedObject(value) };
    }
  }

  /** The number of committed objects, without reading them. */
  count(range: ListRange): number {
    const bounds = boundsOf(range);
    if (bounds === undefined) return 0;
    const counted = this.#objects.getCount(bounds);
    // The bounds include the key after which the range begins.
    return bounds.start === range.after && this.#objects.doesExist(range.after) ? counted - 1 : counted;
  }

  /** The objects as they were at an older revision, or undefined when the history does not reach so far back. */
  listAt(range: ListRange, revision: number): PastObjects | undefined {
    const events = this.#history.since(revision);
    if (events === undefined) return undefined;
    return new PastObjects(
      { list: (all) => this.list(all), count: (all) => this.count(all), has: (text) => this.#objects.doesExist(text) },
      range,
      events,
    );
  }

  /**
   * Runs a write; resolves with its result once everything it did is on disk. When the function throws
   * nothing of it is done.
   */
  async write<T>(action: (transaction: StoreTransaction) => T): Promise<T> {
    const events: StoreEvent[] = [];
    const timing = WriteTiming.begin();
    const result = this.#commit(() => {
      const value = action(this.#transaction(events));
      timing?.passed();
      return value;
    }, events);
    timing?.passed();
    this.#publish(events);
    timing?.published(events.map(({ revision, key }) => ({ revision, key: keyText(key) })));
    if (events.length > 0) await this.#sync.done();
    return result;
  }

  /** Runs a function in a transaction of lmdb; `events` are what it does. */
  #commit<T>(action: () => T, events: readonly StoreEvent[]): T {
    try {
      const result = this.#root.transactionSync(() => {
        const value = action();
        const newest = events.at(-1)?.revision;
        if (newest !== undefined) void this.#meta.put(revisionKey, newest);
        return value;
      });
      this.#revision = events.at(-1)?.revision ?? this.#revision;
      return result;
    } catch (error) {
      this.#empty.undone();
      throw error;
    }
  }

  /** Events after a revision that have been published, or undefined when some are gone. */
  eventsSince(revision: number): readonly StoreEvent[] | undefined {
    return this.#history.since(revision);
  }

  /** Drops what is kept for watches: what a server makes before its first request, nobody can have begun to follow. */
  forgetHistory(): void {
    this.#history = new EventHistory(this.revision, this.#limits);
  }

  /** Calls `listener` for every event from now on; the returned function ends that. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #hasNone(resource: string): boolean {
    return this.#empty.has(resource, () => {
      const [first] = this.#objects.getKeys({ ...boundsOf({ resource }), limit: 1 });
      return first === undefined;
    });
  }

  /** Finishes running writes and closes the files. */
  async close(): Promise<void> {
    await this.#sync.done();
    await this.#points.close();
    await this.#root.close();
  }

  #transaction(events: StoreEvent[]): StoreTransaction {
    const record = (event: StoreEvent): EncodedObject => {
      events.push(event);
      return event.object;
    };
    const nextRevision = (): number => this.#revision + events.length + 1;
    const withRevision = (object: JsonObject, revision: number): EncodedObject => {
      ensureObject(object, 'metadata')['resourceVersion'] = String(revision);
      return EncodedObject.of(object);
    };
    return {
      get: (key) => this.get(key),
      list: (range) => this.list(range),
      put: (key, object) => {
        assertPlainKey(key);
        const previous = this.get(key);
        const revision = nextRevision();
        const encoded = withRevision(object, revision);
        this.#empty.filled(key.resource);
        void this.#objects.put(keyText(key), encoded.bytes);
        if (previous === undefined) return record({ kind: 'ADDED', revision, key, object: encoded });
        return record({ kind: 'MODIFIED', revision, key, object: encoded, previous });
      },
      remove: (key) => {
        const previous = this.get(key);
        assert(previous !== undefined, `${keyText(key)} is removed but not there`);
        const revision = nextRevision();
        const encoded = withRevision(previous.copy(), revision);
        void this.#objects.remove(keyText(key));
        return record({ kind: 'DELETED', revision, key, object: encoded, previous });
      },
    };
  }

  #publish(events: readonly StoreEvent[]): void {
    for (const event of events) {
      this.#history.append(event);
      for (const listener of this.#listeners) listener(event);
    }
  }
}
