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
  readonly groups?: readonly { readonly name: string; readonly versions?: readonly { readonly version: string }[] }[];
}

/** All resources, each in the best version that it is served in, without subresources. */
export async function servedResources(client: KubeClient): Promise<readonly ServedResource[]> {
  const { groups = [] } = await client.request<GroupList>('GET', '/apis');
  // Custom kinds of one group need not be served in the same versions.
  const named = groups.flatMap(({ name, versions = [] }) => versions.map(({ version }) => ({ group: name, version })));
  const lists = await Promise.all(
    [{ group: '', version: 'v1' }, ...named].map(async ({ group, version }) => {
      const { resources = [] } = await client.request<ResourceList>('GET', group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
      return resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced, verbs }) => ({ group, version, resource: name, kind, namespaced, verbs }));
    }),
  );
  const best = new Map<string, ServedResource>();
  for (const resource of lists.flat()) {
    const key = `${resource.group}/${resource.resource}`;
    if (!best.has(key)) best.set(key, resource);
  }
  return [...best.values()];
}
