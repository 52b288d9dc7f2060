/**
 * Makes the volumes of claims that ask this lab for one: a directory of the node that the scheduler chose, or of one that
 * takes pods. It works as provisioners outside of the cluster do, by annotations of the claim.
 */
import {
  isAlreadyExists,
  isNotFound,
  nodesPath,
  persistentVolumeClaimsPath,
  persistentVolumesPath,
  storageClassesPath,
} from '@weir/client';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@weir/kube';
import { selectedNode, storageProvisioner } from '../../storage/claim-marks.ts';
import { directoryDriver, directoryVolume, isInTopology, provisioningProblem } from '../../storage/directory-volume.ts';
import { isReachable } from '../../storage/match-volume.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import type { ObjectStore } from '../shared-informers.ts';

/** Starts the provisioner. */
export function startDirectoryProvisioner(context: ControllerContext): Controller {
  const { informers, log } = context;
  const addWaiting = (): void => {
    for (const claim of claims.list()) if (isAsked(claim)) queue.add(objectKey(claim));
  };
  const stores: Stores = {
    nodes: informers.follow<Node>(nodesPath),
    volumes: informers.follow<PersistentVolume>(persistentVolumesPath),
    classes: informers.follow<StorageClass>(storageClassesPath, { upsert: addWaiting, remove: () => undefined }),
  };
  const claims = informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath(), {
    upsert: (claim) => {
      if (isAsked(claim)) queue.add(objectKey(claim));
    },
    remove: () => undefined,
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const claim = claims.get(namespace, name);
      if (claim === undefined || !isAsked(claim)) return;
      try {
        await provision(context, stores, claim);
      } catch (error) {
        if (!isNotFound(error) && !isAlreadyExists(error)) throw error;
      }
    },
    retryMaximumMs: 15_000,
    onError: (claim, error) => log.warn({ claim, error: String(error) }, 'a volume cannot be made yet'),
  });
  return { stop: () => queue.stop() };
}

interface Stores {
  readonly nodes: ObjectStore<Node>;
  readonly volumes: ObjectStore<PersistentVolume>;
  readonly classes: ObjectStore<StorageClass>;
}

function isAsked({ metadata, spec }: PersistentVolumeClaim): boolean {
  const isOurs = metadata.annotations?.[storageProvisioner] === directoryDriver;
  return isOurs && metadata.deletionTimestamp === undefined && (spec?.volumeName ?? '') === '';
}

async function provision(context: ControllerContext, stores: Stores, claim: PersistentVolumeClaim): Promise<void> {
  const { client, events } = context;
  const { namespace = '', name = '', uid = '', annotations } = claim.metadata;
  const storageClass = stores.classes.get(undefined, claim.spec?.storageClassName ?? '');
  if (storageClass === undefined || stores.volumes.get(undefined, `pvc-${uid}`) !== undefined) return;
  const wanted = annotations?.[selectedNode];
  if (wanted === undefined && storageClass.volumeBindingMode === 'WaitForFirstConsumer') return;
  const fail = (why: string): Error => {
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name ?? ''}": ${why}`;
    events.record(claim, { type: 'Warning', reason: 'ProvisioningFailed', message });
    return new Error(message);
  };
  const problem = provisioningProblem(claim);
  if (problem !== undefined) throw fail(problem);
  const message = `External provisioner is provisioning volume for claim "${namespace}/${name}"`;
  events.record(claim, { type: 'Normal', reason: 'Provisioning', message });
  const node = wanted === undefined ? roomiestNode(stores, storageClass) : stores.nodes.get(undefined, wanted);
  if (node === undefined) {
    // The scheduler is to choose again.
    const metadata = { uid, annotations: { [selectedNode]: null } };
    if (wanted !== undefined) await client.patch(persistentVolumeClaimsPath(namespace), name, { metadata }, { type: 'merge' });
    throw fail(wanted === undefined ? 'no node takes volumes' : `error getting selected node: node "${wanted}" not found`);
  }
  const volume = directoryVolume(claim, storageClass, node);
  await client.create(persistentVolumesPath, volume);
  const done = `Successfully provisioned volume ${volume.metadata.name ?? ''}`;
  events.record(claim, { type: 'Normal', reason: 'ProvisioningSucceeded', message: done });
}

/** For claims that do not wait for a pod: of the nodes that take any pod the one with the fewest volumes. */
function roomiestNode({ nodes, volumes }: Stores, storageClass: StorageClass): Node | undefined {
  const usable = nodes.list().filter((node) => takesPods(node) && isInTopology(storageClass, node));
  const all = volumes.list();
  const counts = new Map(usable.map((node) => [node, all.filter((volume) => isReachable(volume, node)).length]));
  return usable.toSorted((a, b) => {
    const difference = (counts.get(a) ?? 0) - (counts.get(b) ?? 0);
    return difference === 0 ? ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1) : difference;
  })[0];
}

function takesPods({ metadata, spec, status }: Node): boolean {
  if (spec?.unschedulable === true || metadata.labels?.['kubernetes.io/os'] === 'windows') return false;
  if (spec?.taints?.some(({ effect }) => effect !== 'PreferNoSchedule') === true) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}
