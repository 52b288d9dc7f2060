/** What of Calico may not be deleted while Calico enforces: the definitions of its kinds, and the objects that it needs. */
import { readFileSync } from 'node:fs';
import type { DeletedObject } from '@weir/apiserver';
import type { ClusterConfig } from '../cluster/cluster-config.ts';
import { calicoDefinitions, calicoGroup } from './calico-definitions.ts';
import { calicoObjectKeys } from './calico-objects.ts';

const definitions = new Set(calicoDefinitions.map(({ metadata }) => metadata.name ?? ''));
const reason =
  'Calico enforces the network policies of this cluster and needs it; change the engine first (az aks update --network-policy none), then it may be deleted';

/** Why the object has to stay now; undefined when it may go. `path`: the description of the cluster. */
export function calicoReasonToKeep(path: string, { group, resource, name }: DeletedObject): string | undefined {
  // The same objects, as users of the other group name them.
  const storedGroup = group === 'projectcalico.org' ? calicoGroup : group;
  const isDefinition = group === 'apiextensions.k8s.io' && resource === 'customresourcedefinitions' && definitions.has(name);
  if (!isDefinition && !calicoObjectKeys.has(`${resource}.${storedGroup}/${name}`)) return undefined;
  return enforcesCalico(JSON.parse(readFileSync(path, 'utf8')) as ClusterConfig) ? reason : undefined;
}

/** Whether any node has Calico, or is going to have it. */
function enforcesCalico({ engine, nodes }: Pick<ClusterConfig, 'engine' | 'nodes'>): boolean {
  return engine === 'calico' || nodes.some((node) => node.engine === 'calico');
}
