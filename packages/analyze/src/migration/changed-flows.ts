/**
 * The flows whose verdict changes between two worlds, in blocks: classes of ends on both sides with the
 * traffic between them, each with the rule or policy that makes the difference.
 *
 * ```
 *   traffic class by traffic class:
 *     egress of every class, both worlds ─┐
 *     ingress of every class, both worlds ┴▶ where either differs: allowed in one and not in the other?
 *                                              └▶ which rules allow it there ─▶ ledger: rule → blocks
 * ```
 *
 * Only what differs in a direction is looked at pair by pair. A flow is counted once, and stands under
 * every rule that it gained or lost.
 */
import { BitSet, defined } from '@weir/net';
import { type Direction, type Endpoint, type Policy, type PolicyWorld, type Rule, systemOfEndpoint } from '@weir/policy';
import type { EndClass, EndClasses } from './end-classes.ts';
import { Reach } from './reach.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** What becomes of a flow: allowed today and denied then, or denied today and allowed then. */
export type FlowChange = 'lost' | 'gained';

/** What makes the difference for some flows. */
export type Difference =
  /** A rule that matches in the world that allows, and not in the other. */
  | { readonly kind: 'rule'; readonly rule: Rule; readonly peers: EndClass['kind'] }
  /** A policy that isolates in the world that denies, and not in the other. */
  | { readonly kind: 'isolation'; readonly policy: Policy }
  /** A pod reaches its own node in the world that allows; the policy isolates it in the other. */
  | { readonly kind: 'own node'; readonly policy: Policy };

/** Flows between all ends of two sets of classes, with traffic of some classes. */
export interface FlowBlock {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  readonly traffic: readonly TrafficClass[];
}

/** The flows that one rule or policy makes different. */
export interface ChangedFlows {
  readonly change: FlowChange;
  readonly direction: Direction;
  readonly difference: Difference;
  /** Whether these are flows between pods and the nodes that they run on; else none is. */
  readonly ownNode: boolean;
  readonly blocks: readonly FlowBlock[];
}

/** The comparison of one family. */
export interface FlowComparison {
  readonly ends: EndClasses;
  readonly traffic: readonly TrafficClass[];
  readonly changes: readonly ChangedFlows[];
}

/** A comparison with the worlds that it compares. */
export interface WorldComparison extends FlowComparison {
  readonly from: PolicyWorld;
  readonly to: PolicyWorld;
}

/** What to compare: ends and traffic that both worlds divide alike. */
export interface ComparedWorlds {
  readonly from: PolicyWorld;
  readonly to: PolicyWorld;
  readonly ends: EndClasses;
  readonly traffic: readonly TrafficClass[];
}

/** Compares. */
export function compareFlows(compared: ComparedWorlds): FlowComparison {
  const ledger = new Ledger();
  const comparison = new Comparison(compared, ledger);
  for (const traffic of compared.traffic) comparison.compare(traffic);
  return { ends: compared.ends, traffic: compared.traffic, changes: ledger.changes() };
}

/** Of a class of pods and a class of addresses of nodes, the pairs in which the pod runs on the node. */
export function ownNodePairs(pods: EndClass, nodes: EndClass): number {
  const counts = new Map<string, number>();
  for (const end of nodes.ends) if (end.kind === 'node') counts.set(end.node.name, (counts.get(end.node.name) ?? 0) + 1);
  return pods.ends.reduce((sum, end) => sum + (end.kind === 'endpoint' ? (counts.get(end.endpoint.node ?? '') ?? 0) : 0), 0);
}

interface Found {
  readonly change: FlowChange;
  readonly direction: Direction;
  readonly owner: number;
  readonly peers: BitSet;
  readonly traffic: TrafficClass;
  readonly ownNode: boolean;
}

class Comparison {
  readonly #compared: ComparedWorlds;
  readonly #ledger: Ledger;
  readonly #from: Reach;
  readonly #to: Reach;
  readonly #podClasses: readonly number[];
  readonly #ownNodes: ReadonlyMap<number, BitSet>;

