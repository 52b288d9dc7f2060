/** The resources that the API server serves, as its discovery names them: for controllers that treat all kinds alike. */
import type { KubeClient, ResourcePath } from '@weir/client';

/** A resource and what it is. */
export interface ServedResource extends Omit<ResourcePath, 'namespace'> {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}
interface GroupList {
  readonly groups?: readonly { readonly name: string; readonly preferredVersion?: { readonly version: string } }[];
}

/** All resources in the preferred version of their group, without subresources. */
export async function servedResources(client: KubeClient): Promise<readonly ServedResource[]> {
  const { groups = [] } = await client.request<GroupList>('GET', '/apis');
  const versions = groups.flatMap(({ name, preferredVersion }) =>
    preferredVersion === undefined ? [] : [{ group: name, version: preferredVersion.version }],
  );
  const lists = await Promise.all(
    [{ group: '', version: 'v1' }, ...versions].map(async ({ group, version }) => {
      const { resources = [] } = await client.request<ResourceList>('GET', group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
      return resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced, verbs }) => ({ group, version, resource: name, kind, namespaced, verbs }));
    }),
  );
  return lists.flat();
}
