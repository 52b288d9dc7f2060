/**
 * Keeps the status of ResourceQuotas: what they allow and what is used (`pkg/controller/resourcequota`). For people: what is
 * let in is counted by the API server itself.
 */
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound, type ResourcePath } from '@weir/client';
import {
  addAll,
  amountsOf,
  countedResource,
  formatQuantity,
  isInScope,
  type JsonObject,
  type KubeObject,
  type Quantity,
  usageOf,
  zeroQuantity,
} from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { NamespaceIndex } from './namespace-index.ts';
import { servedResources } from './served-resources.ts';

interface Quota extends KubeObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, unknown>> };
  readonly status?: { readonly hard?: Readonly<Record<string, unknown>>; readonly used?: Readonly<Record<string, unknown>> };
}

const quotasPath: Omit<ResourcePath, 'namespace'> = { group: '', version: 'v1', resource: 'resourcequotas' };

/** A kind that no quota counted before, and that is not served: when to look again. */
const retryMs = 5_000;

/** Starts the controller. */
export function startQuotaController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const index = new NamespaceIndex<Quota>();
  // By `plural.group`: kinds are followed from when a quota counts them.
  const counted = new Map<string, { readonly objects: NamespaceIndex<KubeObject>; readonly synced: Promise<void> }>();
  const touch = (resource: string, namespace: string | undefined): void => {
    for (const quota of index.inNamespace(namespace ?? '')) if (resourcesOf(quota).has(resource)) queue.add(objectKey(quota));
  };
  const follow = (resource: string, path: ResourcePath): void => {
    const objects = new NamespaceIndex<KubeObject>();
    const { synced } = informers.follow<KubeObject>(path, {
      upsert: (object) => {
        objects.put(object);
        touch(resource, object.metadata.namespace);
      },
      remove: (object) => {
        objects.delete(object);
        touch(resource, object.metadata.namespace);
      },
    });
    counted.set(resource, { objects, synced });
  };
  const quotas = informers.follow<Quota>(quotasPath, {
    upsert: (quota) => {
      index.put(quota);
      queue.add(objectKey(quota));
    },
    remove: (quota) => index.delete(quota),
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const quota = quotas.get(namespace, name);
      if (quota === undefined) return;
      const unknown = [...resourcesOf(quota)].filter((resource) => !counted.has(resource));
      if (unknown.length > 0) {
        for (const { group, version, resource, namespaced } of await servedResources(client)) {
          const full = group === '' ? resource : `${resource}.${group}`;
          if (namespaced && unknown.includes(full) && !counted.has(full)) follow(full, { group, version, resource });
        }
        if (unknown.some((resource) => !counted.has(resource))) queue.addLater(key, retryMs);
      }
      const used = new Map<string, Quantity>();
      for (const resource of resourcesOf(quota)) {
        const kind = counted.get(resource);
        await kind?.synced;
        for (const object of kind?.objects.inNamespace(namespace) ?? []) count(quota, resource, object, used);
      }
      await writeStatus(context, quota, used);
    },
    onError: (quota, error) => log.warn({ quota, error: String(error) }, 'a quota is not counted yet'),
  });
  return { stop: () => queue.stop() };
}

function resourcesOf({ spec }: Quota): ReadonlySet<string> {
  return new Set(Object.keys(spec?.hard ?? {}).flatMap((name) => countedResource(name) ?? []));
}

function count(quota: Quota, resource: string, object: KubeObject, used: Map<string, Quantity>): void {
  const json = object as unknown as JsonObject;
  if (isInScope(quota as unknown as JsonObject, resource, json)) addAll(used, usageOf(resource, json, Date.now()));
}

async function writeStatus({ client }: ControllerContext, quota: Quota, used: ReadonlyMap<string, Quantity>): Promise<void> {
  const { namespace, name = '', resourceVersion } = quota.metadata;
  const hard = amountsOf(quota.spec?.hard);
  const status = {
    hard: Object.fromEntries(Array.from(hard, ([resource, amount]) => [resource, formatQuantity(amount)])),
    used: Object.fromEntries(Array.from(hard.keys(), (resource) => [resource, formatQuantity(used.get(resource) ?? zeroQuantity)])),
  };
  if (isDeepStrictEqual({ ...quota.status }, status)) return;
  try {
    // What is no longer limited must not stay: lines that are gone are named.
    const gone = (known: object = {}): object =>
      Object.fromEntries(Object.keys(known).flatMap((line) => (hard.has(line) ? [] : [[line, null]])));
    const patch = {
      metadata: { resourceVersion },
      status: { hard: { ...gone(quota.status?.hard), ...status.hard }, used: { ...gone(quota.status?.used), ...status.used } },
    };
    await client.patch({ ...quotasPath, ...(namespace === undefined ? {} : { namespace }) }, name, patch, {
      type: 'merge',
      subresource: 'status',
    });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
