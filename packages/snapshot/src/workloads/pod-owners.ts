/**
 * Which workload a live pod belongs to: the one that people deployed, not the ReplicaSet or the Job in
 * between.
 *
 * The controller that the pod names is followed as far as the objects go. Where the object in between is
 * not among them its name tells: a ReplicaSet is called like its Deployment with the pod's template hash,
 * a Job like its CronJob with the minute of its run.
 */
import type { KubeObject, Pod } from '@weir/kube';
import { controllerOf, type PodWorkload, workloadKey } from './workload.ts';

/** A workload by its name. */
export type WorkloadName = Omit<PodWorkload, 'replicas' | 'planned'>;

/** Longer chains of controllers than that are circles. */
const chainMax = 4;

/** The label that Argo Rollouts puts the hash into, where a Deployment has `pod-template-hash`. */
const rolloutHash = 'rollouts-pod-template-hash';

/** Minutes since 1970, which the controller of CronJobs ends the names of Jobs with. */
const runMinute = /^(.+)-[0-9]{8}$/;

/** Finds the workloads of pods among objects. */
export class PodOwners {
  readonly #controllers: Map<string, KubeObject> = new Map();

  /** `workloads`: the objects that may stand between a pod and what was deployed. */
  constructor(workloads: readonly KubeObject[]) {
    for (const object of workloads) this.#controllers.set(workloadKey(nameOf(object)), object);
  }

  /** The workload of a pod; undefined for one that nobody manages, and for one that its node runs from a file. */
  ownerOf(pod: Pod): WorkloadName | undefined {
    const controller = controllerOf(pod);
    if (controller === undefined || controller.kind === 'Node') return undefined;
    const { namespace = 'default' } = pod.metadata;
    const own = { apiVersion: controller.apiVersion, kind: controller.kind, namespace, name: controller.name };
    const root = this.#rootOf(own);
    return root === own ? (behindByName(own, pod) ?? own) : root;
  }

  /** The workload that stands behind another; the same where none does. */
  #rootOf(workload: WorkloadName): WorkloadName {
    let root = workload;
    for (let steps = 0; steps < chainMax; steps++) {
      const object = this.#controllers.get(workloadKey(root));
      const behind = object === undefined ? undefined : controllerOf(object);
      if (behind === undefined) return root;
      root = { apiVersion: behind.apiVersion, kind: behind.kind, namespace: root.namespace, name: behind.name };
    }
    return root;
  }
}

/** Kind, namespace and name of a workload that is an object. */
export function nameOf({ apiVersion = '', kind = '', metadata }: KubeObject): WorkloadName {
  return { apiVersion, kind, namespace: metadata.namespace ?? 'default', name: metadata.name ?? '' };
}

function behindByName(own: WorkloadName, { metadata: { labels = {} } }: Pod): WorkloadName | undefined {
  if (own.kind === 'Job') {
    const name = runMinute.exec(own.name)?.[1];
    return name === undefined ? undefined : { ...own, kind: 'CronJob', name };
  }
  if (own.kind !== 'ReplicaSet') return undefined;
  const rollout = withoutEnd(own.name, labels[rolloutHash]);
  if (rollout !== undefined) return { ...own, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: rollout };
  const deployment = withoutEnd(own.name, labels['pod-template-hash']);
  return deployment === undefined ? undefined : { ...own, kind: 'Deployment', name: deployment };
}

function withoutEnd(name: string, hash: string | undefined): string | undefined {
  return hash !== undefined && hash !== '' && name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : undefined;
}
