/** Tells binder and provisioner which node a pod's claims are for; both then do their part as for any other claim. */
import { type KubeClient, persistentVolumeClaimsPath, persistentVolumesPath } from '@weir/client';
import { boundByController, selectedNode } from '../storage/claim-marks.ts';
import type { ClaimChoice } from './pod-volumes.ts';

/** Reserves the volumes that were chosen, and asks for those that are to be made. Rejects with a conflict when one has changed. */
export async function bindVolumes(client: KubeClient, choices: readonly ClaimChoice[], node: string): Promise<void> {
  for (const { claim, volume } of choices) {
    const { namespace = '', name = '', uid = '' } = claim.metadata;
    if (volume === undefined) {
      if (claim.metadata.annotations?.[selectedNode] === node) continue;
      const metadata = { uid, annotations: { [selectedNode]: node } };
      await client.patch(persistentVolumeClaimsPath(namespace), name, { metadata }, { type: 'merge' });
    } else if (volume.spec?.claimRef?.uid !== uid) {
      const { resourceVersion, name: volumeName = '' } = volume.metadata;
      const chosen = volume.spec?.claimRef === undefined ? { annotations: { [boundByController]: 'yes' } } : {};
      const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid };
      await client.patch(
        persistentVolumesPath,
        volumeName,
        { metadata: { resourceVersion, ...chosen }, spec: { claimRef } },
        { type: 'merge' },
      );
    }
  }
}
