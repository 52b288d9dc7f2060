/** Makes the claims of pods' ephemeral volumes; they go with their pods (`pkg/controller/volume/ephemeral`). */
import { isAlreadyExists, persistentVolumeClaimsPath, podsPath } from '@weir/client';
import type { PersistentVolumeClaim, Pod, Volume } from '@weir/kube';
import { claimNameOf, strangerProblem } from '../../storage/pod-claims.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { controlledBy } from '../workloads/workload.ts';

/** Starts the controller. */
export function startEphemeralVolumeController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const pods = informers.follow<Pod>(podsPath(), {
    upsert: (pod) => {
      if (ephemeralVolumes(pod).length > 0) queue.add(objectKey(pod));
    },
    remove: () => undefined,
  });
  const claims = informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath());
  const queue = new KeyedQueue({
    work: async (key) => {
      const { namespace = '', name } = splitObjectKey(key);
      const pod = pods.get(namespace, name);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
      for (const volume of ephemeralVolumes(pod)) {
        const known = claims.get(namespace, claimNameOf(pod, volume) ?? '');
        if (known === undefined || strangerProblem(pod, known) !== undefined) await ensureClaim(context, pod, volume);
      }
    },
    onError: (pod, error) => log.warn({ pod, error: String(error) }, 'the claim of an ephemeral volume is not there yet'),
  });
  return { stop: () => queue.stop() };
}

function ephemeralVolumes(pod: Pod): readonly Volume[] {
  return (pod.spec?.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined);
}

async function ensureClaim({ client, events }: ControllerContext, pod: Pod, volume: Volume): Promise<void> {
  const { namespace = '' } = pod.metadata;
  const template = volume.ephemeral?.volumeClaimTemplate;
  const name = claimNameOf(pod, volume) ?? '';
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      ...(template?.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ...(template?.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ownerReferences: [controlledBy(pod, { apiVersion: 'v1', kind: 'Pod' })],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  };
  try {
    await client.create(persistentVolumeClaimsPath(namespace), claim);
  } catch (error) {
    const problem = isAlreadyExists(error)
      ? strangerProblem(pod, await client.get<PersistentVolumeClaim>(persistentVolumeClaimsPath(namespace), name))
      : String(error);
    if (problem === undefined) return;
    events.record(pod, { type: 'Warning', reason: 'FailedBinding', message: `ephemeral volume ${volume.name}: ${problem}` });
    throw error;
  }
}
