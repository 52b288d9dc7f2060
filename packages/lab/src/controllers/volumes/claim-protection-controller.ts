/** Lets a claim that is being deleted go as soon as no pod uses it (`pkg/controller/volume/pvcprotection`). */
import { isNotFound, persistentVolumeClaimsPath, podsPath } from '@weir/client';
import type { PersistentVolumeClaim, Pod } from '@weir/kube';
import { claimFinalizer } from '../../storage/claim-marks.ts';
import { claimNamesOf } from '../../storage/pod-claims.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { removeFinalizer } from './remove-finalizer.ts';

/** Starts the controller. */
export function startClaimProtectionController(context: ControllerContext): Controller {
  const { informers, client, log } = context;
  const claims = informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath(), {
    upsert: (claim) => {
      if (isLeaving(claim)) queue.add(objectKey(claim));
    },
    remove: () => undefined,
  });
  informers.follow<Pod>(podsPath(), {
    upsert: () => undefined,
    remove: (pod) => {
      for (const name of claimNamesOf(pod)) queue.add(`${pod.metadata.namespace ?? ''}/${name}`);
    },
  });
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace, name } = splitObjectKey(key);
      const claim = claims.get(namespace, name);
      if (claim === undefined || !isLeaving(claim)) return;
      // The API server is asked: a pod that has got its node a moment ago counts.
      const { items } = await client.list<Pod>(podsPath(namespace));
      if (items.some((pod) => uses(pod, name))) return;
      try {
        await removeFinalizer(client, persistentVolumeClaimsPath(namespace), claim, claimFinalizer);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    onError: (claim, error) => log.warn({ claim, error: String(error) }, 'a claim cannot go yet'),
  });
  return { stop: () => queue.stop() };
}

function isLeaving({ metadata }: PersistentVolumeClaim): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(claimFinalizer) === true;
}

/** A pod without a node does not use it yet, and no node starts one whose claim is being deleted. */
function uses(pod: Pod, claim: string): boolean {
  return (pod.spec?.nodeName ?? '') !== '' && claimNamesOf(pod).includes(claim);
}
