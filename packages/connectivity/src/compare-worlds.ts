/** Two worlds of the same ends, compared in each family that its pods have. */

import type { Endpoint, PolicyWorld } from '@weir/model';
import type { Address } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { compareFlows, type WorldComparison } from './changed-flows.ts';
import { classifyEnds } from './end-classes.ts';
import { trafficClasses } from './traffic-classes.ts';

/** What is compared of the worlds. */
export interface ComparedEnds {
  /** Whether the policies of this pod are compared; default all are. */
  readonly include?: (endpoint: Endpoint) => boolean;
  /** Addresses outside that are known to be somebody's. */
  readonly hosts?: readonly Address[];
}

/** Compares the snapshot's own world with another one of the same ends. */
export function compareWorlds(
  snapshot: Snapshot,
  to: PolicyWorld,
  { include = () => true, hosts = [] }: ComparedEnds = {},
): WorldComparison[] {
  const from = snapshot.world;
  const worlds = [from, to];
  const families = ([4, 6] as const).filter((family) =>
    [...snapshot.endpoints.values()].some(({ addresses }) => addresses.some((address) => address.family === family)),
  );
  return families.map((family) => {
    const ends = classifyEnds({ snapshot, worlds, family, include, hosts });
    const traffic = trafficClasses(worlds, from.endpoints, family);
    return { ...compareFlows({ from, to, ends, traffic }), from, to };
  });
}
