/** Deltas as values: the empty one, two in a row as one. */
import { formatAddress } from '@weir/net';
import type { Changes, Delta } from './delta.ts';

const nothing: Changes<never, never> = Object.freeze({ upserts: Object.freeze([]), removals: Object.freeze([]) });

/** The delta that changes nothing. */
export const emptyDelta: Delta = Object.freeze({
  peerSets: nothing,
  classes: nothing,
  addresses: nothing,
  programs: nothing,
  endpoints: nothing,
  hosts: nothing,
});

/** Whether the delta changes nothing. */
export function isEmpty(delta: Delta): boolean {
  return (
    delta.hostSettings === undefined &&
    [delta.peerSets, delta.classes, delta.addresses, delta.programs, delta.endpoints, delta.hosts].every(
      ({ upserts, removals }) => upserts.length === 0 && removals.length === 0,
    )
  );
}

/**
 * One delta that does what `first` and then `second` do. Sets, classes and programs never change
 * under their key, so one that comes and goes leaves no trace; an address or an endpoint that comes
 * and goes leaves its removal, since it may have been there before.
 */
export function squash(first: Delta, second: Delta): Delta {
  const hostSettings = second.hostSettings ?? first.hostSettings;
  return {
    peerSets: squashContent(first.peerSets, second.peerSets),
    classes: squashContent(first.classes, second.classes),
    addresses: squashNamed(first.addresses, second.addresses, ({ address }) => formatAddress(address), formatAddress),
    programs: squashContent(first.programs, second.programs),
    endpoints: squashByUid(first.endpoints, second.endpoints),
    hosts: squashByUid(first.hosts, second.hosts),
    ...(hostSettings === undefined ? {} : { hostSettings }),
  };
}

function squashByUid<T extends { readonly uid: string }>(first: Changes<T, string>, second: Changes<T, string>): Changes<T, string> {
  return squashNamed(
    first,
    second,
    ({ uid }) => uid,
    (uid) => uid,
  );
}

function squashContent<T extends { readonly key: string }>(first: Changes<T, string>, second: Changes<T, string>): Changes<T, string> {
  const added = new Map(first.upserts.map((item) => [item.key, item]));
  const removed = new Set(first.removals);
  for (const item of second.upserts) if (!removed.delete(item.key)) added.set(item.key, item);
  for (const key of second.removals) if (!added.delete(key)) removed.add(key);
  return { upserts: [...added.values()], removals: [...removed] };
}

function squashNamed<T, K>(
  first: Changes<T, K>,
  second: Changes<T, K>,
  nameOf: (item: T) => string,
  nameOfKey: (key: K) => string,
): Changes<T, K> {
  const upserts = new Map(first.upserts.map((item) => [nameOf(item), item]));
  const removals = new Map(first.removals.map((key) => [nameOfKey(key), key]));
  for (const item of second.upserts) {
    upserts.set(nameOf(item), item);
    removals.delete(nameOf(item));
  }
  for (const key of second.removals) {
    upserts.delete(nameOfKey(key));
    removals.set(nameOfKey(key), key);
  }
  return { upserts: [...upserts.values()], removals: [...removals.values()] };
}
