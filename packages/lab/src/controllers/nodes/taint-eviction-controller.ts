/** Drives pods off nodes whose taints they do not tolerate, or not for ever (`pkg/controller/tainteviction`). */
import { isNotFound, nodesPath, podsPath } from '@weir/client';
import type { Condition, Node, Pod } from '@weir/kube';
import { tolerates } from '../../scheduler/node-fit.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { apiNow, isPodActive } from '../workloads/workload.ts';
import type { TimedTaint } from './node-health.ts';

/** Starts the controller. */
export function startTaintEvictionController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  /** When a pod's node was first seen with taints that drive pods away; for taints that do not say since when. */
  const firstSeenMs = new Map<string, number>();
  const pods = informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      if (driving(nodes.get(undefined, pod.spec?.nodeName ?? '')).length > 0) queue.add(objectKey(pod));
    },
    remove: (pod) => firstSeenMs.delete(objectKey(pod)),
  });
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: (node) => {
      if (driving(node).length === 0) return;
      for (const pod of pods.list()) if (pod.spec?.nodeName === node.metadata.name) queue.add(objectKey(pod));
    },
    remove: () => undefined,
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const pod = pods.get(namespace, name);
      if (pod === undefined || !isPodActive(pod)) return;
      const taints = driving(nodes.get(undefined, pod.spec?.nodeName ?? ''));
      if (taints.length === 0) firstSeenMs.delete(key);
      else if (!firstSeenMs.has(key)) firstSeenMs.set(key, Date.now());
      const leftMs = timeLeftMs(pod, taints, firstSeenMs.get(key) ?? Date.now());
      if (leftMs === undefined) return;
      if (leftMs > 0) queue.addLater(key, leftMs);
      else await evict(pod);
    },
    onError: (pod, error) => log.warn({ pod, error: String(error) }, 'a pod could not be driven off a tainted node yet'),
  });
  const evict = async (pod: Pod): Promise<void> => {
    const { namespace = '', name = '', uid } = pod.metadata;
    const message = `Marking for deletion Pod ${namespace}/${name}`;
    context.events.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message });
    const condition: Condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: apiNow(),
    };
    try {
      await client.patch(podsPath(namespace), name, { status: { conditions: [condition] } }, { type: 'strategic', subresource: 'status' });
      await client.delete(podsPath(namespace), name, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  return { stop: () => queue.stop() };
}

function driving(node: Node | undefined): readonly TimedTaint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/** How long the pod may stay, in milliseconds; undefined: for ever. A taint that it does not tolerate drives it away at once. */
function timeLeftMs(pod: Pod, taints: readonly TimedTaint[], firstSeenMs: number): number | undefined {
  const tolerations = pod.spec?.tolerations ?? [];
  const waits = taints.map((taint) => {
    const matching = tolerations.filter((each) => tolerates([each], taint));
    if (matching.length === 0) return 0;
    const limits = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    // One that has no limit does not lift the limit of another: the shortest counts.
    if (limits.length === 0) return undefined;
    const since = taint.timeAdded === undefined ? firstSeenMs : Date.parse(taint.timeAdded);
    return Math.max(0, since + Math.max(0, Math.min(...limits)) * 1_000 - Date.now());
  });
  const limited = waits.filter((wait) => wait !== undefined);
  return limited.length === 0 ? undefined : Math.min(...limited);
}
