/** What a rule asks of one end beside its ports. */
import type { Side } from './model.ts';

const asksOfPorts: Readonly<Partial<Record<keyof Side, true>>> = {
  ports: true,
  namedPorts: true,
  notPorts: true,
  notNamedPorts: true,
  clusterPorts: true,
};

/** What a side asks beside its ports. */
export function withoutPorts({
  ports: _ports,
  namedPorts: _names,
  notPorts: _notPorts,
  notNamedPorts: _notNames,
  clusterPorts: _cluster,
  ...others
}: Side): Side {
  return others;
}

/** Whether a side asks who the end is, and not only which port it is. */
export function asksOfEnd(side: Side): boolean {
  // Asked of every rule of a cluster: without making an object.
  for (const name in side) {
    const key = name as keyof Side;
    if (asksOfPorts[key] === undefined && side[key] !== undefined) return true;
  }
  return false;
}
