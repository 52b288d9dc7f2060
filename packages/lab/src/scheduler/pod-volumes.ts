/**
 * What a pod's claims say of the nodes it may go to, and what has to be bound for it there: values in, values out
 * (`plugins/volumebinding`, `plugins/volumerestrictions`).
 */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@weir/kube';
import { isBindingComplete, isReservedFor, selectedNode } from '../storage/claim-marks.ts';
import { isInTopology } from '../storage/directory-volume.ts';
import { classOf, isReachable, matchVolume } from '../storage/match-volume.ts';
import { claimNameOf, strangerProblem } from '../storage/pod-claims.ts';

/** Claims, volumes and classes at one moment. */
export interface StorageView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): readonly PersistentVolume[];
  storageClass(name: string): StorageClass | undefined;
}

/** One claim that gets its volume with the pod's node: one that is there, or a new one. */
export interface ClaimChoice {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume | undefined;
}

/** The claims of a pod. */
export interface PodVolumes {
  /** Why the pod can go nowhere, whatever the node; in the words of the reference. */
  readonly problem: string | undefined;
  /** Bound claims, with their volumes; undefined for one that is gone. */
  readonly bound: readonly (PersistentVolume | undefined)[];
  /** Claims that wait for the node of the pod. */
  readonly waiting: readonly PersistentVolumeClaim[];
  /** Names of claims that one pod alone may use. */
  readonly exclusive: ReadonlySet<string>;
  readonly storage: StorageView;
}

/** Looks the claims up. Undefined for a pod that has none, as nearly all. */
export function podVolumes(pod: Pod, storage: StorageView): PodVolumes | undefined {
  const bound: (PersistentVolume | undefined)[] = [];
  const waiting: PersistentVolumeClaim[] = [];
  const exclusive = new Set<string>();
  let hasClaims = false;
  let problem: string | undefined;
  for (const volume of pod.spec?.volumes ?? []) {
    const name = claimNameOf(pod, volume);
    if (name === undefined) continue;
    hasClaims = true;
    const claim = storage.claim(pod.metadata.namespace ?? '', name);
    problem ??= claimProblem(pod, { name, claim, isEphemeral: volume.ephemeral !== undefined });
    if (claim === undefined) continue;
    if (claim.spec?.accessModes?.includes('ReadWriteOncePod') === true) exclusive.add(name);
    if (isBindingComplete(claim)) bound.push(storage.volume(claim.spec?.volumeName ?? ''));
    else waiting.push(claim);
  }
  if (!hasClaims) return undefined;
  problem ??= waiting.some((claim) => !waitsForNode(claim, storage)) ? 'pod has unbound immediate PersistentVolumeClaims' : undefined;
  return { problem, bound, waiting, exclusive, storage };
}

interface NamedClaim {
  readonly name: string;
  readonly claim: PersistentVolumeClaim | undefined;
  readonly isEphemeral: boolean;
}

function claimProblem(pod: Pod, { name, claim, isEphemeral }: NamedClaim): string | undefined {
  if (claim === undefined) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`;
  }
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
  }
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`;
  return isEphemeral ? strangerProblem(pod, claim) : undefined;
}

/** Whether the claim's class leaves the choice to the scheduler. A claim that names its volume waits for the binder alone. */
function waitsForNode(claim: PersistentVolumeClaim, storage: StorageView): boolean {
  const isDelayed = storage.storageClass(classOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer';
  return isDelayed && (claim.spec?.volumeName ?? '') === '';
}

/** Why the volumes keep the pod off the node; undefined when they do not. */
export function volumeProblem({ bound, waiting, storage }: PodVolumes, node: Node): string | undefined {
  for (const volume of bound) {
    if (volume === undefined) return 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';
    if (!isReachable(volume, node)) return "node(s) didn't match PersistentVolume's node affinity";
  }
  return waiting.length > 0 && chooseVolumes({ waiting, storage }, node) === undefined
    ? "node(s) didn't find available persistent volumes to bind"
    : undefined;
}

/** What the claims that wait would get on the node; undefined when one of them would get nothing. */
export function chooseVolumes(
  { waiting, storage }: Pick<PodVolumes, 'waiting' | 'storage'>,
  node: Node,
): readonly ClaimChoice[] | undefined {
  const choices: ClaimChoice[] = [];
  const taken = new Set<PersistentVolume>();
  for (const claim of waiting) {
    const chosen = claim.metadata.annotations?.[selectedNode];
    if (chosen !== undefined && chosen !== node.metadata.name) return undefined;
    const reserved = storage.volumes().find((volume) => isReservedFor(volume, claim));
    if (reserved !== undefined && !isReachable(reserved, node)) return undefined;
    const free = chosen === undefined ? storage.volumes().filter((volume) => !taken.has(volume)) : [];
    const volume = matchVolume(claim, free, { node });
    const storageClass = storage.storageClass(classOf(claim));
    const canBeMade =
      storageClass !== undefined && !storageClass.provisioner.startsWith('kubernetes.io/') && isInTopology(storageClass, node);
    if (volume === undefined && !canBeMade) return undefined;
    if (volume !== undefined) taken.add(volume);
    choices.push({ claim, volume });
  }
  return choices;
}

/** Whether another pod uses a claim that only one pod may use. */
export function isClaimTaken(pod: Pod, { exclusive }: PodVolumes, others: Iterable<Pod>): boolean {
  if (exclusive.size === 0) return false;
  for (const other of others) {
    if (other.metadata.namespace !== pod.metadata.namespace || other.metadata.uid === pod.metadata.uid) continue;
    if ((other.spec?.volumes ?? []).some((volume) => exclusive.has(claimNameOf(other, volume) ?? ''))) return true;
  }
  return false;
}
