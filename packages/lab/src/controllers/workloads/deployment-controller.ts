/**
 * Keeps one ReplicaSet per template of a Deployment: the current one growing, older ones shrinking.
 *
 * Older ReplicaSets are kept at zero, as many as the deployment's history may have, for
 * `kubectl rollout undo`; they go with the Deployment.
 */
import { isDeepStrictEqual } from 'node:util';
import { deploymentsPath, isAlreadyExists, isConflict, isNotFound, podsPath, replicaSetsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { deadlineInMs, deploymentStatus } from './deployment-status.ts';
import { replicaSetKind } from './replica-set-controller.ts';
import { planRollout, type Resize, sizeOf } from './rollout-plan.ts';
import {
  controlledBy,
  controllerOf,
  type Deployment,
  isPodEnded,
  type OwnerKind,
  podTemplateHashLabel,
  type ReplicaSet,
  templateHash,
} from './workload.ts';

/** Deployments as owner references name them. */
const deploymentKind: OwnerKind = { apiVersion: 'apps/v1', kind: 'Deployment' };

/** `kubectl rollout history` and `undo` go by this annotation of ReplicaSets. */
const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** Annotations that say something of one object only, and are not handed down. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
]);

/** What a deployment has. */
interface Situation {
  readonly deployment: Deployment;
  readonly sets: readonly ReplicaSet[];
  /** Pods of each set that have not ended, by the set's UID. */
  readonly pods: (set: ReplicaSet) => number;
}

/** Starts the controller. */
export function startDeploymentController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const sets = new NamespaceIndex<ReplicaSet>();
  const pods = new NamespaceIndex<Pod>();
  const touchOwner = (set: ReplicaSet): void => {
    const owner = controllerOf(set);
    if (owner?.kind === deploymentKind.kind) queue.add(`${set.metadata.namespace ?? ''}/${owner.name}`);
  };
  const deployments = informers.follow<Deployment>(deploymentsPath(), {
    upsert: (deployment) => queue.add(objectKey(deployment)),
    remove: () => undefined,
  });
  const all = informers.follow<ReplicaSet>(replicaSetsPath(), {
    upsert: (set) => {
      sets.put(set);
      touchOwner(set);
    },
    remove: (set) => {
      sets.delete(set);
      touchOwner(set);
    },
  });
  informers.follow<Pod>(podsPath(), {
    upsert: (pod) => pods.put(pod),
    remove: (pod) => {
      pods.delete(pod);
      // A strategy that waits for old pods to be gone goes on when they are.
      const owner = controllerOf(pod);
      const set = owner?.kind === replicaSetKind.kind ? all.get(pod.metadata.namespace, owner.name) : undefined;
      if (set !== undefined) touchOwner(set);
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const deployment = deployments.get(namespace, name);
      if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
      const own = [...sets.inNamespace(namespace)].filter((set) => controllerOf(set)?.uid === deployment.metadata.uid);
      const running = [...pods.inNamespace(namespace)].filter((pod) => !isPodEnded(pod));
      const count = (set: ReplicaSet): number => running.filter((pod) => controllerOf(pod)?.uid === set.metadata.uid).length;
      const againMs = await settle(context, { deployment, sets: own, pods: count });
      if (againMs !== undefined) queue.addLater(key, againMs);
    },
    onError: (deployment, error) => log.warn({ deployment, error: String(error) }, 'rollout not settled yet'),
  });
  return { stop: () => queue.stop() };
}

/** One step; resolves to when to look again without news, in milliseconds. */
async function settle(context: ControllerContext, { deployment, sets, pods }: Situation): Promise<number | undefined> {
  const hash = templateHash(deployment.spec?.template ?? {});
  const current = sets.find((set) => set.metadata.labels?.[podTemplateHashLabel] === hash);
  const old = sets.filter((set) => set !== current).toSorted((a, b) => revisionNumber(a) - revisionNumber(b));
  const plan = planRollout({ deployment, current, old, oldPods: old.reduce((sum, set) => sum + pods(set), 0) });
  const revision = String(Math.max(revisionNumber(current), Math.max(0, ...old.map(revisionNumber)) + 1));
  const isPaused = deployment.spec?.paused === true;
  if (current === undefined && !isPaused) await createSet(context, deployment, { hash, replicas: plan.current, revision });
  else if (current !== undefined && sizeOf(current) !== plan.current)
    await resize(context, deployment, { set: current, replicas: plan.current });
  for (const each of plan.old) await resize(context, deployment, each);
  if (!isPaused) await writeAnnotations(context, deployment, { current, revision });
  await trimHistory(context, deployment, { old, pods });
  return writeStatus(context, deployment, { current, all: sets });
}

