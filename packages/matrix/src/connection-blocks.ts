/**
 * The connections of one family as blocks: every source with every destination of a block has the same
 * traffic. Sources that reach the same ends are put together; the ends that come in from outside stand
 * as destinations of all the addresses that the same traffic comes from.
 */
import type { EndClasses, TrafficClass } from '@weir/connectivity';
import { BitSet } from '@weir/net';
import { type ReachedGroup, reachedGroups } from './reached-groups.ts';

/** Connections between classes of ends, by their places. */
export interface ConnectionBlock {
  readonly sources: readonly number[];
  /** Of pods and nodes, or of addresses outside. */
  readonly destinations: readonly number[];
  readonly traffic: readonly TrafficClass[];
}

/** What is asked: which classes a class reaches. */
export interface BlockInput {
  readonly ends: EndClasses;
  readonly traffic: readonly TrafficClass[];
  readonly rowOf: (source: number, traffic: TrafficClass) => BitSet;
  /** The same the other way round: which classes reach a class. */
  readonly sourcesOf: (destination: number, traffic: TrafficClass) => BitSet;
  /** Whether what nodes send to nodes and to addresses outside is judged at all. */
  readonly judgesNodes: boolean;
}

/** The blocks, those of sources in the cluster first. */
export function connectionBlocks(input: BlockInput): ConnectionBlock[] {
  const { ends } = input;
  const outside = BitSet.full(ends.classes.length).without(ends.pods).without(ends.nodes);
  const places = new Map(input.traffic.map((one, at) => [one, at]));
  const trafficKey = (traffic: readonly TrafficClass[]): string => traffic.map((one) => places.get(one)).join();
  const groupsOf = (source: number): readonly ReachedGroup[] =>
    reachedGroups(ends.classes.length, input.traffic, (one) => input.rowOf(source, one));
  return [...fromInside(input, { outside, groupsOf, trafficKey }), ...fromOutside(input, { outside, groupsOf, trafficKey })];
}

interface Grouping {
  readonly outside: BitSet;
  readonly groupsOf: (source: number) => readonly ReachedGroup[];
  readonly trafficKey: (traffic: readonly TrafficClass[]) => string;
}

function fromInside({ ends, judgesNodes }: BlockInput, { outside, groupsOf, trafficKey }: Grouping): ConnectionBlock[] {
  const alike = new Map<string, { readonly sources: number[]; readonly groups: readonly ReachedGroup[] }>();
  for (const source of [...ends.pods.members(), ...ends.nodes.members()]) {
    const isNode = ends.nodes.has(source);
    const groups = groupsOf(source)
      .map((group) => (isNode && !judgesNodes ? { ...group, members: group.members.and(ends.pods) } : group))
      .filter(({ members }) => !members.isEmpty);
    const key = `${isNode ? 'node' : 'pod'} ${groups.map((group) => `${group.members.key()} ${trafficKey(group.traffic)}`).join(' ')}`;
    const same = alike.get(key);
    if (same === undefined) alike.set(key, { sources: [source], groups });
    else same.sources.push(source);
  }
  return [...alike.values()].flatMap(({ sources, groups }) =>
    groups.flatMap(({ members, traffic }) =>
      [members.without(outside), members.and(outside)].flatMap((destinations) =>
        destinations.isEmpty ? [] : [{ sources, destinations: destinations.members(), traffic }],
      ),
    ),
  );
}

function fromOutside(input: BlockInput, grouping: Grouping): ConnectionBlock[] {
  const { ends, judgesNodes } = input;
  const targets = judgesNodes ? ends.pods.or(ends.nodes) : ends.pods;
  const blocks = new Map<string, Omit<ConnectionBlock, 'destinations'> & { readonly destinations: number[] }>();
  for (const [target, sources] of sourcesOfTargets(input, targets.members(), grouping)) {
    for (const [key, from] of sources) {
      const blockKey = `${from.sources.join()} ${key}`;
      const same = blocks.get(blockKey);
      if (same === undefined) blocks.set(blockKey, { ...from, destinations: [target] });
      else same.destinations.push(target);
    }
  }
  return [...blocks.values()];
}

/** By the traffic that comes from them. */
type Sources = Map<string, { readonly sources: number[]; readonly traffic: readonly TrafficClass[] }>;

/** For each target the addresses outside that reach it, asked from the side that has fewer classes. */
function sourcesOfTargets(
  input: BlockInput,
  targets: readonly number[],
  { outside, groupsOf, trafficKey }: Grouping,
): ReadonlyMap<number, Sources> {
  const sources = outside.members();
  if (targets.length < sources.length) {
    const { ends, traffic, sourcesOf } = input;
    return new Map(
      targets.map((target) => {
        const groups = reachedGroups(ends.classes.length, traffic, (one) => sourcesOf(target, one).and(outside));
        return [
          target,
          new Map(groups.map((group) => [trafficKey(group.traffic), { sources: group.members.members(), traffic: group.traffic }])),
        ];
      }),
    );
  }
  const wanted = BitSet.empty(outside.size);
  for (const target of targets) wanted.add(target);
  const byTarget = new Map<number, Sources>(targets.map((target) => [target, new Map()]));
  for (const source of sources) {
    for (const { members, traffic } of groupsOf(source)) {
      const key = trafficKey(traffic);
      for (const target of members.and(wanted).members()) {
        const same = byTarget.get(target)?.get(key);
        if (same === undefined) byTarget.get(target)?.set(key, { sources: [source], traffic });
        else same.sources.push(source);
      }
    }
  }
  return byTarget;
}
