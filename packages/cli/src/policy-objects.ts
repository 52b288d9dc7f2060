/** The objects of every policy API that a cluster has installed, and what they refer to. */
import { isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import { type PolicyKind, policyApiKinds } from '@weir/compile';
import type { KubeObject } from '@weir/kube';

/** Kubernetes' own kinds that policies refer to are read by everybody who reads policies. */
const isReadElsewhere = ({ group }: PolicyKind): boolean => group === '' || group === 'discovery.k8s.io';

/** Reads them; throws what the client throws, but for kinds that are not installed. */
export async function readPolicyObjects(client: KubeClient): Promise<readonly KubeObject[]> {
  const kinds = policyApiKinds().filter((kind) => !isReadElsewhere(kind));
  return (await Promise.all(kinds.map((kind) => readKind(client, kind)))).flat();
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
