/** How many packets were not reported that should have been, since the rules were made. */
import { reportChain, reportedKinds } from './fixed-chains.ts';
import type { SavedTable } from './rule-script.ts';

/** The first rule of a report chain counts what it tells of, the second one everything. */
export function unreportedPackets(tables: readonly SavedTable[]): number {
  let packets = 0n;
  for (const { chains } of tables) {
    for (const kind of reportedKinds) {
      const [told, all] = chains.get(reportChain(kind)) ?? [];
      packets += (all?.packets ?? 0n) - (told?.packets ?? 0n);
    }
  }
  return Number(packets);
}
