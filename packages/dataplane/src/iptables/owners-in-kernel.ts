/** Whose addresses were whose for the process of before, as the comments of the set of local pods say. */
import { parseAddress } from '@weir/net';
import type { EarlierOwner } from '../endpoints/earlier-owners.ts';
import { ownerComment } from './local-sets.ts';
import type { PacketFilter } from './packet-filter.ts';

/** Owners by the texts of their addresses. */
export async function ownersInKernel(filter: PacketFilter): Promise<Map<string, EarlierOwner>> {
  const owners = new Map<string, EarlierOwner>();
  for (const [name, { members }] of await filter.savedSets()) {
    if (!/^weir[46]-l/.test(name)) continue;
    for (const [text, comment] of members) {
      const address = parseAddress(text);
      if (address !== undefined) owners.set(text, { address, is: (uid) => ownerComment(uid) === comment });
    }
  }
  return owners;
}
