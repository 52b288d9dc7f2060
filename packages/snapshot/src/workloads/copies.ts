/** For how many equal pods one of a snapshot stands: a planned pod for all that its workload will have, a live one for itself. */
import type { Endpoint } from '@weir/model';
import type { PodWorkload } from './workload.ts';

/** What of a snapshot tells. */
interface KnownWorkloads {
  readonly workloads: ReadonlyMap<string, PodWorkload>;
}

/**
 * At least 1; 2 where nobody knows how many (a DaemonSet), because more of the same change no verdict.
 * A class of pods has as many members as the copies of its pods: one planned pod with several copies does
 * have pairs within itself.
 */
export function copiesOf({ workloads }: KnownWorkloads, { namespace, name }: Pick<Endpoint, 'namespace' | 'name'>): number {
  const workload = workloads.get(`${namespace}/${name}`);
  if (workload?.planned !== true) return 1;
  return Math.max(1, workload.replicas ?? 2);
}

/** Another copy of a pod that stands for several, to be asked about together with it: to evaluation it is a pod of its own. */
export function anotherCopy(endpoint: Endpoint): Endpoint {
  return { ...endpoint, uid: `${endpoint.uid} (another copy)` };
}
