/**
 * Keeps as many pods as each ReplicaSet asks for, and its status.
 *
 * The informer shows a created pod a moment later; until then it is expected, so that a burst of
 * events does not make too many pods.
 */
import { randomBytes } from 'node:crypto';
import { isConflict, isNotFound, podsPath, replicaSetsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { NamespaceIndex } from './namespace-index.ts';
import { controlledBy, controllerOf, isPodActive, isPodReady, type ReplicaSet, safeSuffix } from './workload.ts';

/** Pods made or deleted in one pass; the next pass follows at once. */
const burst = 50;

/** Pods made or deleted side by side. */
const batchMax = 16;

/** A pod that was created and never shows up is forgotten after this time. */
const expectationMs = 30_000;

/** Starts the controller. */
export function startReplicaSetController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const pods = new NamespaceIndex<Pod>();
  const expected = new ExpectedPods();
  const touchOwner = (pod: Pod): void => {
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') queue.add(`${pod.metadata.namespace ?? ''}/${owner.name}`);
  };
  const sets = informers.follow<ReplicaSet>(replicaSetsPath(), {
    upsert: (set) => queue.add(objectKey(set)),
    remove: () => undefined,
  });
  informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      pods.put(pod);
      expected.seen(pod.metadata.name ?? '');
      touchOwner(pod);
    },
    remove: (pod) => {
      pods.delete(pod);
      touchOwner(pod);
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const own = [...pods.inNamespace(namespace)].filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
      await settle(context, { set, own, expected });
    },
    onError: (set, error) => log.warn({ set, error: String(error) }, 'replicas not settled yet'),
  });
  return { stop: () => queue.stop() };
}

interface Situation {
  readonly set: ReplicaSet;
  readonly own: readonly Pod[];
  readonly expected: ExpectedPods;
}

async function settle(context: ControllerContext, situation: Situation): Promise<void> {
  const { set, own, expected } = situation;
  const active = own.filter(isPodActive);
  const wanted = set.spec?.replicas ?? 1;
  const missing = wanted - active.length - expected.count(set.metadata.uid ?? '');
  await inGrowingBatches(Array.from({ length: Math.min(Math.max(0, missing), burst) }), () => createPod(context, set, expected));
  if (active.length > wanted) {
    // The reference prefers to keep pods that are ready, then older ones.
    const victims = active.toSorted(keepLast).slice(0, Math.min(active.length - wanted, burst));
    await inGrowingBatches(victims, (victim) => deletePod(context, set, victim));
  }
  await writeStatus(context, set, active);
}

/**
 * Side by side, in batches of 1, 2, 4 and so on, as the reference does it: what is refused (by a quota, by
 * validation) is refused once and not fifty times. Rejects after the batch in which something failed.
 */
async function inGrowingBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0, size = 1; at < items.length; at += size, size = Math.min(size * 2, batchMax)) {
    const results = await Promise.allSettled(items.slice(at, at + size).map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

function keepLast(a: Pod, b: Pod): number {
  const ready = Number(isPodReady(a)) - Number(isPodReady(b));
  if (ready !== 0) return ready;
  return (a.metadata.creationTimestamp ?? '') > (b.metadata.creationTimestamp ?? '') ? -1 : 1;
}

async function createPod(context: ControllerContext, set: ReplicaSet, expected: ExpectedPods): Promise<void> {
  const { namespace = '', name: owner = '' } = set.metadata;
  const template = set.spec?.template;
  if (template?.spec === undefined) return;
  const name = `${owner.slice(0, 57)}-${safeSuffix(randomBytes(8).toString('hex'), 5)}`;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      generateName: `${owner}-`,
      ...(template.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ownerReferences: [controlledBy(set, 'ReplicaSet')],
    },
    spec: template.spec,
  };
  expected.expect(set.metadata.uid ?? '', name);
  try {
    await context.client.create(podsPath(namespace), pod);
  } catch (error) {
    expected.seen(name);
    const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
    context.events.record(set, { type: 'Warning', reason: 'FailedCreate', message });
    throw error;
  }
  context.events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}` });
}

async function deletePod(context: ControllerContext, set: ReplicaSet, pod: Pod): Promise<void> {
  const { namespace, name = '' } = pod.metadata;
  try {
    await context.client.delete(podsPath(namespace), name);
    context.events.record(set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function writeStatus(context: ControllerContext, set: ReplicaSet, active: readonly Pod[]): Promise<void> {
  const ready = active.filter(isPodReady).length;
  const { status } = set;
  const same = status?.replicas === active.length && (status.readyReplicas ?? 0) === ready && (status.availableReplicas ?? 0) === ready;
  if (same) return;
  const patch = {
    status: {
      replicas: active.length,
      fullyLabeledReplicas: active.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: set.metadata.generation ?? 1,
    },
  };
  try {
    await context.client.patch(replicaSetsPath(set.metadata.namespace), set.metadata.name ?? '', patch, {
      type: 'merge',
      subresource: 'status',
    });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** Pods that were created and have not been seen yet, by owner. */
class ExpectedPods {
  readonly #ownerOf = new Map<string, { owner: string; sinceMs: number }>();

  expect(owner: string, pod: string): void {
    this.#ownerOf.set(pod, { owner, sinceMs: Date.now() });
  }

  seen(pod: string): void {
    this.#ownerOf.delete(pod);
  }

  count(owner: string): number {
    const oldestMs = Date.now() - expectationMs;
    let count = 0;
    for (const [pod, entry] of this.#ownerOf) {
      if (entry.sinceMs < oldestMs) this.#ownerOf.delete(pod);
      else if (entry.owner === owner) count += 1;
    }
    return count;
  }
}
