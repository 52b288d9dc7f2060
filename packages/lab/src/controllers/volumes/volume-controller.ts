/** Keeps the phase of every persistent volume, and reclaims those whose claim is gone. */
import { isNotFound, persistentVolumeClaimsPath, persistentVolumesPath } from '@weir/client';
import type { PersistentVolume, PersistentVolumeClaim } from '@weir/kube';
import { provisionerFinalizer, volumeFinalizer } from '../../storage/claim-marks.ts';
import { type Controller, type ControllerContext, objectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import type { ObjectStore } from '../shared-informers.ts';
import { removeFinalizer } from './remove-finalizer.ts';
import { planVolume, type VolumePlan } from './volume-plan.ts';

/** Removes the data of a volume that the lab made, on whatever node it is; fine when there is none. */
export type RemoveVolume = (handle: string) => Promise<void>;

/** Starts the controller. */
export function startVolumeController(context: ControllerContext, remove: RemoveVolume | undefined): Controller {
  const { informers, log } = context;
  const volumes = informers.follow<PersistentVolume>(persistentVolumesPath, {
    upsert: (volume) => queue.add(objectKey(volume)),
    remove: () => undefined,
  });
  const addVolume = ({ spec, metadata }: PersistentVolumeClaim): void => {
    if ((spec?.volumeName ?? '') !== '') queue.add(spec?.volumeName ?? '');
    // One that was made for the claim and that the claim has never taken.
    else queue.add(`pvc-${metadata.uid ?? ''}`);
  };
  const claims = informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath(), { upsert: addVolume, remove: addVolume });
  const queue = new KeyedQueue({
    work: async (name) => {
      const volume = volumes.get(undefined, name);
      if (volume === undefined) return;
      try {
        await settle({ context, claims, remove }, volume);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    onError: (volume, error) => log.warn({ volume, error: String(error) }, 'a persistent volume is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

interface Situation {
  readonly context: ControllerContext;
  readonly claims: ObjectStore<PersistentVolumeClaim>;
  readonly remove: RemoveVolume | undefined;
}

async function settle(situation: Situation, volume: PersistentVolume): Promise<void> {
  const plan = planVolume(volume, await claimOf(situation, volume));
  await act(situation, volume, plan);
  const isGoing = volume.metadata.deletionTimestamp !== undefined;
  if (!isGoing || (plan.kind === 'phase' && plan.phase === 'Bound')) return;
  const { client } = situation.context;
  const freed = await removeFinalizer(client, persistentVolumesPath, volume, volumeFinalizer);
  if (plan.kind === 'retain') await removeFinalizer(client, persistentVolumesPath, freed, provisionerFinalizer);
}

/** The claim of the volume's reference; the API server is asked before a claim is believed to be gone. */
async function claimOf({ context, claims }: Situation, { spec }: PersistentVolume): Promise<PersistentVolumeClaim | undefined> {
  const { namespace = '', name = '', uid = '' } = spec?.claimRef ?? {};
  if (uid === '') return undefined;
  const known = claims.get(namespace, name);
  if (known?.metadata.uid === uid) return known;
  try {
    return await context.client.get<PersistentVolumeClaim>(persistentVolumeClaimsPath(namespace), name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function act({ context, remove }: Situation, volume: PersistentVolume, plan: VolumePlan): Promise<void> {
  switch (plan.kind) {
    case 'none':
      return;
    case 'phase':
      await setPhase(context, volume, plan.phase);
      return;
    case 'retain':
    case 'leave':
      await setPhase(context, volume, 'Released');
      return;
    case 'fail':
      context.events.record(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message: plan.message });
      await setPhase(context, volume, 'Failed', plan.message);
      return;
    case 'remove':
      await setPhase(context, volume, 'Released');
      if (remove === undefined) return;
      await remove(plan.handle);
      await removeObject(context, volume);
  }
}

async function removeObject({ client }: ControllerContext, volume: PersistentVolume): Promise<void> {
  const { name = '', uid = '', deletionTimestamp } = volume.metadata;
  if (deletionTimestamp === undefined) await client.delete(persistentVolumesPath, name, { preconditions: { uid } });
  const current = await client.get<PersistentVolume>(persistentVolumesPath, name);
  if (current.metadata.uid === uid) await removeFinalizer(client, persistentVolumesPath, current, provisionerFinalizer);
}

async function setPhase({ client }: ControllerContext, volume: PersistentVolume, phase: string, message?: string): Promise<void> {
  if (volume.status?.phase === phase && volume.status.message === message) return;
  const { name = '', uid } = volume.metadata;
  const lastPhaseTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const status = { phase, message: message ?? null, ...(volume.status?.phase === phase ? {} : { lastPhaseTransitionTime }) };
  await client.patch(persistentVolumesPath, name, { metadata: { uid }, status }, { type: 'merge', subresource: 'status' });
}
