/** Objects that name no namespace, put into one: what `kubectl apply -n` and `helm install -n` do. */
import { policyApiKinds } from '@weir/compile';
import { isNamespacedKind, type KubeObject } from '@weir/kube';
import { groupVersionOf, type PlacedObject } from './readable-objects.ts';

/**
 * The objects, those of namespaced kinds in this namespace where they name none, or in that of their helm release
 * where no namespace is given. Kinds are known from Kubernetes, from the policy APIs and from definitions among the
 * objects; others stay as they are.
 */
export function withNamespace(objects: readonly PlacedObject[], given?: string): readonly PlacedObject[] {
  if (given === undefined && objects.every(({ releaseNamespace }) => releaseNamespace === undefined)) return objects;
  const isNamespaced = namespacedKinds(objects);
  return objects.map((entry) => {
    const { object, releaseNamespace } = entry;
    const namespace = given ?? releaseNamespace;
    if (namespace === undefined || (object.metadata.namespace ?? '') !== '' || !isNamespaced(object)) return entry;
    return {
      object: { ...object, metadata: { ...object.metadata, namespace } },
      positionOf: (path: string) => entry.positionOf(path),
    };
  });
}

/** The part of a CustomResourceDefinition that says where its objects live. */
interface DefinitionScope {
  readonly spec?: { readonly group?: string; readonly scope?: string; readonly names?: { readonly kind?: string } };
}

function namespacedKinds(objects: readonly PlacedObject[]): (object: KubeObject) => boolean {
  const others = new Set(
    policyApiKinds()
      .filter(({ namespaced }) => namespaced)
      .flatMap(({ group, kind, writtenAs }) => [`${group} ${kind}`, ...(writtenAs === undefined ? [] : [`${writtenAs.group} ${kind}`])]),
  );
  for (const { object } of objects) {
    if (object.kind !== 'CustomResourceDefinition') continue;
    const { group, scope, names } = (object as DefinitionScope).spec ?? {};
    if (scope === 'Namespaced') others.add(`${group ?? ''} ${names?.kind ?? ''}`);
  }
  return (object) => {
    const { group } = groupVersionOf(object);
    const kind = object.kind ?? '';
    return isNamespacedKind(group, kind) || others.has(`${group} ${kind}`);
  };
}
