/** Which volume a claim gets of those that are there: values in, values out (`component-helpers/storage/volume`). */
import { matchesLabelSelector, type Node, type PersistentVolume, type PersistentVolumeClaim, readQuantity } from '@weir/kube';
import { matchesNodeTerm } from '../scheduler/node-fit.ts';
import { isReservedFor } from './claim-marks.ts';

/** Where to look, and whether only what is reserved for the claim counts. */
export interface MatchOptions {
  /** The volume has to be reachable from it; absent: no node has been chosen. */
  readonly node?: Node;
  /** Whether volumes that nobody has reserved are left to the scheduler, who knows the node. */
  readonly onlyReserved?: boolean;
}

/** The volume that is reserved for the claim, else the smallest that will do; undefined when there is none. */
export function matchVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { node, onlyReserved = false }: MatchOptions = {},
): PersistentVolume | undefined {
  const fitting = volumes.filter((volume) => modeOf(volume) === modeOf(claim) && sizeOf(volume) >= requestOf(claim));
  const reserved = fitting.find((volume) => isReservedFor(volume, claim));
  if (reserved !== undefined) return node === undefined || isReachable(reserved, node) ? reserved : undefined;
  if (onlyReserved) return undefined;
  const free = fitting.filter(
    (volume) =>
      volume.metadata.deletionTimestamp === undefined &&
      volume.spec?.claimRef === undefined &&
      volume.status?.phase === 'Available' &&
      hasModes(volume, claim) &&
      classOf(volume) === classOf(claim) &&
      (claim.spec?.selector === undefined || matchesLabelSelector(claim.spec.selector, volume.metadata.labels ?? {})) &&
      (node === undefined || isReachable(volume, node)),
  );
  return free.toSorted((a, b) => {
    const difference = sizeOf(a) - sizeOf(b);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
  })[0];
}

/** Why a volume that the claim names will not do, in the words of the Event; undefined when it will. */
export function mismatchOf(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (sizeOf(volume) < requestOf(claim)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode';
  return hasModes(volume, claim) ? undefined : 'incompatible accessMode';
}

/** Whether pods on the node reach the volume. */
export function isReachable({ spec }: PersistentVolume, node: Node): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => matchesNodeTerm(term, node));
}

/** The class that a claim or volume is of; empty for none. */
export function classOf({ spec }: PersistentVolume | PersistentVolumeClaim): string {
  return spec?.storageClassName ?? '';
}

function modeOf({ spec }: PersistentVolume | PersistentVolumeClaim): string {
  return spec?.volumeMode ?? 'Filesystem';
}

function hasModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode) === true);
}

function sizeOf({ spec }: PersistentVolume): bigint {
  return readQuantity(spec?.capacity?.storage)?.nanos ?? 0n;
}

function requestOf({ spec }: PersistentVolumeClaim): bigint {
  return readQuantity(spec?.resources?.requests?.storage)?.nanos ?? 0n;
}
