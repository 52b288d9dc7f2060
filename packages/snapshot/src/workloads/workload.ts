/**
 * Workloads: objects whose controllers make pods from a template, and what the template says.
 *
 * Manifests hold workloads and seldom pods; a dump of a cluster holds both. Who asks of connections
 * means the workload: its pods come and go under names of their own.
 */
import type { KubeObject, LabelSelector, PodSpec, StringMap } from '@weir/kube';
import { groupVersionOf } from '../readable-objects.ts';

/** What makes a pod: an object, which need not be among those that were read. */
export interface PodWorkload {
  /** Empty where only a name was told. */
  readonly apiVersion: string;
  /** `Deployment`, or the kind of a custom resource whose controller makes pods. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /**
   * For a planned pod how many equal ones there may be at once: the autoscaler's maximum where there is one, and absent where
   * the number follows the nodes (DaemonSet). For a live pod how many of the workload's are among the objects.
   */
  readonly replicas?: number;
  /** Whether the pod was made from the workload's template, because the workload has no pods among the objects. */
  readonly planned: boolean;
}

/** What a workload has its pods made from. */
export interface WorkloadTemplate {
  /** As in {@link PodWorkload}. */
  readonly replicas?: number;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly spec: PodSpec;
}

/** The fields of all kinds of workloads that pods follow from. */
interface WorkloadSpec {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly completions?: number;
  readonly selector?: LabelSelector;
  readonly template?: { readonly metadata?: { readonly labels?: StringMap; readonly annotations?: StringMap }; readonly spec?: PodSpec };
  readonly jobTemplate?: { readonly spec?: WorkloadSpec };
}

interface WorkloadObject extends KubeObject {
  readonly spec?: WorkloadSpec;
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] };
}

/** How many pods a workload of a kind has, by its specification; undefined: as many as there are nodes. */
type Counting = (spec: WorkloadSpec) => number | undefined;

/** The API server's default where nothing is said is 1. */
const byReplicas: Counting = ({ replicas = 1 }) => replicas;
const byParallelism: Counting = ({ parallelism = 1, completions }) => Math.min(parallelism, completions ?? parallelism);

/** The kinds that have a template in `spec.template`, or that of a Job in `spec.jobTemplate`. */
const workloadKinds: Readonly<Record<string, Counting>> = {
  'apps Deployment': byReplicas,
  'apps ReplicaSet': byReplicas,
  'apps StatefulSet': byReplicas,
  'apps DaemonSet': () => undefined,
  'batch Job': byParallelism,
  'batch CronJob': ({ jobTemplate }) => byParallelism(jobTemplate?.spec ?? {}),
  ' ReplicationController': byReplicas,
  // Custom resources that stand where a Deployment would.
  'apps.openshift.io DeploymentConfig': byReplicas,
  'argoproj.io Rollout': byReplicas,
};

/** Whether an object is of a kind that makes pods from a template. */
export function isWorkload(object: KubeObject): boolean {
  return countingOf(object) !== undefined;
}

/** The template of a workload; undefined where the object is none, has none, or is a Job that has ended. */
export function workloadTemplate(object: KubeObject): WorkloadTemplate | undefined {
  const counting = countingOf(object);
  const { spec, status, metadata } = object as WorkloadObject;
  if (counting === undefined || spec === undefined) return undefined;
  const hasEnded = status?.conditions?.some((one) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True');
  if (object.kind === 'Job' && hasEnded === true) return undefined;
  const template = spec.template ?? spec.jobTemplate?.spec?.template;
  if (template?.spec === undefined) return undefined;
  const replicas = counting(spec);
  return {
    ...(replicas === undefined ? {} : { replicas }),
    labels: { ...template.metadata?.labels, ...(object.kind === 'Job' ? jobLabels(metadata.name ?? '') : {}) },
    annotations: template.metadata?.annotations ?? {},
    spec: template.spec,
  };
}

/** What the controller of Jobs adds to its pods, as far as it is known before they run. */
function jobLabels(name: string): StringMap {
  return { 'job-name': name, 'batch.kubernetes.io/job-name': name };
}

function countingOf(object: KubeObject): Counting | undefined {
  const key = `${groupVersionOf(object).group} ${object.kind ?? ''}`;
  return Object.hasOwn(workloadKinds, key) ? workloadKinds[key] : undefined;
}

/** `kind namespace/name`: one key for each workload. */
export function workloadKey({ kind, namespace, name }: Pick<PodWorkload, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

/** The owner that manages the object (`controller: true`), if any. */
export function controllerOf({
  metadata,
}: KubeObject): { readonly apiVersion: string; readonly kind: string; readonly name: string } | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
