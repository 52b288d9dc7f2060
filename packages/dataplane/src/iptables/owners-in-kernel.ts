/** Whose addresses were whose for the process of before, as the comments of the set of local pods say. */
import { type Address, parseAddress } from '@weir/net';
import { ownerComment } from './local-sets.ts';
import type { NodeState } from './node-state.ts';
import type { PacketFilter } from './packet-filter.ts';

/** Comments by address. */
export async function ownersInKernel(filter: PacketFilter): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  for (const [name, { members }] of await filter.savedSets()) {
    if (!/^weir[46]-l/.test(name)) continue;
    for (const [address, comment] of members) owners.set(address, comment);
  }
  return owners;
}

/** Addresses that are not whose they were for the process of before; none when there was none. */
export function releasedSince(before: ReadonlyMap<string, string>, state: NodeState): Address[] {
  const after = state.owners();
  const left = [...before.keys()].filter((text) => {
    const owner = after.get(text);
    return owner === undefined || ownerComment(owner.uid) !== before.get(text);
  });
  const arrived =
    before.size === 0 ? [] : [...after].filter(([text, { isAnnounced }]) => isAnnounced && !before.has(text)).map(([text]) => text);
  return [...left, ...arrived].flatMap((text) => parseAddress(text) ?? []);
}
