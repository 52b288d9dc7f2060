/**
 * Binds pods to nodes, and says in events and conditions why it cannot.
 *
 * The pods of a node include what this process has just bound and the API server has not shown yet, so
 * that a burst of pods spreads. A pod that drove others away is nominated: its place is kept until it is bound.
 */
import { isConflict, isNotFound, namespacesPath, nodesPath, podsPath } from '@weir/client';
import type { Condition, KubeObject, Namespace, Node, Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controllers/controller.ts';
import { KeyedQueue } from '../controllers/keyed-queue.ts';
import type { ObjectStore } from '../controllers/shared-informers.ts';
import { bindVolumes } from './bind-volumes.ts';
import type { ClusterView } from './cluster-view.ts';
import { followStorage } from './follow-storage.ts';
import { PlacedPods } from './placed-pods.ts';
import { chooseVolumes, podVolumes, type StorageView } from './pod-volumes.ts';
import { type SchedulingDecision, schedulePod } from './schedule-pod.ts';

/** The name in `spec.schedulerName` of pods that this scheduler binds. */
const schedulerName = 'default-scheduler';

/** How long news of other pods are gathered before what waits is looked at again. */
const retryDelayMs = 20;

interface Binding extends KubeObject {
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

/** Starts the scheduler. */
export function startScheduler(context: ControllerContext): Controller {
  const { informers, log } = context;
  const placed = new PlacedPods();
  const waiting = new Map<string, number>();
  const retryAll = (): void => {
    for (const key of waiting.keys()) queue.add(key);
  };
  let isRetryDue = false;
  // Pods come to their places in bursts; what waits looks at all of them once.
  const retrySoon = (): void => {
    if (isRetryDue || waiting.size === 0) return;
    isRetryDue = true;
    setTimeout(() => {
      isRetryDue = false;
      retryAll();
    }, retryDelayMs);
  };
  const pods = informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      if (placed.see(pod)) retrySoon();
      if (isWaiting(pod)) {
        const key = objectKey(pod);
        // A change of its own condition is no news; nodes and pods that change bring the pod back.
        if (waiting.get(key) !== (pod.metadata.generation ?? 0)) queue.add(key);
      } else waiting.delete(objectKey(pod));
    },
    remove: (pod) => {
      waiting.delete(objectKey(pod));
      if (placed.forget(pod)) retrySoon();
    },
  });
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: retryAll,
    remove: () => undefined,
  });
  const namespaces = informers.follow<Namespace>(namespacesPath);
  const storage = followStorage(informers, retrySoon);
  const queue = new KeyedQueue({
    // A decision is made at once and counted at once; only the writing of several goes on side by side.
    concurrency: 16,
    work: (key) => place({ context, pods, nodes, namespaces, storage, placed, waiting }, key),
    onError: (pod, error) => log.warn({ pod, error: String(error) }, 'a pod could not be bound'),
  });
  return { stop: () => queue.stop() };
}

interface SchedulerState {
  readonly context: ControllerContext;
  readonly pods: ObjectStore<Pod>;
  readonly nodes: ObjectStore<Node>;
  readonly namespaces: ObjectStore<Namespace>;
  readonly storage: StorageView;
  readonly placed: PlacedPods;
  /** Pods that fit nowhere, with the generation that was looked at. */
  readonly waiting: Map<string, number>;
}

async function place(state: SchedulerState, key: string): Promise<void> {
  const { context, placed } = state;
  const { namespace = '', name } = splitObjectKey(key);
  const pod = state.pods.get(namespace, name);
  if (pod === undefined || !isWaiting(pod) || placed.has(pod)) return;
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    await reportCondition(state, pod, { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' });
    return;
  }
  const view = viewFor(state, pod);
  const decision = schedulePod(pod, view);
  if (decision.kind === 'unschedulable') {
    await reportUnschedulable(state, pod, decision.message);
    return;
  }
  if (decision.kind === 'preempt') {
    await preempt(state, pod, decision);
    return;
  }
  if (await bindsVolumesFirst(state, pod, { view, node: decision.node })) return;
  const binding: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }) },
    target: { apiVersion: 'v1', kind: 'Node', name: decision.node },
  };
  placed.assume(pod, decision.node);
  try {
    await context.client.create(podsPath(namespace), binding, { name, subresource: 'binding' });
  } catch (error) {
    const current = state.pods.get(namespace, name);
    // What the informer has told meanwhile is the truth.
    if (current === undefined || isWaiting(current)) placed.forget(pod);
    // Gone, or bound by somebody else: the informer will tell.
    if (isNotFound(error) || isConflict(error)) return;
    throw error;
  }
  state.waiting.delete(key);
  const message = `Successfully assigned ${namespace}/${name} to ${decision.node}`;
  context.events.record(pod, { type: 'Normal', reason: 'Scheduled', message });
}

