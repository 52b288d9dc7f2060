/**
 * Kinds with several versions are stored in one, and some under other names: the way of an object into the store.
 * The way back is in `table/encoded-view.ts`.
 */
import { ensureObject, type JsonObject, objectName, type ResourceDefinition, type StoredObjects } from '@weir/kube';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject, StoredObject } from '../storage/encoded-object.ts';
import type { StoreTransaction } from '../storage/object-store.ts';
import type { ObjectKey } from '../storage/store-keys.ts';
import { viewOf } from '../table/encoded-view.ts';
import { keyOf } from './object-key.ts';

/** Where an object is stored, and what is there now. */
export interface StoredPlace {
  readonly key: ObjectKey;
  readonly object: EncodedObject | undefined;
}

/** The place of a target's object: where it is, or where a new one goes. */
export function placeOf(store: { get(key: ObjectKey): EncodedObject | undefined }, target: ResourceTarget): StoredPlace {
  const { definition, namespace, name } = target;
  for (const stored of definition.conversion?.storedNames?.(name) ?? []) {
    const key = keyOf(definition, namespace, stored);
    const object = store.get(key);
    if (object !== undefined && objectName(viewOf(definition, object)) === name) return { key, object };
  }
  const key = keyOf(definition, namespace, name);
  const object = store.get(key);
  // What is stored under this name may be called otherwise.
  const isIt = object === undefined || definition.conversion?.storedNames === undefined || objectName(viewOf(definition, object)) === name;
  return { key, object: isIt ? object : undefined };
}

/** Whether an object is found by its name: where two are stored under names that stand for one, only the first of those is. */
export function isFoundByName(
  store: Parameters<typeof placeOf>[0],
  definition: ResourceDefinition,
  { key, object }: StoredObject,
): boolean {
  if (definition.conversion?.storedNames === undefined) return true;
  const name = objectName(viewOf(definition, object));
  if (name === key.name) return true;
  const found = placeOf(store, { definition, namespace: key.namespace, name, subresource: '' });
  return found.object === undefined || found.key.name === key.name;
}

/** The object as it is stored at `key`; owns its argument. */
export function toStored(definition: ResourceDefinition, object: JsonObject, key: ObjectKey): JsonObject {
  if (definition.conversion === undefined) return object;
  const stored = definition.conversion.toStored(object);
  if (definition.conversion.storedNames !== undefined) ensureObject(stored, 'metadata')['name'] = key.name;
  return stored;
}

/** What kinds may read of others while they are written. */
export function storedObjects(transaction: Pick<StoreTransaction, 'get' | 'list'>): StoredObjects {
  return {
    get: (resource, name, namespace = '') => transaction.get({ resource, namespace, name })?.json,
    *list(resource) {
      for (const { object } of transaction.list({ resource })) yield object.json;
    },
  };
}
