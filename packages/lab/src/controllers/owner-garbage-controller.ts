/**
 * Removes what a workload made and left behind: ReplicaSets whose Deployment is gone, pods whose
 * ReplicaSet is gone. Retried until it is done, also for owners that vanished while nobody looked and
 * for what was still being made when the owner went.
 */
import { deploymentsPath, isConflict, isNotFound, type KubeClient, podsPath, type ResourcePath, replicaSetsPath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { NamespaceIndex } from './namespace-index.ts';
import { controllerOf } from './workload.ts';

/** A kind of owner and what it owns. */
interface Ownership {
  readonly kind: 'Deployment' | 'ReplicaSet';
  readonly owners: (namespace?: string) => ResourcePath;
  readonly owned: (namespace?: string) => ResourcePath;
}

const ownerships: readonly Ownership[] = [
  { kind: 'Deployment', owners: deploymentsPath, owned: replicaSetsPath },
  { kind: 'ReplicaSet', owners: replicaSetsPath, owned: podsPath },
];

/** The copies of owners and owned lag behind each other by less than this. */
const graceMs = 2_000;

/** Starts the controller. */
export function startOwnerGarbageController(context: ControllerContext): Controller {
  const queues = ownerships.map((ownership) => collect(context, ownership));
  return {
    stop: async () => {
      await Promise.all(queues.map((queue) => queue.stop()));
    },
  };
}

function collect({ client, informers, log }: ControllerContext, ownership: Ownership): KeyedQueue {
  const owned = new NamespaceIndex<KubeObject>();
  const isOrphan = (object: KubeObject): boolean => {
    const owner = controllerOf(object);
    return owner?.kind === ownership.kind && owners.get(object.metadata.namespace, owner.name)?.metadata.uid !== owner.uid;
  };
  const owners = informers.follow<KubeObject>(ownership.owners(), {
    upsert: () => undefined,
    remove: ({ metadata }) => {
      for (const object of owned.inNamespace(metadata.namespace ?? ''))
        if (controllerOf(object)?.uid === metadata.uid) queue.add(objectKey(object));
    },
  });
  const all = informers.follow<KubeObject>(ownership.owned(), {
    upsert: (object) => {
      owned.put(object);
      if (isOrphan(object)) queue.addLater(objectKey(object), graceMs);
    },
    remove: (object) => owned.delete(object),
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const object = all.get(namespace, name);
      if (object === undefined || object.metadata.deletionTimestamp !== undefined || !isOrphan(object)) return;
      await remove(client, ownership, object);
    },
    onError: (object, error) =>
      log.warn({ object, error: String(error) }, `something that a removed ${ownership.kind} made is still there`),
  });
  return queue;
}

/** A copy may be behind: only when the API server says that the owner is gone, what it made goes. */
async function remove(client: KubeClient, { owners, owned }: Ownership, object: KubeObject): Promise<void> {
  const { namespace, name = '', uid } = object.metadata;
  const owner = controllerOf(object);
  if (owner === undefined || uid === undefined) return;
  const present = await client.get(owners(namespace), owner.name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (present?.metadata.uid === owner.uid) return;
  try {
    await client.delete(owned(namespace), name, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
