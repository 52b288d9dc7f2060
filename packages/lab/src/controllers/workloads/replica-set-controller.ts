/** Keeps as many pods as each ReplicaSet asks for, and its status. */
import { randomBytes } from 'node:crypto';
import { isConflict, isNotFound, replicaSetsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { inGrowingBatches, OwnedPods, podOf } from './owned-pods.ts';
import { availableInMs, isPodActive, isPodReady, type OwnerKind, type ReplicaSet, safeSuffix } from './workload.ts';

/** ReplicaSets as owner references name them. */
export const replicaSetKind: OwnerKind = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };

/** Pods made or deleted in one pass; the next pass follows at once. */
const burst = 50;

/** Starts the controller. */
export function startReplicaSetController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const index = new NamespaceIndex<ReplicaSet>();
  const sets = informers.follow<ReplicaSet>(replicaSetsPath(), {
    upsert: (set) => {
      index.put(set);
      queue.add(objectKey(set));
    },
    remove: (set) => index.delete(set),
  });
  const pods = new OwnedPods<ReplicaSet>(context, {
    kind: replicaSetKind,
    onChange: (key) => queue.add(key),
    owners: (namespace) => index.inNamespace(namespace),
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const active = (await pods.claim(set)).filter(isPodActive);
      await settle(pods, set, active);
      const againMs = await writeStatus(context, set, active);
      if (againMs !== undefined) queue.addLater(key, againMs);
    },
    onError: (set, error) => log.warn({ set, error: String(error) }, 'replicas not settled yet'),
  });
  return { stop: () => queue.stop() };
}

async function settle(pods: OwnedPods<ReplicaSet>, set: ReplicaSet, active: readonly Pod[]): Promise<void> {
  const wanted = set.spec?.replicas ?? 1;
  const missing = wanted - active.length - pods.expected(set);
  await inGrowingBatches(Array.from({ length: Math.min(Math.max(0, missing), burst) }), () => pods.create(set, newPod(set)));
  if (active.length <= wanted) return;
  // The reference prefers to keep pods that are ready, then older ones.
  const victims = active.toSorted(keepLast).slice(0, Math.min(active.length - wanted, burst));
  await inGrowingBatches(victims, (victim) => pods.delete(set, victim));
}

function newPod(set: ReplicaSet): Pod {
  const owner = set.metadata.name ?? '';
  const pod = podOf(set.spec?.template, `${owner.slice(0, 57)}-${safeSuffix(randomBytes(8).toString('hex'), 5)}`);
  return { ...pod, metadata: { ...pod.metadata, generateName: `${owner}-` } };
}

/** Unbound before bound, Pending before Running, not ready before ready, cheaper to delete (by annotation) first, younger before older. */
function keepLast(a: Pod, b: Pod): number {
  for (const weight of [isBound, isRunning, (pod: Pod) => Number(isPodReady(pod)), deletionCost]) {
    const difference = weight(a) - weight(b);
    if (difference !== 0) return difference;
  }
  return (a.metadata.creationTimestamp ?? '') > (b.metadata.creationTimestamp ?? '') ? -1 : 1;
}

const isBound = (pod: Pod): number => Number((pod.spec?.nodeName ?? '') !== '');
const isRunning = (pod: Pod): number => Number(pod.status?.phase === 'Running');
const deletionCost = (pod: Pod): number => {
  const cost = Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
};

/** Resolves to the time until a pod that is ready now counts as available, in milliseconds; undefined when there is none. */
async function writeStatus(context: ControllerContext, set: ReplicaSet, active: readonly Pod[]): Promise<number | undefined> {
  const waits = active.map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, Date.now()));
  const labels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
  const status = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value)).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    observedGeneration: set.metadata.generation ?? 1,
  };
  const known: Readonly<Record<string, unknown>> = { ...set.status };
  if (!Object.entries(status).every(([key, value]) => (known[key] ?? 0) === value)) {
    try {
      const options = { type: 'merge', subresource: 'status' } as const;
      await context.client.patch(replicaSetsPath(set.metadata.namespace), set.metadata.name ?? '', { status }, options);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
  const pending = waits.filter((wait) => wait !== undefined && wait > 0) as number[];
  return pending.length === 0 ? undefined : Math.min(...pending);
}
