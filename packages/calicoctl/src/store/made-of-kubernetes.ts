/** Kinds that Calico makes of what Kubernetes has: profiles of namespaces and service accounts, and nodes. */
import { type KubeClient, namespacesPath, nodesPath, type ResourcePath } from '@weir/client';
import { calicoGroup } from '@weir/compile';
import type { KubeObject, ObjectMeta } from '@weir/kube';
import type { Resource, ResourceKind } from '../resources/resource-kinds.ts';

const serviceAccountsPath: ResourcePath = { group: '', version: 'v1', resource: 'serviceaccounts' };

/** The profile of what is in no namespace and has no account. */
const allowAll: Resource = profile('projectcalico-default-allow', {}, {});

/** All objects of such a kind. */
export async function madeOfKubernetes({ kind }: ResourceKind, client: KubeClient): Promise<readonly Resource[]> {
  if (kind === 'Node') {
    const { items } = await client.list<KubeObject>(nodesPath);
    return items.map(({ metadata }) => ({ apiVersion: calicoGroup, kind, metadata: kept(metadata), spec: {} }));
  }
  const [namespaces, accounts] = await Promise.all([client.list<KubeObject>(namespacesPath), client.list<KubeObject>(serviceAccountsPath)]);
  return [
    allowAll,
    ...namespaces.items.map(({ metadata }) => {
      const { name = '', labels = {} } = metadata;
      return profile(`kns.${name}`, { ...prefixed('pcns.', labels), 'pcns.projectcalico.org/name': name }, metadata);
    }),
    ...accounts.items.map(({ metadata }) => {
      const { name = '', namespace = '', labels = {} } = metadata;
      return profile(`ksa.${namespace}.${name}`, { ...prefixed('pcsa.', labels), 'pcsa.projectcalico.org/name': name }, metadata);
    }),
  ];
}

/** Rules of profiles allow everything: what a pod that no policy selects may do. */
function profile(name: string, labelsToApply: Readonly<Record<string, string>>, { uid, resourceVersion }: ObjectMeta): Resource {
  const allow = [{ action: 'Allow', source: {}, destination: {} }];
  const identity = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return {
    apiVersion: calicoGroup,
    kind: 'Profile',
    metadata: { name, ...identity },
    spec: { ingress: allow, egress: allow, ...(Object.keys(labelsToApply).length === 0 ? {} : { labelsToApply }) },
  };
}

function prefixed(prefix: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}${key}`, value]));
}

function kept({ name, labels, uid, resourceVersion, creationTimestamp }: ObjectMeta): ObjectMeta {
  return Object.fromEntries(
    Object.entries({ name, labels, uid, resourceVersion, creationTimestamp }).filter(([, value]) => value !== undefined),
  );
}
