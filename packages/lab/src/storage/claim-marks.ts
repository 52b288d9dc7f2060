/** The annotations and finalizers by which binder, scheduler, provisioner and garbage collection of volumes agree. */
import type { PersistentVolume, PersistentVolumeClaim } from '@weir/kube';

/** On a claim: its binding is complete. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** On a claim or volume: the binder chose the other side, no person did. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** On a volume: who made it, and removes it. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** On a claim: who is to make its volume. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
/** The same for older provisioners. */
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
/** On a claim: the node that the scheduler wants its volume on. */
export const selectedNode = 'volume.kubernetes.io/selected-node';

/** Keeps a claim that is being deleted while a pod uses it. */
export const claimFinalizer = 'kubernetes.io/pvc-protection';
/** Keeps a volume that is being deleted while a claim has it. */
export const volumeFinalizer = 'kubernetes.io/pv-protection';
/** Keeps a volume that is being deleted until its data is gone. */
export const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

/** Whether the volume is for this claim, by name and, once it is known, by UID. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  if (reference === undefined || reference.name !== metadata.name || reference.namespace !== metadata.namespace) return false;
  return (reference.uid ?? '') === '' || reference.uid === metadata.uid;
}

/** Whether claim and volume have found each other, and both know it. */
export function isBindingComplete({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (spec?.volumeName ?? '') !== '' && metadata.annotations?.[bindCompleted] !== undefined;
}
