/**
 * The volumes that the lab makes itself: a directory of one node, which only pods of that node reach.
 *
 * ```
 *   <node's state>/claims/<handle>
 * ```
 * They lie apart from what `hostPath` shows, so no container can turn the way to one into a link.
 */
import { join } from 'node:path';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@weir/kube';
import { assert } from '@weir/net';
import { provisionedBy, provisionerFinalizer } from './claim-marks.ts';

/** The name of the provisioner in classes, and of the driver in volumes. */
export const directoryDriver = 'directory.weir.local';

/** Where the volumes lie below a node's state. */
export const claimsDirectory = 'claims';

const hostnameLabel = 'kubernetes.io/hostname';

/** Whether a handle is a plain name, and no way to another place of the machine. */
export function isVolumeHandle(handle: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(handle);
}

/** The directory of a volume on a node. */
export function volumeDirectory(nodeState: string, handle: string): string {
  assert(isVolumeHandle(handle), `${handle} is no handle of a volume`);
  return join(nodeState, claimsDirectory, handle);
}

/** Why the lab cannot make a volume for the claim; undefined when it can. */
export function provisioningProblem({ spec }: PersistentVolumeClaim): string | undefined {
  if (spec?.volumeMode === 'Block') return 'the volumes of the lab are directories, not block devices';
  const shared = spec?.accessModes?.find((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod');
  if (shared !== undefined) return `the volumes of the lab belong to one node: access mode ${shared} is not supported`;
  if ((spec?.dataSource ?? spec?.dataSourceRef) !== undefined) return 'the lab does not make volumes from other volumes or snapshots';
  return spec?.selector === undefined ? undefined : 'claim.spec.selector is not supported for dynamic provisioning';
}

/** Whether the class lets its volumes be on the node. */
export function isInTopology({ allowedTopologies = [] }: StorageClass, { metadata }: Node): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? '')),
  );
}

/** The volume for a claim, on a node. */
export function directoryVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): PersistentVolume {
  const { uid = '', name = '', namespace = '' } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const hostname = node.metadata.labels?.[hostnameLabel] ?? node.metadata.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: { [provisionedBy]: directoryDriver },
      ...(storageClass.reclaimPolicy === 'Retain' ? {} : { finalizers: [provisionerFinalizer] }),
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
      accessModes: claim.spec?.accessModes ?? [],
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      volumeMode: 'Filesystem',
      csi: { driver: directoryDriver, volumeHandle: volumeName },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [hostname] }] }] },
      },
    },
  };
}
