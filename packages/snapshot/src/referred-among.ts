/** The objects that policies refer to, looked up as in a cluster. */
import { isOfKind, type PolicyKind, policyKindName, type ReferredObjects } from '@weir/compile';
import type { KubeObject } from '@weir/kube';

/** Finds objects by kind, then by namespace and name; an object of a namespace that names none is in `default`. */
export function referredAmong(all: readonly KubeObject[]): ReferredObjects {
  const byKind = new Map<string, ReadonlyMap<string, KubeObject>>();
  const objectsOf = (kind: PolicyKind): ReadonlyMap<string, KubeObject> => {
    const name = policyKindName(kind);
    let objects = byKind.get(name);
    if (objects === undefined) {
      const found = all.flatMap((object): [string, KubeObject][] => (isOfKind(object, kind) ? [[placeOf(kind, object), object]] : []));
      byKind.set(name, (objects = new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))));
    }
    return objects;
  };
  return {
    get: (kind, name, namespace) => objectsOf(kind).get(`${namespace ?? ''}/${name}`),
    list: (kind, namespace) =>
      [...objectsOf(kind)].flatMap(([place, object]) => (namespace === undefined || place.startsWith(`${namespace}/`) ? [object] : [])),
  };
}

function placeOf({ namespaced }: PolicyKind, { metadata: { namespace, name = '' } }: KubeObject): string {
  return `${namespaced ? (namespace ?? 'default') : ''}/${name}`;
}
