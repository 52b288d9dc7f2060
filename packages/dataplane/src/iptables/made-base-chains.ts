/**
 * What iptables makes of its own accord when Weir is the first to use it (nft flavour): the table `filter`
 * and its base chains. Empty chains of Weir's say what was not there before, so that a later process can
 * take it away again and leave the kernel as it was.
 */
import { NetlinkError, type NftablesConnection, type TableName, Transaction } from '@weir/kernel';
import type { Family } from '@weir/net';
import type { SavedTable } from './rule-script.ts';

const baseChains = ['INPUT', 'FORWARD', 'OUTPUT'] as const;
const prefix = 'WEIR-MADE-';

/** Whether the chain says such a thing. */
export function isMarker(chain: string): boolean {
  return chain.startsWith(prefix);
}

/** The markers of what is not there yet. */
export function markersOf(connection: NftablesConnection, family: Family): string[] {
  const table = filterTable(family);
  const isThere = connection.hasTable(table);
  const found = new Set(isThere ? connection.chains(table).map(({ name }) => name) : []);
  return [...(isThere ? [] : [`${prefix}TABLE`]), ...baseChains.filter((name) => !found.has(name)).map((name) => `${prefix}${name}`)];
}

/** Takes away what the markers name, where nobody else uses it by now. Weir's own chains are gone already. */
export function removeMade(connection: NftablesConnection, family: Family, now: SavedTable, markers: readonly string[]): void {
  const table = filterTable(family);
  const isFree = (name: string): boolean => (now.chains.get(name) ?? []).length === 0 && now.policies.get(name) !== 'DROP';
  const found = new Set(connection.chains(table).map(({ name }) => name));
  const free = baseChains.filter((name) => found.has(name) && markers.includes(`${prefix}${name}`) && isFree(name));
  const transaction = new Transaction(table);
  for (const name of free) transaction.deleteChain(name);
  if (markers.includes(`${prefix}TABLE`) && free.length === found.size) transaction.deleteTable();
  else if (free.length === 0) return;
  try {
    connection.commit(transaction);
  } catch (error) {
    // Somebody has begun to use it in between.
    if (!(error instanceof NetlinkError && error.code === 'refused')) throw error;
  }
}

function filterTable(family: Family): TableName {
  return { family: family === 4 ? 'ipv4' : 'ipv6', name: 'filter' };
}
