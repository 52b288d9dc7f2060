/** The status of a Deployment, from its ReplicaSets: values in, values out (`pkg/controller/deployment/sync.go`, `progress.go`). */
import type { Condition } from '@weir/kube';
import { rollingShares } from './share.ts';
import { apiNow, type Deployment, type ReplicaSet } from './workload.ts';

/** A condition as Deployments have it. */
interface DeploymentCondition extends Condition {
  readonly lastUpdateTime?: string;
}

/** apps/v1 DeploymentStatus. */
export interface DeploymentStatus {
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly unavailableReplicas: number;
  readonly conditions: readonly DeploymentCondition[];
}

/** The sets of a deployment. */
export interface DeploymentSets {
  readonly current: ReplicaSet | undefined;
  readonly all: readonly ReplicaSet[];
}

/** The status that the deployment is to have. */
export function deploymentStatus(deployment: Deployment, { current, all }: DeploymentSets, nowMs: number): DeploymentStatus {
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    all.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('availableReplicas'),
    unavailableReplicas: Math.max(0, all.reduce((total, set) => total + (set.spec?.replicas ?? 1), 0) - sum('availableReplicas')),
  };
  const progressing = progressCondition(deployment, { current, counts, nowMs });
  return {
    ...counts,
    conditions: [availableCondition(deployment, counts.availableReplicas, nowMs), ...(progressing ? [progressing] : [])],
  };
}

/** When the rollout will have taken too long, in milliseconds from now; undefined when it is done, or has no limit. */
export function deadlineInMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const progressing = status.conditions.find(({ type }) => type === 'Progressing');
  const seconds = deployment.spec?.progressDeadlineSeconds;
  if (progressing?.reason !== 'ReplicaSetUpdated' || seconds === undefined) return undefined;
  return Math.max(0, Date.parse(progressing.lastUpdateTime ?? '') + seconds * 1_000 - nowMs);
}

function availableCondition(deployment: Deployment, available: number, nowMs: number): DeploymentCondition {
  const wanted = deployment.spec?.replicas ?? 1;
  const { unavailable } = rollingShares(deployment.spec?.strategy?.rollingUpdate, wanted);
  const allowed = deployment.spec?.strategy?.type === 'Recreate' ? 0 : Math.min(unavailable, wanted);
  return available >= wanted - allowed
    ? condition(
        deployment,
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
        'Deployment has minimum availability.',
        nowMs,
      )
    : condition(
        deployment,
        { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
        'Deployment does not have minimum availability.',
        nowMs,
      );
}

interface Progress {
  readonly current: ReplicaSet | undefined;
  readonly counts: Omit<DeploymentStatus, 'conditions'>;
  readonly nowMs: number;
}

function progressCondition(deployment: Deployment, { current, counts, nowMs }: Progress): DeploymentCondition | undefined {
  const known = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  const wanted = deployment.spec?.replicas ?? 1;
  const name = `ReplicaSet "${current?.metadata.name ?? ''}"`;
  const isComplete = counts.updatedReplicas === wanted && counts.replicas === wanted && counts.availableReplicas === wanted;
  if (deployment.spec?.paused === true) {
    return condition(deployment, { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused' }, 'Deployment is paused', nowMs);
  }
  if (isComplete) {
    const wish = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' } as const;
    return condition(deployment, wish, `${name} has successfully progressed.`, nowMs);
  }
  if (!hasProgressed(deployment, counts) && known?.reason !== 'NewReplicaSetAvailable' && isOverdue(deployment, known, nowMs)) {
    const wish = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' } as const;
    return condition(deployment, wish, `${name} has timed out progressing.`, nowMs);
  }
  const wish = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' } as const;
  const made = condition(deployment, wish, `${name} is progressing.`, nowMs);
  // Every step forward begins the time until the deadline anew.
  return hasProgressed(deployment, counts) || known?.reason !== 'ReplicaSetUpdated' ? { ...made, lastUpdateTime: apiNow(nowMs) } : made;
}

function hasProgressed(deployment: Deployment, counts: Omit<DeploymentStatus, 'conditions'>): boolean {
  const before: Readonly<Record<string, unknown>> = { ...deployment.status };
  const old = (field: string): number => Number(before[field] ?? 0);
  return (
    counts.updatedReplicas > old('updatedReplicas') ||
    counts.readyReplicas > old('readyReplicas') ||
    counts.availableReplicas > old('availableReplicas') ||
    counts.replicas - counts.updatedReplicas < old('replicas') - old('updatedReplicas')
  );
}

function isOverdue(deployment: Deployment, known: DeploymentCondition | undefined, nowMs: number): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  if (seconds === undefined || known === undefined) return false;
  if (known.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(known.lastUpdateTime ?? '') + seconds * 1_000 <= nowMs;
}

type Wish = Pick<Condition, 'type' | 'status' | 'reason'>;

/** The condition; its times are those of the present one while it says the same. */
function condition(deployment: Deployment, wish: Wish, message: string, nowMs: number): DeploymentCondition {
  const known = deployment.status?.conditions?.find(({ type }) => type === wish.type);
  const now = apiNow(nowMs);
  const isSame = known?.status === wish.status && known.reason === wish.reason && known.message === message;
  return {
    ...wish,
    message,
    lastTransitionTime: known?.status === wish.status ? (known.lastTransitionTime ?? now) : now,
    lastUpdateTime: isSame ? (known.lastUpdateTime ?? now) : now,
  };
}
