/** Whose addresses were whose for the process of before, as the comments of the elements of local addresses say. */
import type { NftablesConnection } from '@weir/kernel';
import { addressFromBytes, formatAddress } from '@weir/net';
import type { EarlierOwner } from '../endpoints/earlier-owners.ts';
import { ownerComment } from './address-elements.ts';
import { familySets, guardTable, weirTable } from './sets.ts';

const addressBytes = { 4: 4, 6: 16 } as const;

/** Owners by the texts of their addresses. */
export function ownersInKernel(connection: NftablesConnection): Map<string, EarlierOwner> {
  const owners = new Map<string, EarlierOwner>();
  // The guard holds them too if a process ended while it made the table anew.
  for (const table of [guardTable, weirTable]) {
    for (const family of [4, 6] as const) {
      for (const { key, comment } of connection.elements(table, familySets(family).local)) {
        if (key.length !== addressBytes[family]) continue;
        const address = addressFromBytes(key);
        owners.set(formatAddress(address), { address, is: (uid) => ownerComment(uid) === comment });
      }
    }
  }
  return owners;
}
