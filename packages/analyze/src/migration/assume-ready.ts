/** Pods of a cluster as if all were ready: an engine stays longer than the moment at which a cluster was read. */
import type { KubeObject, Pod } from '@weir/kube';
import type { PlacedObject } from '@weir/snapshot';

/** The objects, pods without what was observed of their readiness. */
export function assumeReady(entries: readonly (KubeObject | PlacedObject)[]): (KubeObject | PlacedObject)[] {
  return entries.map((entry) => {
    if (!('positionOf' in entry)) return withoutReadiness(entry);
    const object = withoutReadiness(entry.object);
    return object === entry.object ? entry : { object, positionOf: (path) => entry.positionOf(path) };
  });
}

function withoutReadiness(object: KubeObject): KubeObject {
  if (object.kind !== 'Pod' || object.apiVersion !== 'v1') return object;
  const { status }: KubeObject & Pick<Pod, 'status'> = object;
  if (status?.conditions === undefined) return object;
  const { conditions: _, ...kept } = status;
  return Object.assign({ ...object }, { status: kept });
}