  constructor(compared: ComparedWorlds, ledger: Ledger) {
    this.#compared = compared;
    this.#ledger = ledger;
    this.#from = new Reach(compared.from, compared.ends);
    this.#to = new Reach(compared.to, compared.ends);
    const { classes, pods, nodes } = compared.ends;
    this.#podClasses = pods.members();
    const nodeClasses = nodes.members();
    this.#ownNodes = new Map(
      this.#podClasses.map((at) => {
        const own = nodeClasses.filter((other) => ownNodePairs(classAt(classes, at), classAt(classes, other)) > 0);
        return [at, setOf(classes.length, own)];
      }),
    );
  }

  compare(traffic: TrafficClass): void {
    for (const owner of this.#podClasses) {
      this.#compareDirection(owner, 'egress', traffic);
      this.#compareDirection(owner, 'ingress', traffic);
      this.#compareOwnNodes(owner, traffic);
    }
  }

  #compareDirection(owner: number, direction: Direction, traffic: TrafficClass): void {
    const before = this.#from.allowed(owner, direction, traffic);
    const after = this.#to.allowed(owner, direction, traffic);
    const lost = before.without(after);
    const gained = after.without(before);
    const tell = (change: FlowChange, candidates: BitSet, reach: Reach): void => {
      if (candidates.isEmpty) return;
      const peers = this.#whereOtherEndAllows(candidates, reach, { owner, direction, traffic });
      if (!peers.isEmpty) this.#attribute({ change, direction, owner, peers, traffic, ownNode: false });
    };
    tell('lost', lost, this.#from);
    tell('gained', gained, this.#to);
  }

  /** Those of the peers whose own policies let the flow pass, too. */
  #whereOtherEndAllows(peers: BitSet, reach: Reach, { owner, direction, traffic }: Pick<Found, 'owner' | 'direction' | 'traffic'>): BitSet {
    const other = direction === 'egress' ? 'ingress' : 'egress';
    const { size } = peers;
    const allowing = setOf(
      size,
      peers.members().filter((peer) => reach.allowed(peer, other, traffic).has(owner)),
    );
    // A class of one pod has no pair within itself.
    return this.#endsOf(owner).ends.length > 1 ? allowing : allowing.without(setOf(size, [owner]));
  }

  /** A pod and its own node: towards the pod everything is allowed, from the pod what its engine says. */
  #compareOwnNodes(owner: number, traffic: TrafficClass): void {
    const nodes = this.#ownNodes.get(owner);
    if (nodes === undefined || nodes.isEmpty) return;
    const before = this.#reachesOwnNode(this.#compared.from, owner) ? nodes : this.#from.allowed(owner, 'egress', traffic).and(nodes);
    const after = this.#reachesOwnNode(this.#compared.to, owner) ? nodes : this.#to.allowed(owner, 'egress', traffic).and(nodes);
    for (const [change, peers] of [
      ['lost', before.without(after)],
      ['gained', after.without(before)],
    ] as const) {
      if (!peers.isEmpty) this.#attribute({ change, direction: 'egress', owner, peers, traffic, ownNode: true });
    }
  }

  #reachesOwnNode({ profile }: PolicyWorld, owner: number): boolean {
    return profile.podReachesOwnNode.includes(systemOfEndpoint(endpointOf(this.#endsOf(owner))));
  }

  #attribute(found: Found): void {
    const { owner, direction, traffic, ownNode, change } = found;
    const [allowing, denying] = change === 'lost' ? [this.#from, this.#to] : [this.#to, this.#from];
    const allowingWorld = change === 'lost' ? this.#compared.from : this.#compared.to;
    const isolating = denying.isolating(owner, direction);
    if (ownNode && this.#reachesOwnNode(allowingWorld, owner)) {
      for (const policy of isolating) this.#ledger.enter(found, { kind: 'own node', policy }, found.peers);
      return;
    }
    const isolated = allowing.isolating(owner, direction);
    if (isolated.length === 0) {
      for (const policy of isolating) this.#ledger.enter(found, { kind: 'isolation', policy }, found.peers);
      return;
    }
    const { pods, nodes } = this.#compared.ends;
    for (const { rule, peers } of allowing.matches(owner, direction, traffic)) {
      const matched = peers.and(found.peers);
      const outside = matched.without(pods).without(nodes);
      this.#ledger.enter(found, { kind: 'rule', rule, peers: 'pods' }, matched.and(pods));
      this.#ledger.enter(found, { kind: 'rule', rule, peers: 'nodes' }, matched.and(nodes));
      this.#ledger.enter(found, { kind: 'rule', rule, peers: 'outside' }, outside);
    }
  }

  #endsOf(at: number): EndClass {
    return classAt(this.#compared.ends.classes, at);
  }
}

/** The blocks of one owner by their peers. */
type OwnerBlocks = Map<string, { readonly peers: BitSet; readonly traffic: TrafficClass[] }>;

interface LedgerEntry extends Omit<ChangedFlows, 'blocks'> {
  readonly owners: Map<number, OwnerBlocks>;
}

/** Collects peers and traffic by what makes the difference; equal peers of one owner become one block. */
class Ledger {
  readonly #entries: Map<string, LedgerEntry> = new Map();

  enter({ change, direction, owner, traffic, ownNode }: Found, difference: Difference, peers: BitSet): void {
    if (peers.isEmpty) return;
    const key = `${change} ${direction} ${ownNode} ${keyOf(difference)}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, (entry = { change, direction, difference, ownNode, owners: new Map() }));
    const blocks: OwnerBlocks = entry.owners.get(owner) ?? new Map();
    entry.owners.set(owner, blocks);
    const block = blocks.get(peers.key());
    if (block === undefined) blocks.set(peers.key(), { peers, traffic: [traffic] });
    else if (block.traffic.at(-1) !== traffic) block.traffic.push(traffic);
  }

  changes(): ChangedFlows[] {
    return [...this.#entries.values()].map(({ owners, ...entry }) => ({ ...entry, blocks: blocksOf(entry.direction, owners) }));
  }
}

/** The blocks of owners with the same peers and traffic, put together. */
function blocksOf(direction: Direction, owners: LedgerEntry['owners']): FlowBlock[] {
  const found = new Map<string, { owners: number[]; peers: readonly number[]; traffic: readonly TrafficClass[] }>();
  for (const [owner, blocks] of owners) {
    for (const [peersKey, { peers, traffic }] of blocks) {
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

/** A text for a policy that is the same in both worlds. */
export function policyKey({ ref }: Pick<Policy, 'ref'>): string {
  return `${ref.kind} ${ref.namespace ?? ''}/${ref.name}`;
}

function classAt(classes: readonly EndClass[], at: number): EndClass {
  return defined(classes[at], 'a class of the comparison exists');
}

function endpointOf({ ends }: EndClass): Endpoint {
  const [first] = ends;
  if (first?.kind === 'endpoint') return first.endpoint;
  throw new TypeError('not a class of pods');
}

function setOf(size: number, members: readonly number[]): BitSet {
  const set = BitSet.empty(size);
  for (const member of members) set.add(member);
  return set;
}
