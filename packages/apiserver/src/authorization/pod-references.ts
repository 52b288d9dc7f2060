/** The objects of its namespace that a pod needs on its node (`pkg/api/v1/pod` `VisitPodSecretNames`, `VisitPodConfigmapNames`). */
import { type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';

/** Resources that a node may read because of a pod. */
export type ReferencedResource = 'secrets' | 'configmaps' | 'persistentvolumeclaims' | 'serviceaccounts';

/** Where in a volume, or in a source of a projected one, which resource is named. */
const volumeFields = [
  ['secret', 'secretName', 'secrets'],
  ['secret', 'name', 'secrets'],
  ['configMap', 'name', 'configmaps'],
  ['persistentVolumeClaim', 'claimName', 'persistentvolumeclaims'],
] as const;

/** What a pod refers to, each as `resource/name`. */
export function podReferences(pod: Readonly<JsonObject>): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (resource: ReferencedResource, name: string): void => {
    if (name !== '') found.add(referenceText(resource, name));
  };
  const spec = objectAt(pod, 'spec');
  add('serviceaccounts', textAt(spec, 'serviceAccountName'));
  for (const secret of objectsAt(spec, 'imagePullSecrets')) add('secrets', textAt(secret, 'name'));
  for (const volume of objectsAt(spec, 'volumes')) {
    // Its claim is made in the pod's name.
    if (objectAt(volume, 'ephemeral') !== undefined) {
      add('persistentvolumeclaims', `${textAt(objectAt(pod, 'metadata'), 'name')}-${textAt(volume, 'name')}`);
    }
    for (const source of [volume, ...objectsAt(objectAt(volume, 'projected'), 'sources')]) {
      for (const [kind, field, resource] of volumeFields) add(resource, textAt(objectAt(source, kind), field));
    }
  }
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of objectsAt(spec, list)) addOfContainer(container, add);
  }
  return found;
}

/** A reference as the set holds it. */
export function referenceText(resource: ReferencedResource, name: string): string {
  return `${resource}/${name}`;
}

function addOfContainer(container: JsonObject, add: (resource: ReferencedResource, name: string) => void): void {
  for (const source of objectsAt(container, 'envFrom')) {
    add('secrets', textAt(objectAt(source, 'secretRef'), 'name'));
    add('configmaps', textAt(objectAt(source, 'configMapRef'), 'name'));
  }
  for (const variable of objectsAt(container, 'env')) {
    const from = objectAt(variable, 'valueFrom');
    add('secrets', textAt(objectAt(from, 'secretKeyRef'), 'name'));
    add('configmaps', textAt(objectAt(from, 'configMapKeyRef'), 'name'));
  }
}
