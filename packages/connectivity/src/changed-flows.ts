/**
 * The flows whose verdict changes between two worlds, in blocks: classes of ends on both sides with the
 * traffic between them, each with the rule or policy that makes the difference.
 *
 * ```
 *   classes of pods with the same policies:
 *     traffic that these treat alike, egress and ingress, in both worlds
 *       └▶ where they allow other peers: which of those let the flow pass themselves?
 *            └▶ which rules allow it there ─▶ ledger: rule → blocks
 * ```
 *
 * Work goes by policies that speak for pods and rules that speak of ports, and only where they differ by pods and
 * ports. A flow is counted once, and stands under every rule that it gained or lost.
 */

import { type Direction, type Endpoint, type PolicyWorld, systemOfEndpoint } from '@weir/model';
import { addToGroup, BitSet, defined } from '@weir/net';
import { type ChangedTraffic, ChangeLedger } from './change-ledger.ts';
import type { EndClass, EndClasses } from './end-classes.ts';
import type { ChangedFlows, FlowChange } from './flow-change.ts';
import { Reach } from './reach.ts';
import type { TrafficClass } from './traffic-classes.ts';

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
  const changes = new Comparison(compared).changes();
  return { ends: compared.ends, traffic: compared.traffic, changes };
}

/** Of a class of pods and a class of addresses of nodes, the pairs in which the pod runs on the node. */
export function ownNodePairs(pods: EndClass, nodes: EndClass): number {
  const counts = new Map<string, number>();
  for (const end of nodes.ends) if (end.kind === 'node') counts.set(end.node.name, (counts.get(end.node.name) ?? 0) + 1);
  return pods.ends.reduce((sum, end) => sum + (end.kind === 'endpoint' ? (counts.get(end.endpoint.node ?? '') ?? 0) : 0), 0);
}

interface Found extends ChangedTraffic {
  readonly peers: BitSet;
}

/** Classes of pods that the same policies speak for, in both worlds. */
type OwnerGroup = readonly number[];

/** Traffic that policies of a group treat alike in a direction, with the peers that they allow. */
interface AlikeTraffic {
  readonly before: BitSet;
  readonly after: BitSet;
  readonly traffic: readonly TrafficClass[];
}

class Comparison {
  readonly #compared: ComparedWorlds;
  readonly #ledger: ChangeLedger = new ChangeLedger();
  readonly #from: Reach;
  readonly #to: Reach;
  readonly #nodeClasses: readonly number[];

  constructor(compared: ComparedWorlds) {
    this.#compared = compared;
    this.#from = new Reach(compared.from, compared);
    this.#to = new Reach(compared.to, compared);
    this.#nodeClasses = compared.ends.nodes.members();
  }

  changes(): ChangedFlows[] {
    for (const group of this.#groups()) {
      const egress = this.#alikeTraffic(group, 'egress');
      for (const alike of egress) this.#compareDirection(group, 'egress', alike);
      for (const alike of this.#alikeTraffic(group, 'ingress')) this.#compareDirection(group, 'ingress', alike);
      for (const owner of group) this.#compareOwnNodes(owner, egress);
    }
    return this.#ledger.changes(this.#compared.traffic);
  }

  #groups(): OwnerGroup[] {
    const groups = new Map<string, number[]>();
    for (const owner of this.#compared.ends.pods.members()) {
      const key = `${this.#from.kindOf(owner)} ${this.#to.kindOf(owner)}`;
      addToGroup(groups, key, owner);
    }
    return [...groups.values()];
  }

