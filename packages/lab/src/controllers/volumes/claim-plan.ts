/** What is to happen to a claim now: values in, values out (`pkg/controller/volume/persistentvolume`). */
import { isDefaultStorageClass, type PersistentVolume, type PersistentVolumeClaim, type StorageClass } from '@weir/kube';
import { isBindingComplete, isReservedFor, selectedNode } from '../../storage/claim-marks.ts';
import { matchVolume, mismatchOf } from '../../storage/match-volume.ts';
import type { EventDetails } from '../event-recorder.ts';

/** The volumes and classes that are there. */
export interface StorageView {
  readonly volumes: readonly PersistentVolume[];
  readonly classes: readonly StorageClass[];
  /** The name of the first pod that uses the claim and waits for a node, if any. */
  readonly waitingPod?: string | undefined;
}

/** A class for a claim that has none, a volume to bind, a provisioner to ask, or what it is waiting for. */
export type ClaimPlan =
  | { readonly kind: 'classify'; readonly className: string }
  | { readonly kind: 'bind'; readonly volume: PersistentVolume }
  | { readonly kind: 'provision'; readonly provisioner: string }
  | { readonly kind: 'wait'; readonly phase: 'Pending' | 'Lost'; readonly event: EventDetails | undefined };

/** Plans the next step. */
export function planClaim(claim: PersistentVolumeClaim, view: StorageView): ClaimPlan {
  const { spec } = claim;
  const named = spec?.volumeName ?? '';
  if (isBindingComplete(claim)) return planBound(claim, volumeNamed(view, named));
  if (named !== '') return planNamed(claim, volumeNamed(view, named));
  const fallback = spec?.storageClassName === undefined ? defaultClass(view.classes) : undefined;
  if (fallback !== undefined) return { kind: 'classify', className: fallback };
  const className = spec?.storageClassName ?? '';
  const storageClass = view.classes.find(({ metadata }) => metadata.name === className);
  const isDelayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && claim.metadata.annotations?.[selectedNode] === undefined;
  const volume = matchVolume(claim, view.volumes, { onlyReserved: isDelayed });
  if (volume !== undefined) return { kind: 'bind', volume };
  if (isDelayed) return waits(waitingForConsumer(view.waitingPod));
  if (className === '') {
    return waits(normal('FailedBinding', 'no persistent volumes available for this claim and no storage class is set'));
  }
  if (storageClass === undefined) {
    return waits(warning('ProvisioningFailed', `storageclass.storage.k8s.io "${className}" not found`));
  }
  // Those of the cluster's own prefix would be part of the controller.
  if (storageClass.provisioner.startsWith('kubernetes.io/')) {
    return waits(warning('ProvisioningFailed', `no volume plugin matched name: ${storageClass.provisioner}`));
  }
  return { kind: 'provision', provisioner: storageClass.provisioner };
}

/** The default class; of several the youngest, then the first by name. */
function defaultClass(classes: readonly StorageClass[]): string | undefined {
  const all = classes.filter((each) => isDefaultStorageClass({ ...each }));
  const [first] = all.toSorted((a, b) => {
    const byAge = (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
    return byAge === 0 ? (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '') : byAge;
  });
  return first?.metadata.name;
}

function volumeNamed({ volumes }: StorageView, name: string): PersistentVolume | undefined {
  return volumes.find(({ metadata }) => metadata.name === name);
}

/** A claim that was bound stays so, or has lost what it had. */
function planBound(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): ClaimPlan {
  if (volume === undefined) {
    return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  }
  if (volume.spec?.claimRef !== undefined && !isReservedFor(volume, claim)) {
    return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
  }
  return { kind: 'bind', volume };
}

/** A person, or an earlier step, has chosen the volume. */
function planNamed(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): ClaimPlan {
  if (volume === undefined) return waits(undefined);
  const { name = '' } = volume.metadata;
  if (volume.spec?.claimRef !== undefined && !isReservedFor(volume, claim)) {
    return waits(warning('FailedBinding', `volume "${name}" already bound to a different claim.`));
  }
  const mismatch = mismatchOf(claim, volume);
  if (mismatch !== undefined) return waits(warning('VolumeMismatch', `Cannot bind to requested volume "${name}": ${mismatch}`));
  return { kind: 'bind', volume };
}

function waitingForConsumer(pod: string | undefined): EventDetails {
  return pod === undefined
    ? normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
    : normal('WaitForPodScheduled', `waiting for pod ${pod} to be scheduled`);
}

function waits(event: EventDetails | undefined): ClaimPlan {
  return { kind: 'wait', phase: 'Pending', event };
}

function lost(reason: string, message: string): ClaimPlan {
  return { kind: 'wait', phase: 'Lost', event: warning(reason, message) };
}

function normal(reason: string, message: string): EventDetails {
  return { type: 'Normal', reason, message };
}

function warning(reason: string, message: string): EventDetails {
  return { type: 'Warning', reason, message };
}