function revisionNumber(set: ReplicaSet | undefined): number {
  return Number(set?.metadata.annotations?.[revisionAnnotation] ?? 0);
}

/** The revision on both, and what the Deployment says of it (`kubernetes.io/change-cause`) on its ReplicaSet. */
async function writeAnnotations(
  { client }: ControllerContext,
  deployment: Deployment,
  { current, revision }: { current: ReplicaSet | undefined; revision: string },
): Promise<void> {
  const { namespace, name = '', annotations } = deployment.metadata;
  const wanted = { ...inherited(annotations), [revisionAnnotation]: revision };
  if (current !== undefined && Object.entries(wanted).some(([key, value]) => current.metadata.annotations?.[key] !== value)) {
    await client.patch(replicaSetsPath(namespace), current.metadata.name ?? '', { metadata: { annotations: wanted } }, { type: 'merge' });
  }
  if (annotations?.[revisionAnnotation] !== revision) {
    const patch = { metadata: { annotations: { [revisionAnnotation]: revision } } };
    await client.patch(deploymentsPath(namespace), name, patch, { type: 'merge' });
  }
}

async function createSet(
  context: ControllerContext,
  deployment: Deployment,
  wish: { hash: string; replicas: number; revision: string },
): Promise<void> {
  const { namespace = '', name: owner = '', annotations } = deployment.metadata;
  const { selector, template } = deployment.spec ?? {};
  const labels = { ...template?.metadata?.labels, [podTemplateHashLabel]: wish.hash };
  const name = `${owner}-${wish.hash}`;
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace,
      labels,
      annotations: {
        ...inherited(annotations),
        'deployment.kubernetes.io/desired-replicas': String(wish.replicas),
        [revisionAnnotation]: wish.revision,
      },
      ownerReferences: [controlledBy(deployment, deploymentKind)],
    },
    spec: {
      replicas: wish.replicas,
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [podTemplateHashLabel]: wish.hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
  try {
    await context.client.create(replicaSetsPath(namespace), set);
  } catch (error) {
    if (isAlreadyExists(error)) return;
    throw error;
  }
  const message = `Scaled up replica set ${name} from 0 to ${wish.replicas}`;
  context.events.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
}

function inherited(annotations: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !ownAnnotations.has(key)));
}

async function resize(context: ControllerContext, deployment: Deployment, { set, replicas }: Resize): Promise<void> {
  const { namespace, name = '' } = set.metadata;
  const before = sizeOf(set);
  await context.client.patch(replicaSetsPath(namespace), name, { spec: { replicas } }, { type: 'merge' });
  const direction = replicas > before ? 'up' : 'down';
  const message = `Scaled ${direction} replica set ${name} from ${before} to ${replicas}`;
  context.events.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
}

/** Empty sets beyond the history that is kept go, the oldest first. */
async function trimHistory(
  context: ControllerContext,
  deployment: Deployment,
  { old, pods }: { old: readonly ReplicaSet[]; pods: Situation['pods'] },
): Promise<void> {
  const empty = old.filter((set) => sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && pods(set) === 0);
  const surplus = empty.length - (deployment.spec?.revisionHistoryLimit ?? 10);
  for (const { metadata } of empty.slice(0, Math.max(0, surplus))) {
    if (metadata.deletionTimestamp !== undefined) continue;
    try {
      await context.client.delete(replicaSetsPath(metadata.namespace), metadata.name ?? '');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

async function writeStatus(
  context: ControllerContext,
  deployment: Deployment,
  sets: Parameters<typeof deploymentStatus>[1],
): Promise<number | undefined> {
  const nowMs = Date.now();
  const status = deploymentStatus(deployment, sets, nowMs);
  const known: Readonly<Record<string, unknown>> = { ...deployment.status };
  const isSame = Object.entries(status).every(([key, value]) => isDeepStrictEqual(known[key] ?? 0, value));
  if (!isSame) {
    try {
      const options = { type: 'merge', subresource: 'status' } as const;
      await context.client.patch(deploymentsPath(deployment.metadata.namespace), deployment.metadata.name ?? '', { status }, options);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
  return deadlineInMs(deployment, status, nowMs);
}
