/** Objects that a cluster is to have: made when they are missing, left alone when they are there. */
import { isAlreadyExists, isConflict, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';

/** Creates the object unless one of its name is there, also when somebody else does so at the same time. */
export async function createOnce(client: KubeClient, path: ResourcePath, object: KubeObject): Promise<void> {
  try {
    await client.get(path, object.metadata.name ?? '');
    return;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  try {
    await client.create(path, object);
  } catch (error) {
    if (!isAlreadyExists(error) && !isConflict(error)) throw error;
  }
}
