/** The answers that are held back, as elements of `ended4/6`. */
import { errnoName, NetlinkError, type NftablesConnection, Transaction } from '@weir/kernel';
import type { Flow } from '@weir/net';
import type { HeldBackAnswers } from '../connections/connection-review.ts';
import { endedFlow, endedKey, endedSets } from './ended-connections.ts';
import { weirTable } from './sets.ts';

const families = [4, 6] as const;

/** The answers that the table holds back. */
export function heldBackAnswers(connection: NftablesConnection): HeldBackAnswers {
  return {
    releaseAllowed: async (isDenied) => releaseAllowed(connection, isDenied),
    hold: async (flows) => hold(connection, flows),
  };
}

function releaseAllowed(connection: NftablesConnection, isDenied: (flow: Flow) => boolean): number {
  let held = 0;
  for (const family of families) {
    const set = endedSets[family];
    const elements = connection.elements(weirTable, set);
    const allowed = elements.filter(({ key }) => !isDenied(endedFlow(key)));
    held += elements.length - allowed.length;
    for (const { key } of allowed) {
      try {
        connection.commit(new Transaction(weirTable).deleteElements(set, [{ key }]));
      } catch (error) {
        const isGone = error instanceof NetlinkError && errnoName(error.errno) === 'ENOENT';
        if (!isGone) throw error;
      }
    }
  }
  return held;
}

function hold(connection: NftablesConnection, flows: readonly Flow[]): void {
  const transaction = new Transaction(weirTable);
  for (const family of families) {
    const keys = flows.filter(({ source }) => source.family === family).map((flow) => ({ key: endedKey(flow) }));
    if (keys.length > 0) transaction.addElements(endedSets[family], keys);
  }
  connection.commit(transaction);
}
