/**
 * Keeps one ReplicaSet per template of a Deployment: the current one at full size, older ones shrinking.
 *
 * A rollout adds the new pods first and takes old ones away as new ones become ready (never fewer
 * ready pods than asked for); strategy Recreate takes the old ones away first. Older ReplicaSets are
 * kept at zero, as in the reference, and go with the Deployment.
 */
import { deploymentsPath, isAlreadyExists, isConflict, isNotFound, replicaSetsPath } from '@weir/client';
import type { Condition } from '@weir/kube';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from './controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { NamespaceIndex } from './namespace-index.ts';
import { controlledBy, controllerOf, type Deployment, podTemplateHashLabel, type ReplicaSet, templateHash } from './workload.ts';

/** Starts the controller. */
export function startDeploymentController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const sets = new NamespaceIndex<ReplicaSet>();
  const touchOwner = (set: ReplicaSet): void => {
    const owner = controllerOf(set);
    if (owner?.kind === 'Deployment') queue.add(`${set.metadata.namespace ?? ''}/${owner.name}`);
  };
  const deployments = informers.follow<Deployment>(deploymentsPath(), {
    upsert: (deployment) => queue.add(objectKey(deployment)),
    remove: () => undefined,
  });
  informers.follow<ReplicaSet>(replicaSetsPath(), {
    upsert: (set) => {
      sets.put(set);
      touchOwner(set);
    },
    remove: (set) => {
      sets.delete(set);
      touchOwner(set);
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const deployment = deployments.get(namespace, name);
      if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
      const own = [...sets.inNamespace(namespace)].filter((set) => controllerOf(set)?.uid === deployment.metadata.uid);
      await settle(context, deployment, own);
    },
    onError: (deployment, error) => log.warn({ deployment, error: String(error) }, 'rollout not settled yet'),
  });
  return { stop: () => queue.stop() };
}

async function settle(context: ControllerContext, deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
  const template = deployment.spec?.template ?? {};
  const hash = templateHash(template);
  const current = sets.find((set) => set.metadata.labels?.[podTemplateHashLabel] === hash);
  const old = sets.filter((set) => set !== current);
  const wanted = deployment.spec?.replicas ?? 1;
  const recreate = deployment.spec?.strategy?.type === 'Recreate';
  const oldPods = old.reduce((sum, set) => sum + Math.max(set.status?.replicas ?? 0, set.spec?.replicas ?? 0), 0);
  const target = recreate && oldPods > 0 ? 0 : wanted;
  const revision = String(revisionOf(current, old));
  if (current === undefined) await createSet(context, deployment, { hash, replicas: target, revision });
  else if ((current.spec?.replicas ?? 1) !== target) await scale(context, deployment, { set: current, replicas: target });
  // Old pods are needed only as far as new ones are not ready yet.
  let keep = recreate ? 0 : Math.max(0, wanted - (current?.status?.readyReplicas ?? 0));
  for (const set of old) {
    const size = set.spec?.replicas ?? 1;
    const kept = Math.min(size, keep);
    keep -= kept;
    if (size !== kept) await scale(context, deployment, { set, replicas: kept });
  }
  await writeRevision(context, deployment, { current, revision });
  await writeStatus(context, deployment, { current, sets });
}

/** `kubectl rollout history` and `undo` go by this annotation of ReplicaSets. */
const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** The current ReplicaSet has the highest revision; one that becomes current again gets a new one. */
function revisionOf(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): number {
  const numberOf = (set: ReplicaSet | undefined): number => Number(set?.metadata.annotations?.[revisionAnnotation] ?? 0);
  const highestOld = Math.max(0, ...old.map(numberOf));
  return Math.max(numberOf(current), highestOld + 1);
}

async function writeRevision(
  { client }: ControllerContext,
  deployment: Deployment,
  { current, revision }: { current: ReplicaSet | undefined; revision: string },
): Promise<void> {
  const { namespace, name = '', annotations } = deployment.metadata;
  const patch = { metadata: { annotations: { [revisionAnnotation]: revision } } };
  if (current !== undefined && current.metadata.annotations?.[revisionAnnotation] !== revision) {
    await client.patch(replicaSetsPath(namespace), current.metadata.name ?? '', patch, { type: 'merge' });
  }
  if (annotations?.[revisionAnnotation] !== revision) await client.patch(deploymentsPath(namespace), name, patch, { type: 'merge' });
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
        ...withoutLastApplied(annotations),
        'deployment.kubernetes.io/desired-replicas': String(wish.replicas),
        [revisionAnnotation]: wish.revision,
      },
      ownerReferences: [controlledBy(deployment, 'Deployment')],
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

function withoutLastApplied(annotations: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration'),
  );
}

async function scale(context: ControllerContext, deployment: Deployment, wish: { set: ReplicaSet; replicas: number }): Promise<void> {
  const { namespace, name = '' } = wish.set.metadata;
  const before = wish.set.spec?.replicas ?? 1;
  await context.client.patch(replicaSetsPath(namespace), name, { spec: { replicas: wish.replicas } }, { type: 'merge' });
  const direction = wish.replicas > before ? 'up' : 'down';
  const message = `Scaled ${direction} replica set ${name} from ${before} to ${wish.replicas}`;
  context.events.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
}

async function writeStatus(
  context: ControllerContext,
  deployment: Deployment,
  { current, sets }: { current: ReplicaSet | undefined; sets: readonly ReplicaSet[] },
): Promise<void> {
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const wanted = deployment.spec?.replicas ?? 1;
  const available = sum('availableReplicas');
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wanted - available),
  };
  const complete = counts.updatedReplicas >= wanted && counts.replicas === counts.updatedReplicas && available >= wanted;
  const conditions = [
    condition(deployment, 'Available', available >= wanted, ['MinimumReplicasAvailable', 'MinimumReplicasUnavailable']),
    condition(deployment, 'Progressing', true, [complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated', '']),
  ];
  const known: Readonly<Record<string, unknown>> = { ...deployment.status };
  const unchanged =
    Object.entries(counts).every(([key, value]) => (known[key] ?? 0) === value) &&
    conditions.every(({ type, status, reason }) =>
      deployment.status?.conditions?.some((each) => each.type === type && each.status === status && each.reason === reason),
    );
  if (unchanged) return;
  try {
    const path = deploymentsPath(deployment.metadata.namespace);
    const patch = { status: { ...counts, conditions } };
    await context.client.patch(path, deployment.metadata.name ?? '', patch, { type: 'merge', subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

function condition(
  deployment: Deployment,
  type: string,
  holds: boolean,
  reasons: readonly [string, string],
): Condition & { lastUpdateTime: string } {
  const status = holds ? 'True' : 'False';
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const known = deployment.status?.conditions?.find((each) => each.type === type);
  const message = {
    MinimumReplicasAvailable: 'Deployment has minimum availability.',
    MinimumReplicasUnavailable: 'Deployment does not have minimum availability.',
    NewReplicaSetAvailable: 'ReplicaSet has successfully progressed.',
    ReplicaSetUpdated: 'ReplicaSet is progressing.',
  }[holds ? reasons[0] : reasons[1]];
  const since = known?.status === status ? (known.lastTransitionTime ?? now) : now;
  return {
    type,
    status,
    reason: holds ? reasons[0] : reasons[1],
    ...(message === undefined ? {} : { message }),
    lastTransitionTime: since,
    lastUpdateTime: now,
  };
}
