/** A random world of testkit, read as a snapshot. */
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import type { World } from '@weir/testkit';

/** Its objects have what manifests name besides: their kinds. */
export function snapshotOfWorld({ nodes = [], namespaces, pods, networkPolicies }: World): Snapshot {
  return loadSnapshot([
    ...namespaces.map((namespace) => ({ ...namespace, apiVersion: 'v1', kind: 'Namespace' })),
    ...pods.map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })),
    ...networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
    ...nodes.map((node) => ({ ...node, apiVersion: 'v1', kind: 'Node' })),
  ]);
}
