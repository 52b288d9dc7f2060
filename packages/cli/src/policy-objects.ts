/** The objects of every policy API that a cluster has installed, and what they refer to. */
import { isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import { isOfKind, type PolicyKind, policyApiKinds, policyCompilersOf } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { EngineProfile } from '@weir/model';

/** Kubernetes' own kinds that policies refer to are read by everybody who reads policies. */
const isReadElsewhere = ({ group }: PolicyKind): boolean => group === '' || group === 'discovery.k8s.io';

/** Reads them; throws what the client throws, but for kinds that are not installed. */
export async function readPolicyObjects(client: KubeClient): Promise<readonly KubeObject[]> {
  const kinds = policyApiKinds().filter((kind) => !isReadElsewhere(kind));
  return (await Promise.all(kinds.map((kind) => readKind(client, kind)))).flat();
}

/** An object of a policy API, and where it is created. */
export interface PlacedPolicyObject {
  readonly object: KubeObject;
  readonly path: ResourcePath;
}

/** Those of the objects that are of policy APIs which the engine reads, Kubernetes' own aside, as they are written. */
export function placedPolicyObjects(objects: readonly KubeObject[], profile: EngineProfile): readonly PlacedPolicyObject[] {
  const kinds = policyCompilersOf(profile).flatMap(({ policyKinds, referredKinds }) => [...policyKinds, ...referredKinds]);
  return objects.flatMap((object): PlacedPolicyObject[] => {
    const kind = kinds.find((one) => one.isBuiltIn !== true && !isReadElsewhere(one) && isOfKind(object, one));
    const [group = '', version = ''] = (object.apiVersion ?? '').split('/');
    if (kind === undefined) return [];
    const { name, namespace = 'default', labels } = object.metadata;
    const metadata = {
      ...(name === undefined ? {} : { name }),
      ...(kind.namespaced ? { namespace } : {}),
      ...(labels === undefined ? {} : { labels }),
    };
    const path = { group, version, resource: kind.plural, ...(kind.namespaced ? { namespace } : {}) };
    return [{ object: { ...object, metadata }, path }];
  });
}

/** The namespaces, and those of the objects that are not among them. */
export function withNamespacesOf(others: readonly PlacedPolicyObject[], namespaces: readonly KubeObject[]): readonly KubeObject[] {
  const known = new Set(namespaces.map(({ metadata }) => metadata.name));
  const missing = new Set(
    others.flatMap(({ path: { namespace } }) => (namespace === undefined || known.has(namespace) ? [] : [namespace])),
  );
  return [...namespaces, ...[...missing].map((name): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))];
}

/** The objects in the first form and version that the cluster serves. */
async function readKind(client: KubeClient, kind: PolicyKind): Promise<readonly KubeObject[]> {
  for (const path of pathsOf(kind)) {
    try {
      return (await client.list<KubeObject>(path)).items;
    } catch (error) {
      if (kind.isBuiltIn === true || !isNotFound(error)) throw error;
    }
  }
  return [];
}

function pathsOf({ plural, writtenAs, ...stored }: PolicyKind): readonly ResourcePath[] {
  return [stored, ...(writtenAs === undefined ? [] : [writtenAs])].flatMap(({ group, versions }) =>
    versions.map((version) => ({ group, version, resource: plural })),
  );
}
