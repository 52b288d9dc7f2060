/** What a persistent volume is, and what is to happen to it: values in, values out (`pkg/controller/volume/persistentvolume`). */
import type { PersistentVolume, PersistentVolumeClaim } from '@weir/kube';
import { provisionedBy } from '../../storage/claim-marks.ts';
import { directoryDriver, isVolumeHandle } from '../../storage/directory-volume.ts';

/** The phase to write, and what else is due. */
export type VolumePlan =
  | { readonly kind: 'phase'; readonly phase: 'Available' | 'Bound' }
  /** It has no claim any more; its data stays. */
  | { readonly kind: 'retain' }
  /** Its data is ours to remove, and then the object. */
  | { readonly kind: 'remove'; readonly handle: string }
  /** Somebody else's provisioner removes it. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'fail'; readonly message: string }
  /** It waits for its claim, which has not taken it yet. */
  | { readonly kind: 'none' };

/** Plans for a volume and the claim that its reference names; undefined when that is gone. */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  const reference = volume.spec?.claimRef;
  const isGoing = volume.metadata.deletionTimestamp !== undefined;
  if (reference === undefined || (reference.uid ?? '') === '') {
    return isGoing && handleOf(volume) !== undefined ? planRelease(volume) : { kind: 'phase', phase: 'Available' };
  }
  if (claim === undefined || claim.metadata.uid !== reference.uid) return planRelease(volume);
  const taken = claim.spec?.volumeName ?? '';
  if (taken === '') return { kind: 'none' };
  if (taken === volume.metadata.name) return { kind: 'phase', phase: 'Bound' };
  // Made for a claim that has found another volume meanwhile.
  return volume.metadata.annotations?.[provisionedBy] === undefined ? { kind: 'none' } : planRelease(volume);
}

function planRelease(volume: PersistentVolume): VolumePlan {
  const { name = '', annotations } = volume.metadata;
  const maker = annotations?.[provisionedBy];
  switch (volume.spec?.persistentVolumeReclaimPolicy ?? 'Retain') {
    case 'Delete': {
      const handle = handleOf(volume);
      if (handle !== undefined) return { kind: 'remove', handle };
      if (maker !== undefined) return { kind: 'leave' };
      return { kind: 'fail', message: `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched` };
    }
    case 'Recycle':
      return { kind: 'fail', message: 'No recycler plugin found for the volume!' };
    default:
      return { kind: 'retain' };
  }
}

/** The handle of a volume that the lab made. */
function handleOf({ metadata, spec }: PersistentVolume): string | undefined {
  if (metadata.annotations?.[provisionedBy] !== directoryDriver || spec?.csi?.driver !== directoryDriver) return undefined;
  return isVolumeHandle(spec.csi.volumeHandle) ? spec.csi.volumeHandle : undefined;
}
