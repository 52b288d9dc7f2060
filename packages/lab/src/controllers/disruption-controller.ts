/**
 * Keeps the status of PodDisruptionBudgets: how many pods may be evicted now (`pkg/controller/disruption`).
 * Evictions go by it and lower it themselves; what they took is forgotten when the pod is seen to go.
 */

import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound, podDisruptionBudgetsPath, podsPath, type ResourcePath } from '@weir/client';
import { type IntOrString, type KubeObject, type LabelSelector, matchesLabelSelector, type Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { NamespaceIndex } from './namespace-index.ts';
import type { ObjectStore } from './shared-informers.ts';
import { shareOf } from './workloads/share.ts';
import { apiNow, controllerOf, isPodActive, isPodReady } from './workloads/workload.ts';

interface Budget extends KubeObject {
  readonly spec?: { readonly minAvailable?: IntOrString; readonly maxUnavailable?: IntOrString; readonly selector?: LabelSelector };
  readonly status?: {
    readonly disruptedPods?: Readonly<Record<string, string>>;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly lastTransitionTime?: string }[];
  };
}

interface Scaled extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

/** An eviction whose pod is still there after this time has not happened. */
const disruptionMs = 120_000;

/** Kinds whose `replicas` say how many pods are expected. */
const scaledKinds: Readonly<Record<string, Omit<ResourcePath, 'namespace'>>> = {
  ReplicaSet: { group: 'apps', version: 'v1', resource: 'replicasets' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets' },
};

/** Starts the controller. */
export function startDisruptionController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const index = new NamespaceIndex<Budget>();
  const pods = new NamespaceIndex<Pod>();
  const touch = (namespace: string): void => {
    for (const budget of index.inNamespace(namespace)) queue.add(objectKey(budget));
  };
  const budgets = informers.follow<Budget>(podDisruptionBudgetsPath(), {
    upsert: (budget) => {
      index.put(budget);
      queue.add(objectKey(budget));
    },
    remove: (budget) => index.delete(budget),
  });
  informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      pods.put(pod);
      touch(pod.metadata.namespace ?? '');
    },
    remove: (pod) => {
      pods.delete(pod);
      touch(pod.metadata.namespace ?? '');
    },
  });
  const owners = new Map<string, ObjectStore<Scaled>>();
  for (const [kind, path] of Object.entries(scaledKinds)) {
    const handlers = { upsert: ({ metadata }: Scaled) => touch(metadata.namespace ?? ''), remove: () => undefined };
    owners.set(kind, informers.follow<Scaled>(path, handlers));
  }
  const replicasOf = (pod: Pod): number | undefined => {
    const owner = controllerOf(pod);
    return owner === undefined ? undefined : owners.get(owner.kind)?.get(pod.metadata.namespace, owner.name)?.spec?.replicas;
  };
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const budget = budgets.get(namespace, name);
      if (budget === undefined) return;
      const selector = budget.spec?.selector;
      const chosen = [...pods.inNamespace(namespace)].filter(
        (pod) => selector !== undefined && matchesLabelSelector(selector, pod.metadata.labels ?? {}) && isPodCounted(pod),
      );
      const againMs = await writeStatus(context, budget, { pods: chosen, replicasOf });
      if (againMs !== undefined) queue.addLater(key, againMs);
    },
    onError: (budget, error) => log.warn({ budget, error: String(error) }, 'a disruption budget is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

function isPodCounted(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

interface Chosen {
  readonly pods: readonly Pod[];
  readonly replicasOf: (pod: Pod) => number | undefined;
}

/** How many pods there are to be, and how many of them healthy. */
function demandOf(budget: Budget, { pods, replicasOf }: Chosen): { readonly expected: number; readonly healthy: number } {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (typeof minAvailable === 'number') return { expected: pods.length, healthy: minAvailable };
  const byOwner = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const replicas = replicasOf(pod);
    if (owner !== undefined && replicas !== undefined) byOwner.set(owner.uid, replicas);
  }
  const expected = byOwner.size === 0 ? pods.length : [...byOwner.values()].reduce((sum, replicas) => sum + replicas, 0);
  if (minAvailable !== undefined) return { expected, healthy: shareOf(minAvailable, expected, 'up') };
  return { expected, healthy: Math.max(0, expected - shareOf(maxUnavailable, expected, 'up')) };
}

async function writeStatus(context: ControllerContext, budget: Budget, chosen: Chosen): Promise<number | undefined> {
  const nowMs = Date.now();
  const present = new Map(chosen.pods.map((pod) => [pod.metadata.name ?? '', pod]));
  const disrupted = Object.entries(budget.status?.disruptedPods ?? {}).filter(
    ([name, since]) =>
      present.get(name)?.metadata.deletionTimestamp === undefined && present.has(name) && Date.parse(since) + disruptionMs > nowMs,
  );
  const { expected, healthy: desiredHealthy } = demandOf(budget, chosen);
  const gone = new Set(disrupted.map(([name]) => name));
  const currentHealthy = chosen.pods.filter((pod) => isPodActive(pod) && isPodReady(pod) && !gone.has(pod.metadata.name ?? '')).length;
  const allowed = expected <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const known: Readonly<Record<string, unknown>> = { disruptedPods: {}, ...budget.status };
  const before = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const conditionStatus = allowed > 0 ? 'True' : 'False';
  const condition = {
    type: 'DisruptionAllowed',
    status: conditionStatus,
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation ?? 1,
    lastTransitionTime: before?.status === conditionStatus ? (before.lastTransitionTime ?? apiNow(nowMs)) : apiNow(nowMs),
  };
  const status = {
    observedGeneration: budget.metadata.generation ?? 1,
    disruptionsAllowed: allowed,
    currentHealthy,
    desiredHealthy,
    expectedPods: expected,
    disruptedPods: Object.fromEntries(disrupted),
    conditions: [condition],
  };
  if (!Object.entries(status).every(([key, value]) => isDeepStrictEqual(known[key] ?? 0, value))) {
    const { namespace, name = '', resourceVersion } = budget.metadata;
    const forgotten = Object.keys(budget.status?.disruptedPods ?? {}).filter((each) => !gone.has(each));
    const patch = {
      metadata: { resourceVersion },
      status: { ...status, disruptedPods: { ...status.disruptedPods, ...Object.fromEntries(forgotten.map((each) => [each, null])) } },
    };
    try {
      await context.client.patch(podDisruptionBudgetsPath(namespace), name, patch, { type: 'merge', subresource: 'status' });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
  const waits = disrupted.map(([, since]) => Date.parse(since) + disruptionMs - nowMs);
  return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
}
