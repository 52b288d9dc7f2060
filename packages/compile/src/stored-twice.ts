/**
 * Objects that are stored under two names while people know them by one: Calico up to 3.31 stores a policy as `default.web`,
 * later releases as `web`, and for a while both are there. One of them counts: the one that is stored under its own name.
 */
import type { KubeObject } from '@weir/kube';
import { addToGroup } from '@weir/net';
import type { PolicyKind } from './policy-api.ts';
import { writtenNameOf } from './policy-kind.ts';

/** Where an object is as people know it: unlike that of any other object of its kind that counts. */
export function writtenPlaceOf(kind: PolicyKind, object: KubeObject): string {
  return `${namespaceOf(kind, object)}/${writtenNameOf(kind, object)}`;
}

/** Of objects that people know as one (at least one of them), that which counts. */
export function countedOf<T extends { readonly object: KubeObject }>(kind: PolicyKind, known: readonly T[]): T | undefined {
  const own = known.find(({ object }) => object.metadata.name === writtenNameOf(kind, object));
  return own ?? [...known].sort((a, b) => ((a.object.metadata.name ?? '') < (b.object.metadata.name ?? '') ? -1 : 1))[0];
}

/** The objects of a kind that count, in the order given. */
export function countedAmong<T extends { readonly object: KubeObject }>(kind: PolicyKind, stored: readonly T[]): readonly T[] {
  if (kind.writtenAs === undefined) return stored;
  const byPlace = new Map<string, T[]>();
  for (const one of stored) {
    const place = writtenPlaceOf(kind, one.object);
    addToGroup(byPlace, place, one);
  }
  if (byPlace.size === stored.length) return stored;
  const counted = new Set([...byPlace.values()].map((known) => countedOf(kind, known)));
  return stored.filter((one) => counted.has(one));
}

/** An object of a namespace that names none is in `default`, as kubectl assumes. */
function namespaceOf({ namespaced }: PolicyKind, { metadata }: KubeObject): string {
  return metadata.namespace ?? (namespaced ? 'default' : '');
}
