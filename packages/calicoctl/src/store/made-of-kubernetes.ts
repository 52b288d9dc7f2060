/** Kinds that Calico makes of what Kubernetes has: profiles of namespaces and service accounts, and nodes. */
import { type KubeClient, namespacesPath, nodesPath, type ResourcePath } from '@weir/client';
import { allowAllProfile, type CalicoProfile, calicoGroup, namespaceProfile, serviceAccountProfile } from '@weir/compile';
import type { KubeObject, ObjectMeta } from '@weir/kube';
import type { Resource, ResourceKind } from '../resources/resource-kinds.ts';

const serviceAccountsPath: ResourcePath = { group: '', version: 'v1', resource: 'serviceaccounts' };

/** All objects of such a kind. */
export async function madeOfKubernetes({ kind }: ResourceKind, client: KubeClient): Promise<readonly Resource[]> {
  if (kind === 'Node') {
    const { items } = await client.list<KubeObject>(nodesPath);
    return items.map(({ metadata }) => ({ apiVersion: calicoGroup, kind, metadata: kept(metadata), spec: {} }));
  }
  const [namespaces, accounts] = await Promise.all([client.list<KubeObject>(namespacesPath), client.list<KubeObject>(serviceAccountsPath)]);
  const profiles: readonly CalicoProfile[] = [
    allowAllProfile,
    ...namespaces.items.map(namespaceProfile),
    ...accounts.items.map(serviceAccountProfile),
  ];
  return profiles.map((each) => ({ ...each, spec: { ...each.spec } }));
}

function kept({ name, labels, uid, resourceVersion, creationTimestamp }: ObjectMeta): ObjectMeta {
  return Object.fromEntries(
    Object.entries({ name, labels, uid, resourceVersion, creationTimestamp }).filter(([, value]) => value !== undefined),
  );
}
