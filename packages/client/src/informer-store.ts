/**
 * The state of an informer: the objects as last heard of, and what a list or an event changes in them.
 *
 * Lists are the truth at their resourceVersion. Events are applied when they are newer than what is known of
 * their object, so that duplicates and reordered events change nothing; deleted objects leave a
 * tombstone behind, else a late event about them would bring them back.
 */
import { compareResourceVersions, type KubeObject } from '@weir/kube';
import { unreachable } from '@weir/net';
import { ObjectTable } from './object-table.ts';
import { sharing } from './structural-sharing.ts';
import type { WatchEvent } from './watch-stream.ts';

/** One thing to tell the user of an informer. */
export interface StoreChange<T extends KubeObject> {
  readonly kind: 'upsert' | 'remove';
  readonly object: T;
}

/**
 * Oldest tombstones are dropped beyond this number; an event reordered by that many deletions is not realistic. They
 * are all that is kept of objects that are gone: a name and a version each, some 200 bytes.
 */
const tombstoneLimit = 1_000;

/** Objects by namespace and name. */
export class InformerStore<T extends KubeObject> {
  #objects = new ObjectTable<T>();
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
    return this.#objects.get(namespace, name);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Takes a complete list over; answers what differs from before, removals first. */
  replace(items: readonly T[], resourceVersion: string | undefined): readonly StoreChange<T>[] {
    const before = this.#objects;
    const after = new ObjectTable<T>();
    for (const item of items) after.set(item);
    const removed: StoreChange<T>[] = [];
    const upserted: StoreChange<T>[] = [];
    for (const object of before.values()) {
      const next = after.sameAs(object);
      if (next === undefined || next.metadata.uid !== object.metadata.uid) removed.push({ kind: 'remove', object });
    }
    for (const object of after.values()) {
      const known = before.sameAs(object);
      if (known !== undefined && isSame(known, object)) after.set(known);
      else upserted.push({ kind: 'upsert', object: sharing(known, object) });
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
        return this.#upsert(object, version);
      case 'DELETED':
        return this.#remove(object, version);
      default:
        return unreachable(event.type);
    }
  }

  #upsert(object: T, version: string | undefined): readonly StoreChange<T>[] {
    const known = this.#objects.sameAs(object);
    if (known === undefined) {
      const deletedAt = this.#tombstones.get(keyOf(object)) ?? this.#listVersion;
      if (isNotNewer(version, deletedAt)) return [];
      this.#objects.set(object);
      return [{ kind: 'upsert', object }];
    }
    if (isNotNewer(version, known.metadata.resourceVersion) || isSame(known, object)) return [];
    const next = sharing(known, object);
    this.#objects.set(next);
    if (known.metadata.uid === next.metadata.uid) return [{ kind: 'upsert', object: next }];
    return [
      { kind: 'remove', object: known },
      { kind: 'upsert', object: next },
    ];
  }

  #remove(object: T, version: string | undefined): readonly StoreChange<T>[] {
    const known = this.#objects.sameAs(object);
    const key = keyOf(object);
    if (known === undefined) {
      if (!isNotNewer(version, this.#tombstones.get(key))) this.#bury(key, version);
      return [];
    }
    const order = compareResourceVersions(version, known.metadata.resourceVersion);
    if (order !== undefined && order < 0) return [];
    this.#objects.delete(object);
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

/** What a tombstone says whom it stands for. */
function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
