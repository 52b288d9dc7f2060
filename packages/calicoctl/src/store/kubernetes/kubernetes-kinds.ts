/** The kinds that Calico makes of what Kubernetes has, by their names. */
import type { KubernetesKind } from './kubernetes-kind.ts';
import { nodes } from './nodes.ts';
import { profiles } from './profiles.ts';
import { workloadEndpoints } from './workload-endpoints.ts';

/** How each is read and written. */
export const kubernetesKinds: Readonly<Record<string, KubernetesKind>> = {
  Node: nodes,
  Profile: profiles,
  WorkloadEndpoint: workloadEndpoints,
};
