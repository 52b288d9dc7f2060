/** Which families of addresses a report is about. */
import type { Endpoint } from '@weir/model';
import type { Family } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';

/** The families that pods have addresses of; IPv4 where none has any. */
export function familiesOf(snapshot: Snapshot, include: (endpoint: Endpoint) => boolean = () => true): readonly Family[] {
  const used = new Set([...snapshot.endpoints.values()].filter(include).flatMap(({ addresses }) => addresses.map(({ family }) => family)));
  if (!used.has(6)) return [4];
  return used.has(4) ? [4, 6] : [6];
}
