/** Which Calico a cluster says that it has: the one that AKS runs with the newest Kubernetes among its nodes. */
import { isNotFound, type KubeClient } from '@weir/client';
import { engineRelease } from '@weir/model';
import { minorOf } from '../engine-pods/engine-labels.ts';
import { calicoGroup, operatorGroup } from './calico-definitions.ts';

/** Without a `v`, for nodes of these versions (`v1.35.2`). */
export function calicoVersionFor(kubeletVersions: readonly string[]): string {
  return engineRelease('calico', 'linux', Math.max(0, ...kubeletVersions.map(minorOf)))?.version ?? '';
}

/** Has the Installation and the ClusterInformation name the version, as the operator does when it brings another Calico. What people have deleted does not come back. */
export async function tellCalicoVersion(client: KubeClient, version: string): Promise<void> {
  const calicoVersion = `v${version}`;
  const installations = { group: operatorGroup, version: 'v1', resource: 'installations' };
  const informations = { group: calicoGroup, version: 'v1', resource: 'clusterinformations' };
  await Promise.all(
    [
      client.patch(installations, 'default', { status: { calicoVersion } }, { type: 'merge', subresource: 'status' }),
      client.patch(informations, 'default', { spec: { calicoVersion } }, { type: 'merge' }),
    ].map((told) => told.catch(unlessNotFound)),
  );
}

function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
