/**
 * Binds pods to nodes, and says in events and conditions why it cannot.
 *
 * The count of pods per node includes what this process has just bound and the API server has not
 * shown yet, so that a burst of pods spreads.
 */
import { isConflict, isNotFound, nodesPath, podsPath } from '@weir/client';
import type { Condition, KubeObject, Node, Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controllers/controller.ts';
import { KeyedQueue } from '../controllers/keyed-queue.ts';
import type { ObjectStore } from '../controllers/shared-informers.ts';
import { schedulePod } from './schedule-pod.ts';

/** The name in `spec.schedulerName` of pods that this scheduler binds. */
const schedulerName = 'default-scheduler';

interface Binding extends KubeObject {
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

/** Starts the scheduler. */
export function startScheduler(context: ControllerContext): Controller {
  const { informers, log } = context;
  const placed = new PlacedPods();
  const waiting = new Set<string>();
  const retryAll = (): void => waiting.forEach((key) => queue.add(key));
  const pods = informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      if (placed.see(pod)) retryAll();
      if (isWaiting(pod)) {
        const key = objectKey(pod);
        // A change of its own condition is no news; nodes that change bring the pod back.
        if (!waiting.has(key)) queue.add(key);
      } else waiting.delete(objectKey(pod));
    },
    remove: (pod) => {
      waiting.delete(objectKey(pod));
      if (placed.forget(pod)) retryAll();
    },
  });
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: retryAll,
    remove: () => undefined,
  });
  const queue = new KeyedQueue({
    // A decision is made at once and counted at once; only the writing of several goes on side by side.
    concurrency: 16,
    work: (key) => place({ context, pods, nodes, placed, waiting }, key),
    onError: (pod, error) => log.warn({ pod, error: String(error) }, 'a pod could not be bound'),
  });
  return { stop: () => queue.stop() };
}

interface SchedulerState {
  readonly context: ControllerContext;
  readonly pods: ObjectStore<Pod>;
  readonly nodes: ObjectStore<Node>;
  readonly placed: PlacedPods;
  readonly waiting: Set<string>;
}

async function place(state: SchedulerState, key: string): Promise<void> {
  const { context, placed } = state;
  const { namespace = '', name } = splitObjectKey(key);
  const pod = state.pods.get(namespace, name);
  if (pod === undefined || !isWaiting(pod) || placed.has(pod)) return;
  const candidates = state.nodes.list().map((node) => ({ node, pods: placed.count(node.metadata.name ?? '') }));
  const decision = schedulePod(pod, candidates);
  if (decision.kind === 'unschedulable') {
    await reportUnschedulable(state, pod, decision.message);
    return;
  }
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

async function reportUnschedulable({ context, waiting }: SchedulerState, pod: Pod, message: string): Promise<void> {
  const { namespace, name = '' } = pod.metadata;
  waiting.add(objectKey(pod));
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (known?.status === 'False' && known.message === message) return;
  context.events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message });
  const condition: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastProbeTime: null,
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const patch = { status: { conditions: [condition] } };
  try {
    await context.client.patch(podsPath(namespace), name, patch, { type: 'strategic', subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function isWaiting(pod: Pod): boolean {
  const { spec, metadata } = pod;
  if (metadata.deletionTimestamp !== undefined || (spec?.nodeName ?? '') !== '') return false;
  return (spec?.schedulerName ?? schedulerName) === schedulerName;
}

/** Which unfinished pod is on which node, by uid. */
class PlacedPods {
  readonly #nodeOf = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  has(pod: Pod): boolean {
    return this.#nodeOf.has(pod.metadata.uid ?? '');
  }

  count(node: string): number {
    return this.#counts.get(node) ?? 0;
  }

  /** Takes note of a pod; whether its place has become free. */
  see(pod: Pod): boolean {
    const node = pod.spec?.nodeName ?? '';
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') return this.forget(pod);
    if (node !== '') this.assume(pod, node);
    return false;
  }

  assume(pod: Pod, node: string): void {
    this.forget(pod);
    this.#nodeOf.set(pod.metadata.uid ?? '', node);
    this.#counts.set(node, this.count(node) + 1);
  }

  /** Gives its place back; whether it had one. */
  forget(pod: Pod): boolean {
    const uid = pod.metadata.uid ?? '';
    const node = this.#nodeOf.get(uid);
    if (node === undefined) return false;
    this.#nodeOf.delete(uid);
    this.#counts.set(node, this.count(node) - 1);
    return true;
  }
}
