/** A random world as the snapshot of its objects. */
import type { World } from '@weir/testkit';
import { type LoadSnapshotOptions, loadSnapshot, type Snapshot } from '../../src/index.ts';

/** Loads it. */
export function snapshotOfWorld(world: World, options: LoadSnapshotOptions = {}): Snapshot {
  const nodes = (world.nodes ?? []).map((node) => ({ ...node, apiVersion: 'v1', kind: 'Node' }));
  return loadSnapshot(
    [
      ...world.namespaces.map((namespace) => ({ ...namespace, apiVersion: 'v1', kind: 'Namespace' })),
      ...world.pods.map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })),
      ...world.networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
      ...nodes,
    ],
    options,
  );
}