  #alikeTraffic([first = -1]: OwnerGroup, direction: Direction): AlikeTraffic[] {
    const found = new Map<BitSet, Map<BitSet, TrafficClass[]>>();
    for (const traffic of this.#compared.traffic) {
      const before = this.#from.allowed(first, direction, traffic);
      const after = this.#to.allowed(first, direction, traffic);
      const rows = found.get(before) ?? new Map<BitSet, TrafficClass[]>();
      found.set(before, rows);
      addToGroup(rows, after, traffic);
    }
    return [...found].flatMap(([before, rows]) => [...rows].map(([after, traffic]) => ({ before, after, traffic })));
  }

  #compareDirection(group: OwnerGroup, direction: Direction, { before, after, traffic }: AlikeTraffic): void {
    const tell = (change: FlowChange, candidates: BitSet, reach: Reach): void => {
      if (candidates.isEmpty) return;
      const other = direction === 'egress' ? 'ingress' : 'egress';
      for (const { answers, traffic: alike } of reach.answersOf(candidates, other, traffic)) {
        for (const owner of group) {
          const peers = answers.allowing(owner);
          // A class of one pod has no pair within itself.
          if (this.#endsOf(owner).ends.length === 1) peers.delete(owner);
          if (!peers.isEmpty) this.#attribute({ change, direction, owner, peers, traffic: alike, ownNode: false });
        }
      }
    };
    tell('lost', before.without(after), this.#from);
    tell('gained', after.without(before), this.#to);
  }

  /** A pod and its own node: towards the pod everything is allowed, from the pod what its engine says. */
  #compareOwnNodes(owner: number, egress: readonly AlikeTraffic[]): void {
    const { classes } = this.#compared.ends;
    const own = this.#nodeClasses.filter((other) => ownNodePairs(classAt(classes, owner), classAt(classes, other)) > 0);
    if (own.length === 0) return;
    const nodes = setOf(classes.length, own);
    const [wasFree, isFree] = [this.#reachesOwnNode(this.#compared.from, owner), this.#reachesOwnNode(this.#compared.to, owner)];
    for (const { before: beforeRow, after: afterRow, traffic } of egress) {
      const before = wasFree ? nodes : beforeRow.and(nodes);
      const after = isFree ? nodes : afterRow.and(nodes);
      for (const [change, peers] of [
        ['lost', before.without(after)],
        ['gained', after.without(before)],
      ] as const) {
        if (!peers.isEmpty) this.#attribute({ change, direction: 'egress', owner, peers, traffic, ownNode: true });
      }
    }
  }

  #reachesOwnNode({ profile }: PolicyWorld, owner: number): boolean {
    return profile.podReachesOwnNode.includes(systemOfEndpoint(endpointOf(this.#endsOf(owner))));
  }

  /** The traffic is such that the policies of the owner treat it alike in both worlds. */
  #attribute(found: Found): void {
    const { owner, direction, ownNode, change } = found;
    const [traffic] = found.traffic;
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
      if (isolating.length === 0) this.#attributeToDenials(found, denying);
      return;
    }
    const { pods, nodes } = this.#compared.ends;
    for (const { rule, peers } of traffic === undefined ? [] : allowing.matches(owner, direction, traffic)) {
      const matched = peers.and(found.peers);
      if (matched.isEmpty) continue;
      const outside = matched.without(pods).without(nodes);
      this.#ledger.enter(found, { kind: 'rule', rule, peers: 'pods' }, matched.and(pods));
      this.#ledger.enter(found, { kind: 'rule', rule, peers: 'nodes' }, matched.and(nodes));
      this.#ledger.enter(found, { kind: 'rule', rule, peers: 'outside' }, outside);
    }
  }

  /** Policies of administrators deny by rules alone, and isolate nobody. */
  #attributeToDenials(found: Found, denying: Reach): void {
    const {
      owner,
      direction,
      traffic: [traffic],
    } = found;
    for (const { policy, rule, peers } of traffic === undefined ? [] : denying.matches(owner, direction, traffic)) {
      const matched = peers.and(found.peers);
      if (rule.action === 'deny' && !matched.isEmpty) this.#ledger.enter(found, { kind: 'isolation', policy }, matched);
    }
  }

  #endsOf(at: number): EndClass {
    return classAt(this.#compared.ends.classes, at);
  }
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
