/** How many pairs of ends blocks of flows hold, each counted once; an address outside stands for all like it. */
import { BitSet } from '@weir/net';
import { type FlowComparison, ownNodePairs } from './changed-flows.ts';
import type { EndClass } from './end-classes.ts';
import type { ChangedFlows } from './flow-change.ts';

/** The pairs of any of the changes. */
export function countPairs({ ends: { classes } }: Pick<FlowComparison, 'ends'>, changes: readonly ChangedFlows[]): number {
  let sum = 0;
  for (const ownNode of [false, true]) {
    const destinationsOf = new Map<number, BitSet>();
    for (const { blocks } of changes.filter((change) => change.ownNode === ownNode)) {
      for (const { sources, destinations } of blocks) {
        for (const source of sources) {
          const set = destinationsOf.get(source) ?? BitSet.empty(classes.length);
          for (const destination of destinations) set.add(destination);
          destinationsOf.set(source, set);
        }
      }
    }
    for (const [source, destinations] of destinationsOf) {
      for (const destination of destinations.members()) sum += pairsBetween(classes[source], classes[destination], ownNode);
    }
  }
  return sum;
}

/** At least as many pairs as a change has, and no more unless its blocks overlap: cheap, to find the largest. */
export function pairsAtMost({ ends: { classes } }: Pick<FlowComparison, 'ends'>, { blocks }: ChangedFlows): number {
  const endsOf = (members: Iterable<number>): number => {
    let sum = 0;
    for (const member of members) sum += classes[member]?.ends.length ?? 0;
    return sum;
  };
  return blocks.reduce((sum, { sources, destinations }) => sum + endsOf(sources) * endsOf(destinations), 0);
}

/** Pairs of different ends of two classes: of a pod and its own node, or all others. */
function pairsBetween(source: EndClass | undefined, destination: EndClass | undefined, ownNode: boolean): number {
  if (source === undefined || destination === undefined) return 0;
  const all = source.ends.length * destination.ends.length;
  if (source === destination) return ownNode ? 0 : all - source.ends.length;
  const own = source.kind === 'pods' ? ownNodePairs(source, destination) : source.kind === 'nodes' ? ownNodePairs(destination, source) : 0;
  return ownNode ? own : all - own;
}
