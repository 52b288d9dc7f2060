/** Keeps the DaemonSets of the engines that enforce on the cluster's nodes: they come with the first node of an engine and go with its last. */
import { daemonSetsPath, isAlreadyExists, isConflict, isNotFound, nodesPath } from '@weir/client';
import type { Node } from '@weir/kube';
import type { Controller, ControllerContext } from '../controllers/controller.ts';
import { KeyedQueue } from '../controllers/keyed-queue.ts';
import type { DaemonSet } from '../controllers/workloads/workload.ts';
import { engineNamespace } from './engine-daemon-sets.ts';
import { engineLabel } from './engine-labels.ts';
import { planEngineSets } from './plan-engine-sets.ts';

/** There is one thing to settle. */
const key = 'engines';

/** Starts the controller. */
export function startEnginePodsController({ client, informers, log }: ControllerContext): Controller {
  const isOurs = ({ metadata }: DaemonSet): boolean => metadata.labels?.[engineLabel] !== undefined;
  const onSet = (set: DaemonSet): void => {
    if (isOurs(set)) queue.add(key);
  };
  const sets = informers.follow<DaemonSet>(daemonSetsPath(), { upsert: onSet, remove: onSet });
  const said = new Map<string, string>();
  const nodes = informers.follow<Node>(nodesPath, {
    upsert: ({ metadata, status }) => {
      // Heartbeats change nothing here.
      const text = `${metadata.labels?.[engineLabel] ?? ''} ${status?.nodeInfo?.kubeletVersion ?? ''}`;
      if (said.get(metadata.name ?? '') === text) return;
      said.set(metadata.name ?? '', text);
      queue.add(key);
    },
    remove: ({ metadata }) => {
      said.delete(metadata.name ?? '');
      queue.add(key);
    },
  });
  const path = daemonSetsPath(engineNamespace);
  const queue = new KeyedQueue({
    work: async () => {
      await Promise.all([sets.synced, nodes.synced]);
      const plan = planEngineSets(nodes.list(), sets.list());
      for (const set of plan.create) await unless(isAlreadyExists, client.create(path, set));
      for (const { metadata, spec } of plan.update) {
        const containers = (spec?.template?.spec?.containers ?? []).map(({ name, image }) => ({ name, image }));
        const patch = { spec: { template: { spec: { containers } } } };
        await unless(isNotFound, client.patch(path, metadata.name ?? '', patch, { type: 'strategic' }));
      }
      for (const name of plan.remove) await unless(isNotFound, client.delete(path, name));
    },
    onError: (_key, error) => {
      if (!isConflict(error)) log.warn({ error: String(error) }, 'the DaemonSets of the engines are not settled yet');
    },
  });
  return { stop: () => queue.stop() };
}

/** That it is so already is what was wanted. */
async function unless(isFine: (error: unknown) => boolean, change: Promise<unknown>): Promise<void> {
  await change.catch((error: unknown) => {
    if (!isFine(error)) throw error;
  });
}
