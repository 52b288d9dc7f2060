/**
 * Objects on disk (lmdb): one global revision, events after the commit only.
 *
 * Every write runs as a synchronous function inside a write transaction of its own, which is committed
 * when the function returns; then its events are published, in the order of their revisions. What is
 * committed can be read and outlives the process. The promise of a write resolves when it outlives
 * the machine too: one sync of the file serves all writes that wait for it. A key is
 * `resource/namespace/name`; none of the parts can hold a slash.
 */
import { join } from 'node:path';
import { ensureObject, type JsonObject } from '@weir/kube';
import { assert } from '@weir/net';
import type { Database, RootDatabase } from 'lmdb';
import { WriteTiming } from '../timing/request-timing.ts';
import { EncodedObject } from './encoded-object.ts';
import { EventHistory, type HistoryLimits, type ObjectKey, type StoreEvent } from './event-history.ts';
import { firstRevision, openStoreDatabases, revisionKey } from './store-databases.ts';
import { SyncedFile } from './synced-file.ts';

/** Settings of a store. */
export interface ObjectStoreOptions {
  /** The directory of the data files; made when it is missing. */
  readonly directory: string;
  /** What is kept for watches. Default: 20 000 events, 64 MiB. */
  readonly history?: HistoryLimits;
}

/** Which objects to read, in the order of their keys. */
export interface ListRange {
  readonly resource: string;
  /** Only this namespace; all when absent. */
  readonly namespace?: string;
  /** Only objects after this key (exclusive), see {@link keyText}. */
  readonly after?: string;
}

/** An object with its key. */
export interface StoredObject {
  readonly key: ObjectKey;
  readonly object: EncodedObject;
}

/** A list as it was at an older revision. */
export interface PastObjects {
  readonly objects: Iterable<StoredObject>;
  /** How many of them come after a key. */
  count(after: string): number;
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
  readonly #file: SyncedFile;

  constructor(options: ObjectStoreOptions) {
    const { root, objects, meta } = openStoreDatabases(options.directory, { readOnly: false });
    this.#root = root;
    this.#objects = objects;
    this.#meta = meta;
    this.#file = new SyncedFile(join(options.directory, 'data.mdb'));
    this.#limits = options.history ?? { events: 20_000, bytes: 64 * 1024 * 1024 };
    this.#history = new EventHistory(this.revision, this.#limits);
  }

  /** The revision of the newest commit. */
  get revision(): number {
    return this.#meta.get(revisionKey) ?? firstRevision;
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
    if (bounds === undefined) return;
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

  /**
   * The objects as they were at an older revision, or undefined when the history does not reach so
   * far back: the present state with the changes since then undone, read as far as the caller goes.
   */
  listAt(range: ListRange, revision: number): PastObjects | undefined {
    const events = this.#history.since(revision);
    if (events === undefined) return undefined;
    const past = new Map<string, StoredObject | undefined>();
    for (const event of events) {
      const text = keyText(event.key);
      if (past.has(text) || !isInRange(event.key, text, range)) continue;
      past.set(text, event.previous === undefined ? undefined : { key: event.key, object: event.previous });
    }
    return { objects: this.#past(range, past), count: (after) => this.#pastCount({ ...range, after }, past) };
  }

  /** Merges what is there and has not changed since with what has, both in the order of their keys. */
  *#past(range: ListRange, past: ReadonlyMap<string, StoredObject | undefined>): Iterable<StoredObject> {
    const changed = [...past].filter((entry) => entry[1] !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    let next = 0;
    for (const stored of this.list(range)) {
      const text = keyText(stored.key);
      for (let entry = changed[next]; entry !== undefined && entry[0] <= text; entry = changed[++next]) {
        if (entry[1] !== undefined) yield entry[1];
      }
      if (!past.has(text)) yield stored;
    }
    for (const [, stored] of changed.slice(next)) if (stored !== undefined) yield stored;
  }

  #pastCount(range: ListRange, past: ReadonlyMap<string, StoredObject | undefined>): number {
    let counted = this.count(range);
    for (const [text, stored] of past) {
      if (range.after !== undefined && text <= range.after) continue;
      counted += (stored === undefined ? 0 : 1) - (this.#objects.doesExist(text) ? 1 : 0);
    }
    return counted;
  }

  /**
   * Runs a write; resolves with its result once everything it did is on disk. When the function throws
   * nothing of it is done.
   */
  async write<T>(action: (transaction: StoreTransaction) => T): Promise<T> {
    const events: StoreEvent[] = [];
    const timing = WriteTiming.begin();
    const result = this.#root.transactionSync(() => {
      const value = action(this.#transaction(events));
      timing?.passed();
      return value;
    });
    timing?.passed();
    this.#publish(events);
    timing?.published(events.map(({ revision, key }) => ({ revision, key: keyText(key) })));
    if (events.length > 0) await this.#file.synced();
    return result;
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

  /** Finishes running writes and closes the files. */
  async close(): Promise<void> {
    await this.#file.synced();
    await this.#root.close();
    await this.#file.close();
  }

  #transaction(events: StoreEvent[]): StoreTransaction {
    const record = (event: StoreEvent): EncodedObject => {
      events.push(event);
      return event.object;
    };
    const nextRevision = (): number => {
      const revision = this.revision + 1;
      void this.#meta.put(revisionKey, revision);
      return revision;
    };
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

/** A key as text: `resource/namespace/name`. */
export function keyText(key: ObjectKey): string {
  return `${key.resource}/${key.namespace}/${key.name}`;
}

function parseKey(text: string): ObjectKey {
  const [resource = '', namespace = '', name = ''] = text.split('/');
  return { resource, namespace, name };
}

function assertPlainKey(key: ObjectKey): void {
  const isPlain = key.name !== '' && !`${key.resource}${key.namespace}${key.name}`.includes('/');
  assert(isPlain && fits(keyText(key)), `${keyText(key)} is no key`);
}

/** The longest key, in bytes; lmdb takes 1 978. No object that can be stored has a longer one. */
const keyBytes = 1_900;

/** Whether there can be an object with the key: whoever asks for another one is told that there is none. */
export function fits(text: string): boolean {
  return text.length * 3 <= keyBytes || Buffer.byteLength(text) <= keyBytes;
}

/**
 * '0' follows '/' in ASCII, so the range ends right after the last key with the prefix. It never begins before the
 * first one, whatever it is to come after: what clients send as a position must not lead out of what they asked for.
 * Undefined when nothing can be in it.
 */
function boundsOf(range: ListRange): { start: string; end: string } | undefined {
  const prefix = range.namespace === undefined ? range.resource : `${range.resource}/${range.namespace}`;
  const start = range.after !== undefined && range.after > `${prefix}/` ? range.after : `${prefix}/`;
  return fits(start) && start < `${prefix}0` ? { start, end: `${prefix}0` } : undefined;
}

function isInRange(key: ObjectKey, text: string, range: ListRange): boolean {
  return (
    key.resource === range.resource &&
    (range.namespace === undefined || key.namespace === range.namespace) &&
    (range.after === undefined || text > range.after)
  );
}
