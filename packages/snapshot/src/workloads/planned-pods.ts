/**
 * Planned pods: one for each workload that has no pods among the objects, made from its template.
 *
 * It has the workload's name, and no address and no node: those are a cluster's to give. It stands for
 * as many equal pods as the workload will have ({@link copiesOf}).
 */
import type { KubeObject, Pod, StringMap } from '@weir/kube';
import { addToGroup } from '@weir/net';
import { groupVersionOf } from '../readable-objects.ts';
import { nameOf, PodOwners, type WorkloadName } from './pod-owners.ts';
import { controllerOf, isWorkload, type PodWorkload, type WorkloadTemplate, workloadKey, workloadTemplate } from './workload.ts';

/** Pods with what makes them. */
export interface PlannedPods {
  /** The given pods, then the planned ones. */
  readonly pods: readonly Pod[];
  /** The workloads of pods by `namespace/name` of the pod; pods that nobody manages are not in it. */
  readonly workloads: ReadonlyMap<string, PodWorkload>;
}

/** A workload that has no pods yet. */
export interface PlannedWorkload {
  readonly workload: WorkloadName;
  readonly template: WorkloadTemplate;
}

/** Adds the planned pods of the workloads among the objects to the pods among them. */
export function planPods(objects: readonly KubeObject[]): PlannedPods {
  const pods = objects.filter(isPod);
  const owned = ownersOf(objects, pods);
  const live = new Map<string, number>();
  for (const workload of owned.values()) live.set(workloadKey(workload), (live.get(workloadKey(workload)) ?? 0) + 1);
  const workloads = new Map<string, PodWorkload>();
  for (const [pod, workload] of owned) {
    workloads.set(podName(pod), { ...workload, replicas: live.get(workloadKey(workload)) ?? 1, planned: false });
  }
  const taken = new Set(pods.map(podName));
  const planned = workloadsWithoutPods(objects).map(({ workload, template }): Pod => {
    const plain = `${workload.namespace}/${workload.name}`;
    // A name that no object can have: it is nobody else's.
    const name = taken.has(plain) ? `${workload.name}[${workload.kind}]` : workload.name;
    taken.add(`${workload.namespace}/${name}`);
    const { replicas } = template;
    workloads.set(`${workload.namespace}/${name}`, { ...workload, ...(replicas === undefined ? {} : { replicas }), planned: true });
    return podOfTemplate(template, { namespace: workload.namespace, name });
  });
  return { pods: [...pods, ...planned], workloads };
}

/** The workloads among the objects that no other one makes and that have no pods among them. */
export function workloadsWithoutPods(objects: readonly KubeObject[]): readonly PlannedWorkload[] {
  const workloads = objects.filter(isWorkload);
  if (workloads.length === 0) return [];
  const pods = objects.filter(isPod);
  const inhabited = new Set([...ownersOf(objects, pods).values()].map(workloadKey));
  const strays = straysByNamespace(pods);
  const known = new Set(workloads.map((object) => workloadKey(nameOf(object))));
  const scaling = autoscalers(objects);
  return workloads.flatMap((object): PlannedWorkload[] => {
    const workload = nameOf(object);
    const behind = controllerOf(object);
    const isMade = behind !== undefined && known.has(workloadKey({ ...workload, kind: behind.kind, name: behind.name }));
    const template = workloadTemplate(object);
    if (isMade || template === undefined || inhabited.has(workloadKey(workload))) return [];
    if ((strays.get(workload.namespace) ?? []).some((pod) => looksLike(pod, workload.name, template.labels))) return [];
    const most = scaling.get(workloadKey(workload));
    return [{ workload, template: most === undefined ? template : { ...template, replicas: most } }];
  });
}

/** The pod that a controller would make of a template. */
export function podOfTemplate(
  { labels, annotations, spec }: WorkloadTemplate,
  { namespace, name }: { namespace: string; name: string },
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid: `${namespace}/${name}`, labels, annotations },
    // Admission gives every pod an account.
    spec: { serviceAccountName: 'default', ...spec },
  };
}

function isPod(object: KubeObject): object is Pod {
  return object.kind === 'Pod' && groupVersionOf(object).group === '';
}

function ownersOf(objects: readonly KubeObject[], pods: readonly Pod[]): ReadonlyMap<Pod, WorkloadName> {
  const owners = new PodOwners(objects.filter(isWorkload));
  return new Map(
    pods.flatMap((pod) => {
      const owner = owners.ownerOf(pod);
      return owner === undefined ? [] : [[pod, owner] as const];
    }),
  );
}

/** Pods that say of no controller, as in a dump that was cleaned. */
function straysByNamespace(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const strays = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (controllerOf(pod) !== undefined) continue;
    const { namespace = 'default' } = pod.metadata;
    addToGroup(strays, namespace, pod);
  }
  return strays;
}

function looksLike({ metadata: { name = '', labels = {} } }: Pod, workload: string, wanted: StringMap): boolean {
  const isNamedLike = name === workload || name.startsWith(`${workload}-`);
  return isNamedLike && Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** The most pods that autoscalers give workloads, by {@link workloadKey}. Kinds: HorizontalPodAutoscaler, and ScaledObject of KEDA (100 unless it says). */
function autoscalers(objects: readonly KubeObject[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const object of objects) {
    if (object.kind !== 'HorizontalPodAutoscaler' && object.kind !== 'ScaledObject') continue;
    const { spec } = object as { readonly spec?: AutoscalerSpec };
    const { kind = 'Deployment', name = '' } = spec?.scaleTargetRef ?? {};
    const most = spec?.maxReplicas ?? spec?.maxReplicaCount ?? (object.kind === 'ScaledObject' ? 100 : undefined);
    const { namespace = 'default' } = object.metadata;
    if (typeof most === 'number') found.set(workloadKey({ kind, namespace, name }), most);
  }
  return found;
}

interface AutoscalerSpec {
  readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
  readonly maxReplicas?: number;
  readonly maxReplicaCount?: number;
}

function podName({ metadata: { namespace = 'default', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}
