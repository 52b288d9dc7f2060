/**
 * Whether an API server has a kind, as its discovery says: a list that finds nothing is no proof. A proxy, or a server that
 * is just starting, may say so of a kind whose policies are in force elsewhere.
 */
import { isNotFound, type KubeClient, type ResourcePath } from '@weir/client';

interface ResourceList {
  readonly resources?: readonly { readonly name: string }[];
}

/** Rejects when the server does not say; every user may ask (`system:discovery`). */
export async function isInstalled(client: KubeClient, { group, version, resource }: ResourcePath, signal: AbortSignal): Promise<boolean> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  try {
    const { resources = [] } = await client.request<ResourceList>('GET', path, { signal });
    return resources.some(({ name }) => name === resource);
  } catch (error) {
    // A group of which the server has no kind at all; a server that has no groups is none.
    if (isNotFound(error)) return await hasGroup(client, group, signal);
    throw error;
  }
}

interface GroupList {
  readonly groups?: readonly { readonly name: string }[];
}

async function hasGroup(client: KubeClient, group: string, signal: AbortSignal): Promise<boolean> {
  const { groups = [] } = await client.request<GroupList>('GET', '/apis', { signal });
  return groups.some(({ name }) => name === group);
}
