/** Removes pods that nobody can end any more: those bound to a node that does not exist. */
import { isNotFound, nodesPath, podsPath } from '@weir/client';
import type { Node, Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { apiNow } from '../workloads/workload.ts';

/** A node that is made again within this time (a restart) keeps its pods. */
const graceMs = 10_000;

/** Why the pod ends, for whoever counts disruptions. */
const nodeIsGone = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
} as const;

/** Starts the controller. */
export function startPodGarbageController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: () => undefined,
    remove: (node) => {
      for (const pod of pods.list()) if (pod.spec?.nodeName === node.metadata.name) queue.addLater(objectKey(pod), graceMs);
    },
  });
  const pods = informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      const node = pod.spec?.nodeName;
      if (node !== undefined && node !== '' && nodes.get(undefined, node) === undefined) queue.addLater(objectKey(pod), graceMs);
    },
    remove: () => undefined,
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const pod = pods.get(namespace, name);
      const node = pod?.spec?.nodeName;
      if (pod === undefined || node === undefined || node === '' || nodes.get(undefined, node) !== undefined) return;
      log.info({ pod: key, node }, 'removing a pod whose node is gone');
      const { uid } = pod.metadata;
      try {
        const status = { phase: 'Failed', conditions: [{ ...nodeIsGone, lastTransitionTime: apiNow() }] };
        await client.patch(podsPath(namespace), name, { metadata: { uid }, status }, { type: 'strategic', subresource: 'status' });
        await client.delete(podsPath(namespace), name, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    onError: (pod, error) => log.warn({ pod, error: String(error) }, 'a pod of a node that is gone is still there'),
  });
  return { stop: () => queue.stop() };
}
