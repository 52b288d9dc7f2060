/** Ending the connections that the state in force denies (mode `cut`). */
import {
  type ConntrackConnection,
  errnoName,
  NetlinkError,
  type NftablesConnection,
  type TrackedConnection,
  Transaction,
} from '@weir/kernel';
import type { Flow } from '@weir/net';
import type { ConnectionReview, ReviewReport } from '../dataplane.ts';
import { endedFlow, endedKey, endedSets, heldBackMax, isHeldBack } from './ended-connections.ts';
import { weirTable } from './sets.ts';
import { flowOf } from './tracked-flow.ts';

const families = [4, 6] as const;

/** The kernel's two books that a review reads and changes. */
export interface ReviewSubject {
  readonly connection: NftablesConnection;
  readonly conntrack: ConntrackConnection;
}

/** See `Dataplane.endDenied`. */
export async function endDenied(
  { connection, conntrack }: ReviewSubject,
  { addresses, isDenied }: ConnectionReview,
): Promise<ReviewReport> {
  const reviewed = await conntrack.connectionsOf(addresses);
  const denied = reviewed.filter((entry) => isDenied(flowOf(entry)));
  const held = releaseAllowed(connection, isDenied);
  // Before the entries go: an answer in between would open the connection again.
  const heldBack = held + holdBack(connection, denied, heldBackMax - held);
  await conntrack.delete(denied);
  return { looked: reviewed.length, ended: denied.length, heldBack };
}

/** Gives free the answers of connections that are allowed again; returns how many are still held back. */
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

/** Returns how many are held back now that were not asked about before; at most `max`. */
function holdBack(connection: NftablesConnection, denied: readonly TrackedConnection[], max: number): number {
  const flows = denied.map(flowOf).filter(isHeldBack).slice(0, Math.max(0, max));
  const transaction = new Transaction(weirTable);
  for (const family of families) {
    const keys = flows.filter(({ source }) => source.family === family).map((flow) => ({ key: endedKey(flow) }));
    if (keys.length > 0) transaction.addElements(endedSets[family], keys);
  }
  if (flows.length > 0) connection.commit(transaction);
  return flows.length;
}
