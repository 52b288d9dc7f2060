/** Everybody there is in a cluster and outside of it, in groups that no policy tells apart. */
import type { FlowEnd } from '@weir/model';
import type { AddressRange, Family } from '@weir/net';
import { everyAddress } from './address-words.ts';
import { pieceEnd } from './alike-ends.ts';
import type { AskedGroup } from './check.ts';
import type { CheckPlanner } from './check-planner.ts';

/** Equal ends, with what `markOf` says of them. */
export interface MarkedGroup {
  readonly asked: AskedGroup;
  readonly mark: string;
}

/** What tells ends apart besides policies. */
export interface Marks {
  readonly markOf: (end: FlowEnd) => string;
  /** Normalised ranges that addresses outside are cut by. */
  readonly ranges: readonly (readonly AddressRange[])[];
}

/** Pods, nodes, and parts of the address space of the family, or of all that the cluster has. */
export function everybody(planner: CheckPlanner, { markOf, ranges }: Marks, family?: Family): MarkedGroup[] {
  const { snapshot, grouper, cutter, families } = planner;
  const all = planner.finder.findAll([{ text: 'any', path: '' }]);
  const singles = all.kind === 'found' ? all.ends.filter((each) => each.kind === 'end') : [];
  const groups = grouper.group(singles, { perNode: snapshot.nodes.length > 0, markOf: ({ end }) => markOf(end) });
  const pieces = (family === undefined ? families : [family]).flatMap((one) => cutter.cut(everyAddress, one, ranges).map(pieceEnd));
  return [...groups, ...pieces.map((piece) => ({ asked: [piece], mark: markOf(piece.end) }))];
}
