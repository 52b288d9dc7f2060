/**
 * The state of an informer: the objects as last heard of, and what a list or an event changes in them.
 *
 * Lists are the truth at their resourceVersion. Events are applied when they are newer than what is known of
 * their object, so that duplicates and reordered events change nothing; deleted objects leave a
 * tombstone behind, else a late event about them would bring them back.
 */
import { compareResourceVersions, type KubeObject } from '@weir/kube';
import { unreachable } from '@weir/net';
import type { WatchEvent } from './watch-stream.ts';

/** One thing to tell the user of an informer. */
export interface StoreChange<T extends KubeObject> {
  readonly kind: 'upsert' | 'remove';
  readonly object: T;
}

/** Oldest tombstones are dropped beyond this number; an event reordered by that many deletions is not realistic. */
const tombstoneLimit = 10_000;

/** Objects by namespace and name. */
export class InformerStore<T extends KubeObject> {
  #objects = new Map<string, T>();
  readonly #tombstones = new Map<string, string | undefined>();
  #listVersion: string | undefined;
  #lastVersion: string | undefined;

  /** The newest resourceVersion heard of; watches go on from here. */
  get lastResourceVersion(): string | undefined {
    return this.#lastVersion;
  }

  /** Number of objects. */
  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(storeKey(namespace, name));
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Takes a complete list over; answers what differs from before, removals first. */
  replace(items: readonly T[], resourceVersion: string | undefined): readonly StoreChange<T>[] {
    const before = this.#objects;
    const after = new Map<string, T>();
    for (const item of items) after.set(keyOf(item), item);
    const removed: StoreChange<T>[] = [];
    const upserted: StoreChange<T>[] = [];
    for (const [key, object] of before) {
      const next = after.get(key);
      if (next === undefined || next.metadata.uid !== object.metadata.uid) removed.push({ kind: 'remove', object });
    }
    for (const [key, object] of after) {
      const known = before.get(key);
      if (known !== undefined && isSame(known, object)) after.set(key, known);
      else upserted.push({ kind: 'upsert', object });
    }
    this.#objects = after;
    this.#tombstones.clear();
    this.#listVersion = resourceVersion;
    this.#lastVersion = resourceVersion;
    return [...removed, ...upserted];
  }

  /** Takes one event over; answers what it changes: nothing for bookmarks, duplicates and stale events. */
  apply(event: WatchEvent<T>): readonly StoreChange<T>[] {
    const { object } = event;
    const version = object.metadata.resourceVersion;
    this.#advance(version);
    switch (event.type) {
      case 'BOOKMARK':
        return [];
      case 'ADDED':
      case 'MODIFIED':
        return this.#upsert(keyOf(object), object, version);
      case 'DELETED':
        return this.#remove(keyOf(object), object, version);
      default:
        return unreachable(event.type);
    }
  }

  #upsert(key: string, object: T, version: string | undefined): readonly StoreChange<T>[] {
    const known = this.#objects.get(key);
    if (known === undefined) {
      const deletedAt = this.#tombstones.get(key) ?? this.#listVersion;
      if (isNotNewer(version, deletedAt)) return [];
      this.#objects.set(key, object);
      return [{ kind: 'upsert', object }];
    }
    if (isNotNewer(version, known.metadata.resourceVersion) || isSame(known, object)) return [];
    this.#objects.set(key, object);
    if (known.metadata.uid === object.metadata.uid) return [{ kind: 'upsert', object }];
    return [
      { kind: 'remove', object: known },
      { kind: 'upsert', object },
    ];
  }

  #remove(key: string, object: T, version: string | undefined): readonly StoreChange<T>[] {
    const known = this.#objects.get(key);
    if (known === undefined) {
      if (!isNotNewer(version, this.#tombstones.get(key))) this.#bury(key, version);
      return [];
    }
    const order = compareResourceVersions(version, known.metadata.resourceVersion);
    if (order !== undefined && order < 0) return [];
    this.#objects.delete(key);
    this.#bury(key, version);
    return [{ kind: 'remove', object }];
  }

  #bury(key: string, version: string | undefined): void {
    this.#tombstones.delete(key);
    this.#tombstones.set(key, version);
    if (this.#tombstones.size <= tombstoneLimit) return;
    for (const oldest of this.#tombstones.keys()) {
      this.#tombstones.delete(oldest);
      return;
    }
  }

  #advance(version: string | undefined): void {
    if (version === undefined || version === '') return;
    const order = compareResourceVersions(version, this.#lastVersion);
    if (order === undefined || order > 0) this.#lastVersion = version;
  }
}

/** Whether `version` is known to be older than or equal to `other`. */
function isNotNewer(version: string | undefined, other: string | undefined): boolean {
  const order = compareResourceVersions(version, other);
  return order !== undefined && order <= 0;
}

function isSame(left: KubeObject, right: KubeObject): boolean {
  return (
    left.metadata.resourceVersion !== undefined &&
    left.metadata.resourceVersion === right.metadata.resourceVersion &&
    left.metadata.uid === right.metadata.uid
  );
}

function keyOf(object: KubeObject): string {
  return storeKey(object.metadata.namespace, object.metadata.name ?? '');
}

function storeKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