/** The cluster as it is for one pod: places that were made free for pods of at least its priority are taken. */
function viewFor({ nodes, namespaces, storage, placed }: SchedulerState, pod: Pod): ClusterView {
  return {
    nodes: nodes.list().map((node) => ({ node, pods: placed.on(node.metadata.name ?? '', pod) })),
    hasRepelling: placed.hasRepelling,
    namespace: (name) => namespaces.get(undefined, name),
    volumes: podVolumes(pod, storage),
  };
}

/** Whether claims of the pod have to be bound before it can be: its place is kept, and the news of the claims bring it back. */
async function bindsVolumesFirst(
  { context, nodes, placed, waiting }: SchedulerState,
  pod: Pod,
  { view, node: name }: { readonly view: ClusterView; readonly node: string },
): Promise<boolean> {
  const { volumes } = view;
  const node = nodes.get(undefined, name);
  if (volumes === undefined || volumes.waiting.length === 0 || node === undefined) return false;
  placed.nominate(pod, name);
  waiting.set(objectKey(pod), pod.metadata.generation ?? 0);
  await bindVolumes(context.client, chooseVolumes(volumes, node) ?? [], name);
  return true;
}

/** Drives the victims away; the pod is bound when they are gone. */
async function preempt(state: SchedulerState, pod: Pod, decision: Extract<SchedulingDecision, { kind: 'preempt' }>): Promise<void> {
  const { context, placed } = state;
  const { namespace, name = '', uid } = pod.metadata;
  placed.nominate(pod, decision.node);
  await reportUnschedulable(state, pod, decision.message, decision.node);
  for (const victim of decision.victims) {
    if (victim.metadata.deletionTimestamp !== undefined) continue;
    const message = `Preempted by pod ${uid ?? name} on node ${decision.node}`;
    context.events.record(victim, { type: 'Normal', reason: 'Preempted', message });
    const condition: Condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: now(),
    };
    const path = podsPath(victim.metadata.namespace);
    try {
      const options = { type: 'strategic', subresource: 'status' } as const;
      await context.client.patch(path, victim.metadata.name ?? '', { status: { conditions: [condition] } }, options);
      await context.client.delete(path, victim.metadata.name ?? '');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  context.log.info({ pod: `${namespace ?? ''}/${name}`, node: decision.node, victims: decision.victims.length }, 'making room');
}

async function reportUnschedulable(state: SchedulerState, pod: Pod, message: string, nominated?: string): Promise<void> {
  if (await reportCondition(state, pod, { reason: 'Unschedulable', message }, nominated)) {
    state.context.events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message });
  }
}

/** Whether that is news. */
async function reportCondition(
  { context, waiting }: SchedulerState,
  pod: Pod,
  why: { readonly reason: string; readonly message: string },
  nominated?: string,
): Promise<boolean> {
  const { namespace, name = '' } = pod.metadata;
  waiting.set(objectKey(pod), pod.metadata.generation ?? 0);
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const isNominated = nominated === undefined || pod.status?.nominatedNodeName === nominated;
  if (known?.status === 'False' && known.message === why.message && isNominated) return false;
  const condition: Condition = { type: 'PodScheduled', status: 'False', ...why, lastProbeTime: null, lastTransitionTime: now() };
  const patch = { status: { conditions: [condition], ...(nominated === undefined ? {} : { nominatedNodeName: nominated }) } };
  try {
    await context.client.patch(podsPath(namespace), name, patch, { type: 'strategic', subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return true;
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function isWaiting(pod: Pod): boolean {
  const { spec, metadata } = pod;
  if (metadata.deletionTimestamp !== undefined || (spec?.nodeName ?? '') !== '') return false;
  return (spec?.schedulerName ?? schedulerName) === schedulerName;
}
