/** Workloads of apps/v1 and batch/v1 as the controllers read them, and what all have in common. */
import type { Condition, IntOrString, KubeObject, LabelSelector, OwnerReference, Pod, PodSpec, StringMap } from '@weir/kube';
import { shortHash } from '@weir/net';

/** core/v1 PodTemplateSpec. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: StringMap; readonly annotations?: StringMap };
  readonly spec?: PodSpec;
}

/** A kind of owners, as owner references name it. */
export interface OwnerKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** apps/v1 ReplicaSet: the fields that the controllers read and write. */
export interface ReplicaSet extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly template?: PodTemplate;
    readonly minReadySeconds?: number;
  };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly observedGeneration?: number;
  };
}

/** apps/v1 Deployment: the fields that the controllers read and write. */
export interface Deployment extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly template?: PodTemplate;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: IntOrString; readonly maxUnavailable?: IntOrString };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly progressDeadlineSeconds?: number;
    readonly paused?: boolean;
  };
  readonly status?: { readonly conditions?: readonly (Condition & { readonly lastUpdateTime?: string })[] };
}

/** apps/v1 StatefulSet: the fields that the controllers read and write. */
export interface StatefulSet extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly template?: PodTemplate;
    readonly serviceName?: string;
    readonly podManagementPolicy?: string;
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly partition?: number; readonly maxUnavailable?: IntOrString };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly ordinals?: { readonly start?: number };
    readonly volumeClaimTemplates?: readonly KubeObject[];
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string; readonly whenScaled?: string };
  };
  readonly status?: {
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly replicas?: number;
    readonly currentReplicas?: number;
    readonly updatedReplicas?: number;
  };
}

/** apps/v1 DaemonSet: the fields that the controllers read and write. */
export interface DaemonSet extends KubeObject {
  readonly spec?: {
    readonly selector?: LabelSelector;
    readonly template?: PodTemplate;
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: IntOrString; readonly maxUnavailable?: IntOrString };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
  };
  readonly status?: { readonly observedGeneration?: number; readonly numberReady?: number };
}

/** batch/v1 Job: the fields that the controllers read and write. */
export interface Job extends KubeObject {
  readonly spec?: JobSpec;
  readonly status?: JobStatus;
}

/** batch/v1 JobSpec. */
export interface JobSpec {
  readonly parallelism?: number;
  readonly completions?: number;
  readonly activeDeadlineSeconds?: number;
  readonly backoffLimit?: number;
  readonly backoffLimitPerIndex?: number;
  readonly maxFailedIndexes?: number;
  readonly completionMode?: string;
  readonly suspend?: boolean;
  readonly ttlSecondsAfterFinished?: number;
  readonly podReplacementPolicy?: string;
  readonly podFailurePolicy?: { readonly rules?: readonly PodFailurePolicyRule[] };
  readonly selector?: LabelSelector;
  readonly template?: PodTemplate;
}

/** A rule of a job's `podFailurePolicy`: exactly one of the two requirements. */
export interface PodFailurePolicyRule {
  readonly action: string;
  readonly onExitCodes?: { readonly containerName?: string; readonly operator: string; readonly values?: readonly number[] };
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[];
}

/** batch/v1 JobStatus. */
interface JobStatus {
  readonly conditions?: readonly Condition[];
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
  readonly uncountedTerminatedPods?: { readonly succeeded?: readonly string[]; readonly failed?: readonly string[] };
}

/** batch/v1 CronJob: the fields that the controllers read and write. */
export interface CronJob extends KubeObject {
  readonly spec?: {
    readonly schedule?: string;
    readonly timeZone?: string;
    readonly startingDeadlineSeconds?: number;
    readonly concurrencyPolicy?: string;
    readonly suspend?: boolean;
    readonly jobTemplate?: { readonly metadata?: PodTemplate['metadata']; readonly spec?: JobSpec };
    readonly successfulJobsHistoryLimit?: number;
    readonly failedJobsHistoryLimit?: number;
  };
  readonly status?: {
    readonly active?: readonly { readonly name?: string; readonly uid?: string }[];
    readonly lastScheduleTime?: string;
    readonly lastSuccessfulTime?: string;
  };
}

/** The label that keeps the pods of different templates of one Deployment apart. */
export const podTemplateHashLabel = 'pod-template-hash';

/** The controlling owner of an object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The reference that makes `owner` the controller of another object. */
export function controlledBy(owner: KubeObject, { apiVersion, kind }: OwnerKind): OwnerReference {
  const { name = '', uid = '' } = owner.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A name part that depends on the template's content only, of letters that form no words. */
export function templateHash(template: PodTemplate): string {
  return safeSuffix(JSON.stringify(sorted(template)), 10);
}

/** `length` characters, at most 11, that depend on `text` only; from the alphabet of the reference's generated names. */
export function safeSuffix(text: string, length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from(shortHash(text))
    .slice(-length)
    .map((character) => alphabet[Number.parseInt(character, 36) % alphabet.length] ?? 'b')
    .join('');
}

/** Whether the pod's condition Ready is True. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether the pod has been ready for `minReadySeconds`; the time until then in milliseconds, 0 when it is. Undefined when it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  if (ready === undefined) return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1_000 - nowMs);
}

/** Whether the pod has been ready for `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return availableInMs(pod, minReadySeconds, nowMs) === 0;
}

/** Now, as the API writes times. */
export function apiNow(nowMs: number = Date.now()): string {
  return new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Whether all containers of the pod have ended for good. */
export function isPodEnded(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Whether the pod has not ended and is not being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodEnded(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** The same value with all keys in order, so that equal templates have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
