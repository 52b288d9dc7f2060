/** Flows that change, collected by what makes the difference: equal peers of one owner become one block, equal blocks of several owners one. */

import type { Direction } from '@weir/model';
import type { BitSet } from '@weir/net';
import { type ChangedFlows, type Difference, type FlowBlock, policyKey } from './flow-change.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** Flows of one owner that change for whatever reason. */
export interface ChangedTraffic extends Pick<ChangedFlows, 'change' | 'direction' | 'ownNode'> {
  readonly owner: number;
  readonly traffic: readonly TrafficClass[];
}

/** The blocks of one owner by their peers. */
type OwnerBlocks = Map<string, { readonly peers: BitSet; readonly traffic: Set<TrafficClass> }>;

interface LedgerEntry extends Omit<ChangedFlows, 'blocks'> {
  readonly owners: Map<number, OwnerBlocks>;
}

/** See above. */
export class ChangeLedger {
  readonly #entries: Map<string, LedgerEntry> = new Map();

  enter({ change, direction, owner, traffic, ownNode }: ChangedTraffic, difference: Difference, peers: BitSet): void {
    if (peers.isEmpty) return;
    const key = `${change} ${direction} ${ownNode} ${keyOf(difference)}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, (entry = { change, direction, difference, ownNode, owners: new Map() }));
    const blocks: OwnerBlocks = entry.owners.get(owner) ?? new Map();
    entry.owners.set(owner, blocks);
    const peersKey = peers.key();
    const block = blocks.get(peersKey);
    if (block === undefined) blocks.set(peersKey, { peers, traffic: new Set(traffic) });
    else for (const one of traffic) block.traffic.add(one);
  }

  /** All of them; traffic in the order of `all`. */
  changes(all: readonly TrafficClass[]): ChangedFlows[] {
    const places = new Map(all.map((traffic, at) => [traffic, at]));
    const inOrder = (traffic: ReadonlySet<TrafficClass>): TrafficClass[] =>
      [...traffic].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    return [...this.#entries.values()].map(({ owners, ...entry }) => ({ ...entry, blocks: blocksOf(entry.direction, owners, inOrder) }));
  }
}

/** The blocks of owners with the same peers and traffic, put together. */
function blocksOf(
  direction: Direction,
  owners: LedgerEntry['owners'],
  inOrder: (traffic: ReadonlySet<TrafficClass>) => readonly TrafficClass[],
): FlowBlock[] {
  const found = new Map<string, { owners: number[]; peers: readonly number[]; traffic: readonly TrafficClass[] }>();
  for (const [owner, blocks] of owners) {
    for (const [peersKey, { peers, traffic: unordered }] of blocks) {
      const traffic = inOrder(unordered);
      const key = `${peersKey} ${traffic.map(({ protocol, port }) => `${protocol}/${port ?? ''}`).join()}`;
      const same = found.get(key);
      if (same === undefined) found.set(key, { owners: [owner], peers: peers.members(), traffic });
      else same.owners.push(owner);
    }
  }
  return [...found.values()].map((block) =>
    direction === 'egress'
      ? { sources: block.owners, destinations: block.peers, traffic: block.traffic }
      : { sources: block.peers, destinations: block.owners, traffic: block.traffic },
  );
}

function keyOf(difference: Difference): string {
  if (difference.kind !== 'rule') return `${difference.kind} ${policyKey(difference.policy)}`;
  const { policy, direction, ruleIndex, peerIndex } = difference.rule.origin;
  return `rule ${difference.peers} ${policyKey({ ref: policy })} ${direction} ${ruleIndex} ${peerIndex ?? ''}`;
}
