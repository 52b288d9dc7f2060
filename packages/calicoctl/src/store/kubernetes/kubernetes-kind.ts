/** A kind that Calico makes of what Kubernetes has. */
import type { KubeClient, ListOptions, ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import type { Resource } from '../../resources/resource-kinds.ts';

/** How its objects are read, and written where that is possible. */
export interface KubernetesKind {
  /** Those of a namespace (empty: of all), or of the cluster; with a name at most those that can have it. */
  list(client: KubeClient, namespace: string, name?: string): Promise<readonly Resource[]>;
  /** Writes one that is there. */
  readonly update?: (client: KubeClient, resource: Resource) => Promise<Resource>;
}

const pageSize = 500;

/** What all pages hold, and the version of the last one. */
export interface ObjectPages<T extends KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/** All objects of a resource, asked for page by page. */
export async function listPages<T extends KubeObject>(
  client: KubeClient,
  path: ResourcePath,
  options: ListOptions = {},
): Promise<ObjectPages<T>> {
  const items: T[] = [];
  let token: string | undefined;
  let resourceVersion = '';
  do {
    const page = await client.list<T>(path, { limit: pageSize, ...options, ...(token === undefined ? {} : { continue: token }) });
    items.push(...page.items);
    token = page.metadata.continue === '' ? undefined : page.metadata.continue;
    resourceVersion = page.metadata.resourceVersion ?? '';
  } while (token !== undefined);
  return { items, resourceVersion };
}
