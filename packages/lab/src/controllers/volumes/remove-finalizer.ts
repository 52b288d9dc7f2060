/** Lets go of an object that is being deleted. */
import type { KubeClient, ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';

/** Takes one finalizer off the object as it was read; rejects with a conflict when it has changed. Answers the object without it. */
export async function removeFinalizer<T extends KubeObject>(
  client: KubeClient,
  path: ResourcePath,
  object: T,
  finalizer: string,
): Promise<T> {
  const { finalizers = [], resourceVersion, name = '' } = object.metadata;
  if (!finalizers.includes(finalizer)) return object;
  const metadata = { resourceVersion, finalizers: finalizers.filter((each) => each !== finalizer) };
  return await client.patch<T>(path, name, { metadata }, { type: 'merge' });
}
