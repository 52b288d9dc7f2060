/** A world of the oracle as the objects that an API server lists. */
import type { KubeObject } from '@weir/kube';
import type { World } from '../oracle/world.ts';

/** Every object, with its kind. */
export function objectsOf(world: World): KubeObject[] {
  const named = (list: readonly object[], kind: string, apiVersion = 'v1'): KubeObject[] =>
    list.map((one) => ({ ...one, apiVersion, kind }) as KubeObject);
  return [
    ...named(world.namespaces, 'Namespace'),
    ...named(world.pods, 'Pod'),
    ...named(world.networkPolicies, 'NetworkPolicy', 'networking.k8s.io/v1'),
    ...named(world.nodes ?? [], 'Node'),
    ...(world.serviceAccounts ?? []),
    ...(world.policyObjects ?? []),
  ];
}
