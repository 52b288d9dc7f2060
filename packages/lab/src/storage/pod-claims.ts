/** The claims that a pod uses, those of its ephemeral volumes included. */
import type { PersistentVolumeClaim, Pod, Volume } from '@weir/kube';

/** The name of the claim behind a volume; undefined when there is none. */
export function claimNameOf(pod: Pod, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral === undefined ? undefined : `${pod.metadata.name ?? ''}-${volume.name}`;
}

/** The names of all of them, in the order of the volumes. */
export function claimNamesOf(pod: Pod): readonly string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? []);
}

/** Whether the claim of an ephemeral volume was made for the very pod; in the reference's words when it was not. */
export function strangerProblem(pod: Pod, { metadata }: PersistentVolumeClaim): string | undefined {
  const isOwn = metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === pod.metadata.uid) === true;
  if (isOwn) return undefined;
  const { namespace = '', name = '' } = metadata;
  return `PVC ${namespace}/${name} was not created for pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} (pod is not owner)`;
}
