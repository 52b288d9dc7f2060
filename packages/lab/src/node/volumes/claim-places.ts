/** Where the volume of a claim is on this node, and whether the pod may have it (`pkg/kubelet/volumemanager`). */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotFound, type KubeClient, nodesPath, persistentVolumeClaimsPath, persistentVolumesPath } from '@weir/client';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@weir/kube';
import { directoryDriver, isVolumeHandle, volumeDirectory } from '../../storage/directory-volume.ts';
import { isReachable } from '../../storage/match-volume.ts';
import { claimNameOf, strangerProblem } from '../../storage/pod-claims.ts';
import type { Place } from './pod-mounts.ts';
import { openHostPath, shareWithGroup } from './volume-directory.ts';
import { VolumeError } from './volume-files.ts';

/** The node, and how to pin a place of it. */
export interface ClaimPlacesOptions {
  readonly client: KubeClient;
  readonly node: string;
  /** Directory of the node's state. */
  readonly stateDirectory: string;
  readonly pin: (fd: number) => Promise<string>;
}

/** A claim is not ready, in the words of the Event. */
export class ClaimError extends VolumeError {
  /** `problem` is what the reference says about processing the claim. */
  constructor(volume: string, claim: string, problem: string) {
    super(
      `Unable to attach or mount volumes: unmounted volumes=[${volume}], unattached volumes=[], failed to process volumes=[${volume}]: ` +
        `error processing PVC ${claim}: ${problem}`,
    );
  }
}

/** Finds the place; directories of the lab's own are made when a pod first needs them. Rejects with a {@link VolumeError}. */
export async function claimPlace(options: ClaimPlacesOptions, pod: Pod, volume: Volume): Promise<Place> {
  const { namespace = '' } = pod.metadata;
  const name = claimNameOf(pod, volume) ?? '';
  const fail = (problem: string): ClaimError => new ClaimError(volume.name, `${namespace}/${name}`, problem);
  const { client, node } = options;
  const claim = await found(client.get<PersistentVolumeClaim>(persistentVolumeClaimsPath(namespace), name));
  if (claim === undefined) throw fail(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`);
  const stranger = volume.ephemeral === undefined ? undefined : strangerProblem(pod, claim);
  if (stranger !== undefined) throw fail(stranger);
  if (claim.metadata.deletionTimestamp !== undefined) throw fail("can't start pod because PVC is being deleted");
  const volumeName = claim.spec?.volumeName ?? '';
  if (claim.status?.phase !== 'Bound' || volumeName === '') throw fail('PVC is not bound');
  const bound = await found(client.get<PersistentVolume>(persistentVolumesPath, volumeName));
  if (bound === undefined) throw fail(`failed to fetch PV ${volumeName} from API server: persistentvolumes "${volumeName}" not found`);
  const { spec } = bound;
  if (spec?.claimRef?.uid !== claim.metadata.uid) throw fail(`PV ${volumeName} is bound to another claim`);
  if (spec?.volumeMode === 'Block') throw fail(`volume ${volume.name} has volumeMode Block, but is specified in volumeMounts`);
  if (spec?.nodeAffinity !== undefined && !isReachable(bound, await client.get<Node>(nodesPath, node))) {
    throw new VolumeError(`MountVolume.NodeAffinity check failed for volume "${volumeName}" : no matching NodeSelectorTerms`);
  }
  const source = await sourceOf(options, bound);
  const isReadOnly = volume.persistentVolumeClaim?.readOnly === true || spec?.csi?.readOnly === true;
  const group = pod.spec?.securityContext?.fsGroup;
  // A hostPath may be anything, and belongs to the node.
  if (group !== undefined && !isReadOnly && spec?.hostPath === undefined) await shareWithGroup(source, group);
  return { source, isReadOnly };
}

async function sourceOf({ stateDirectory, pin }: ClaimPlacesOptions, { spec, metadata }: PersistentVolume): Promise<string> {
  const host = join(stateDirectory, 'host');
  if (spec?.hostPath !== undefined) return pin(await openHostPath(host, spec.hostPath));
  if (spec?.local !== undefined) return pin(await openHostPath(host, { path: spec.local.path, type: 'Directory' }));
  if (spec?.csi?.driver === directoryDriver && isVolumeHandle(spec.csi.volumeHandle)) {
    const directory = volumeDirectory(stateDirectory, spec.csi.volumeHandle);
    // Whoever the program runs as may write, as in any volume that a provisioner has just formatted for anybody.
    if ((await mkdir(directory, { recursive: true })) !== undefined) await chmod(directory, 0o777);
    return directory;
  }
  throw new VolumeError(`the lab cannot mount the persistent volume ${metadata.name ?? ''}: it has none of this type`);
}

async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
