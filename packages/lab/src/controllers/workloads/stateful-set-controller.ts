/** Keeps the numbered pods of each StatefulSet, their claims, its revisions and its status. */
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound, persistentVolumeClaimsPath, statefulSetsPath } from '@weir/client';
import type { PersistentVolumeClaim, Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { inGrowingBatches, OwnedPods, type PodEventWords, podOf } from './owned-pods.ts';
import { type ControllerRevision, RevisionHistory, revisionHashLabel, templateOf } from './revision-history.ts';
import { StatefulSetClaims } from './stateful-set-claims.ts';
import { ordinalOf, planStatefulSet, revisionOf } from './stateful-set-plan.ts';
import { availableInMs, isPodActive, isPodEnded, isPodReady, type OwnerKind, type StatefulSet } from './workload.ts';

const statefulSetKind: OwnerKind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };

const words: PodEventWords<StatefulSet> = {
  created: ({ metadata }, pod) => `create Pod ${pod} in StatefulSet ${metadata.name ?? ''} successful`,
  notCreated: ({ metadata }, pod, why) => `create Pod ${pod} in StatefulSet ${metadata.name ?? ''} failed error: ${why}`,
  deleted: ({ metadata }, pod) => `delete Pod ${pod} in StatefulSet ${metadata.name ?? ''} successful`,
};

/** What a pass works with. */
interface Situation {
  readonly context: ControllerContext;
  readonly pods: OwnedPods<StatefulSet>;
  readonly history: RevisionHistory<StatefulSet>;
  readonly claims: StatefulSetClaims;
  readonly set: StatefulSet;
}

/** Starts the controller. */
export function startStatefulSetController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const index = new NamespaceIndex<StatefulSet>();
  const onChange = (key: string): void => queue.add(key);
  const sets = informers.follow<StatefulSet>(statefulSetsPath(), {
    upsert: (set) => {
      index.put(set);
      queue.add(objectKey(set));
    },
    remove: (set) => index.delete(set),
  });
  const pods = new OwnedPods<StatefulSet>(context, {
    kind: statefulSetKind,
    onChange,
    owners: (namespace) => index.inNamespace(namespace),
    words,
  });
  const history = new RevisionHistory<StatefulSet>(context, statefulSetKind, onChange);
  const claims = new StatefulSetClaims(context.client, informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath()));
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const againMs = await settle({ context, pods, history, claims, set });
      if (againMs !== undefined) queue.addLater(key, againMs);
    },
    onError: (set, error) => log.warn({ set, error: String(error) }, 'a stateful set is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** One step; resolves to when to look again without news, in milliseconds. */
async function settle(situation: Situation): Promise<number | undefined> {
  const { pods, history, set } = situation;
  const nowMs = Date.now();
  const update = await history.present(set);
  const known = history.of(set);
  const current = known.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const own = (await pods.claim(set)).filter((pod) => ordinalOf(set, pod) !== undefined);
  const start = set.spec?.ordinals?.start ?? 0;
  const numbers = Array.from({ length: set.spec?.replicas ?? 1 }, (_, i) => start + i);
  const plan = planStatefulSet({
    set,
    pods: own,
    expected: new Set(numbers.filter((ordinal) => pods.isExpected(set, podName(set, ordinal)))),
    currentRevision: current.metadata.name ?? '',
    updateRevision: update.metadata.name ?? '',
    nowMs,
  });
  const revisions = new Map([current, update].map((revision) => [revision.metadata.name ?? '', revision]));
  // Before any pod goes: what is to go with a pod has to be its own by then.
  for (const pod of own) await situation.claims.own(set, pod, !numbers.includes(ordinalOf(set, pod) ?? -1));
  await inGrowingBatches(plan.create, ({ ordinal, revision }) => createPod(situation, ordinal, revisions.get(revision) ?? update));
  await inGrowingBatches(plan.delete, (pod) => pods.delete(set, pod));
  const isUpdated = await writeStatus(situation, own, { current, update });
  const live = new Set([isUpdated ? update : current, update].map(({ metadata }) => metadata.name));
  for (const pod of own) live.add(revisionOf(pod));
  await history.trim(set, ({ metadata }) => live.has(metadata.name));
  const waits = own.map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, nowMs) ?? 0).filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name ?? ''}-${ordinal}`;
}

async function createPod({ pods, claims, set }: Situation, ordinal: number, revision: ControllerRevision): Promise<void> {
  const name = podName(set, ordinal);
  const templates = set.spec?.volumeClaimTemplates ?? [];
  await claims.ensure(set, name);
  const pod = podOf(templateOf(revision), name);
  const labels = {
    ...pod.metadata.labels,
    [revisionHashLabel]: revision.metadata.name ?? '',
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
  };
  const claimNames = new Set(templates.map(({ metadata }) => metadata.name));
  const volumes = [
    ...(pod.spec?.volumes ?? []).filter((volume) => !claimNames.has(volume.name)),
    ...templates.map(({ metadata }) => ({
      name: metadata.name ?? '',
      persistentVolumeClaim: { claimName: `${metadata.name ?? ''}-${name}` },
    })),
  ];
  const spec: Pod['spec'] = {
    containers: [],
    ...pod.spec,
    hostname: name,
    ...(set.spec?.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
    ...(volumes.length === 0 ? {} : { volumes }),
  };
  await pods.create(set, { ...pod, metadata: { ...pod.metadata, labels, generateName: `${set.metadata.name ?? ''}-` }, spec });
}

/** Writes what is there; whether the update is complete, so that its revision is the current one from now on. */
async function writeStatus(
  { context, set }: Situation,
  own: readonly Pod[],
  { current, update }: { current: ControllerRevision; update: ControllerRevision },
): Promise<boolean> {
  const created = own.filter((pod) => !isPodEnded(pod));
  const active = created.filter(isPodActive);
  const ready = active.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod));
  const ofRevision = (revision: ControllerRevision): number => active.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
  const wanted = set.spec?.replicas ?? 1;
  const isUpdated =
    set.spec?.updateStrategy?.type !== 'OnDelete' &&
    ofRevision(update) === wanted &&
    created.length === wanted &&
    ready.filter((pod) => revisionOf(pod) === update.metadata.name).length === wanted;
  const nowMs = Date.now();
  const status = {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, nowMs) === 0).length,
    currentReplicas: isUpdated ? ofRevision(update) : ofRevision(current),
    updatedReplicas: ofRevision(update),
    currentRevision: (isUpdated ? update : current).metadata.name ?? '',
    updateRevision: update.metadata.name ?? '',
    collisionCount: 0,
  };
  const known: Readonly<Record<string, unknown>> = { ...set.status };
  if (!Object.entries(status).every(([key, value]) => isDeepStrictEqual(known[key] ?? 0, value))) {
    try {
      const options = { type: 'merge', subresource: 'status' } as const;
      await context.client.patch(statefulSetsPath(set.metadata.namespace), set.metadata.name ?? '', { status }, options);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
  return isUpdated;
}
