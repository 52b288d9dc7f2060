/** Keeps one pod of each DaemonSet on every node that it fits, its revisions and its status. */
import { randomBytes } from 'node:crypto';
import { daemonSetsPath, isConflict, isNotFound, nodesPath } from '@weir/client';
import type { Node, Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { daemonSpecOn, fitOf, nodeOf, planDaemonSet } from './daemon-set-plan.ts';
import { inGrowingBatches, OwnedPods, podOf } from './owned-pods.ts';
import { RevisionHistory, revisionHashLabel } from './revision-history.ts';
import { availableInMs, type DaemonSet, isPodActive, isPodReady, type OwnerKind, safeSuffix } from './workload.ts';

const daemonSetKind: OwnerKind = { apiVersion: 'apps/v1', kind: 'DaemonSet' };

interface Situation {
  readonly context: ControllerContext;
  readonly pods: OwnedPods<DaemonSet>;
  readonly history: RevisionHistory<DaemonSet>;
  readonly nodes: readonly Node[];
  readonly set: DaemonSet;
}

/** Starts the controller. */
export function startDaemonSetController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const index = new NamespaceIndex<DaemonSet>();
  const onChange = (key: string): void => queue.add(key);
  const sets = informers.follow<DaemonSet>(daemonSetsPath(), {
    upsert: (set) => {
      index.put(set);
      queue.add(objectKey(set));
    },
    remove: (set) => index.delete(set),
  });
  const pods = new OwnedPods<DaemonSet>(context, { kind: daemonSetKind, onChange, owners: (namespace) => index.inNamespace(namespace) });
  const history = new RevisionHistory<DaemonSet>(context, daemonSetKind, onChange);
  const placement = new Map<string, string>();
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: (node) => {
      // Heartbeats change nothing here.
      const text = JSON.stringify([node.metadata.labels, node.spec]);
      if (placement.get(node.metadata.name ?? '') === text) return;
      placement.set(node.metadata.name ?? '', text);
      for (const set of sets.list()) queue.add(objectKey(set));
    },
    remove: (node) => {
      placement.delete(node.metadata.name ?? '');
      for (const set of sets.list()) queue.add(objectKey(set));
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const againMs = await settle({ context, pods, history, nodes: nodes.list(), set });
      if (againMs !== undefined) queue.addLater(key, againMs);
    },
    onError: (set, error) => log.warn({ set, error: String(error) }, 'a daemon set is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** One step; resolves to when to look again without news, in milliseconds. */
async function settle(situation: Situation): Promise<number | undefined> {
  const { pods, history, nodes, set } = situation;
  const revision = await history.present(set);
  const hash = revision.metadata.labels?.[revisionHashLabel] ?? '';
  const own = await pods.claim(set);
  const nowMs = Date.now();
  const plan = planDaemonSet({ set, nodes, pods: own, expected: pods.expected(set), hash, nowMs });
  await inGrowingBatches(plan.create, (node) => pods.create(set, newPod(set, node, hash)));
  await inGrowingBatches(plan.delete, (pod) => pods.delete(set, pod));
  await writeStatus(situation, own, { hash, nowMs });
  const live = new Set([hash, ...own.map((pod) => pod.metadata.labels?.[revisionHashLabel])]);
  await history.trim(set, ({ metadata }) => live.has(metadata.labels?.[revisionHashLabel]));
  const waits = own.map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, nowMs) ?? 0).filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function newPod(set: DaemonSet, node: string, hash: string): Pod {
  const owner = set.metadata.name ?? '';
  const pod = podOf(set.spec?.template, `${owner.slice(0, 57)}-${safeSuffix(randomBytes(8).toString('hex'), 5)}`);
  const labels = { ...pod.metadata.labels, [revisionHashLabel]: hash, 'pod-template-generation': String(set.metadata.generation ?? 1) };
  return { ...pod, metadata: { ...pod.metadata, labels, generateName: `${owner}-` }, spec: daemonSpecOn(set, node) };
}

async function writeStatus(
  { context, nodes, set }: Situation,
  own: readonly Pod[],
  { hash, nowMs }: { hash: string; nowMs: number },
): Promise<void> {
  const active = own.filter(isPodActive);
  const wanted = new Set(nodes.filter((node) => fitOf(set, node).starts).map(({ metadata }) => metadata.name ?? ''));
  const nodesWith = (pods: readonly Pod[]): ReadonlySet<string> => new Set(pods.map(nodeOf));
  const count = (pods: readonly Pod[]): number => [...nodesWith(pods)].filter((node) => wanted.has(node)).length;
  const available = count(active.filter((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, nowMs) === 0));
  const status = {
    observedGeneration: set.metadata.generation ?? 1,
    desiredNumberScheduled: wanted.size,
    currentNumberScheduled: count(active),
    numberMisscheduled: [...nodesWith(active)].filter((node) => !wanted.has(node)).length,
    numberReady: count(active.filter(isPodReady)),
    updatedNumberScheduled: count(active.filter((pod) => pod.metadata.labels?.[revisionHashLabel] === hash)),
    numberAvailable: available,
    numberUnavailable: wanted.size - available,
  };
  const known: Readonly<Record<string, unknown>> = { ...set.status };
  if (Object.entries(status).every(([key, value]) => (known[key] ?? 0) === value)) return;
  try {
    const options = { type: 'merge', subresource: 'status' } as const;
    await context.client.patch(daemonSetsPath(set.metadata.namespace), set.metadata.name ?? '', { status }, options);
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
