/**
 * Which peers a rule matches, for a whole set of ends at a time: what `ruleMatches` says of pairs.
 *
 * What a rule asks of traffic, of its owner and of the peer is told apart, so that each is answered once: of
 * traffic for all rules that ask the same, of peers for all owners and all traffic.
 */
import {
  asksOfEnd,
  type Direction,
  type FlowEnd,
  type FlowQuestion,
  isGroupOfPorts,
  type Match,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type Side,
} from '@weir/model';
import { addToGroup, BitSet, defined, type Family, formatAddress, formatPortRange } from '@weir/net';
import { type Bounds, both, butNot, known, uniform } from './bounds.ts';
import type { EndClasses } from './end-classes.ts';
import type { TrafficClass } from './traffic-classes.ts';
import { TrafficPlaces } from './traffic-places.ts';

/** Traffic for which a rule matches some peers; the variant is the same where it matches the same ones. */
export interface MatchedTraffic {
  readonly place: number;
  readonly variant: number;
}

/** The rules of one world. */
export class RuleRows {
  readonly #world: PolicyWorld;
  readonly #ends: EndClasses;
  readonly #traffic: readonly TrafficClass[];
  readonly #places: TrafficPlaces;
  /** All of it, of rules of which nothing can be said for a whole row. */
  readonly #anywhere: readonly MatchedTraffic[];
  readonly #planned: Readonly<Record<Direction, Map<Rule, PlannedRule>>> = { ingress: new Map(), egress: new Map() };
  readonly #conditions: Map<string | number, TrafficCondition> = new Map();
  readonly #full: BitSet;
  #named: Map<string, AlikeNamed> | undefined;
  #addressed: AddressedClasses | undefined;
  /** An address whose part in a question is to say the family. */
  readonly #nobody: FlowEnd;

  constructor(world: PolicyWorld, { ends, traffic }: { readonly ends: EndClasses; readonly traffic: readonly TrafficClass[] }) {
    this.#world = world;
    this.#ends = ends;
    this.#traffic = traffic;
    this.#places = new TrafficPlaces(traffic);
    this.#anywhere = this.#places.all.map((place) => ({ place, variant: place }));
    this.#full = BitSet.full(ends.classes.length);
    this.#nobody = { kind: 'address', address: { family: ends.family, words: ends.family === 4 ? [0] : [0, 0, 0, 0] } };
  }

  /** How a rule of the direction is asked. */
  planned(rule: Rule, direction: Direction): PlannedRule {
    let planned = this.#planned[direction].get(rule);
    if (planned === undefined) this.#planned[direction].set(rule, (planned = this.#plan(rule, direction)));
    return planned;
  }

  /** The traffic of which the rule may match a peer, for this owner and those that ask as it does. */
  matchedTraffic({ condition, perPlace, direction }: PlannedRule, owner: number): readonly MatchedTraffic[] {
    if (perPlace) return this.#anywhere;
    if (!condition.hasNames) return condition.matched;
    return direction === 'ingress' ? this.#ofOwnNames(condition, owner) : this.#ofPeerNames(condition);
  }

  /** The peers that a rule matches with traffic, by its place; undefined when its ports or protocol match none. */
  match(planned: PlannedRule, owner: number, place: number): Bounds | undefined {
    if (planned.perPlace) return this.#oneByOne(planned, owner, place);
    const { condition } = planned;
    if (condition.hasNames) {
      if (planned.direction === 'ingress')
        return this.#truthAt(condition, this.#firstOf(owner), place) ? this.#sides(planned, owner) : undefined;
      const carrying = this.#carrying(condition, place);
      if (carrying.isEmpty) return undefined;
      const peers = this.#sides(planned, owner);
      return carrying === this.#full ? peers : both(peers, known(carrying));
    }
    const truth = condition.truths.get(place);
    if (truth === undefined) return undefined;
    const peers = this.#sides(planned, owner);
    return truth === 'yes' ? peers : { certain: BitSet.empty(this.#full.size), possible: peers.possible };
  }

  /** What the rule asks of its owner and of peers beside ports. */
  #sides(planned: PlannedRule, owner: number): Bounds {
    const { rule, direction, asksOwner } = planned;
    const { source, destination } = rule.match;
    const [peer, own] = direction === 'ingress' ? [source, destination] : [destination, source];
    planned.peers ??= this.#side(peer);
    let peers = planned.peers;
    if (peer.node !== undefined) peers = both(peers, known(this.#nodesBy(peer.node, owner)));
    if (!asksOwner) return peers;
    const truth = this.#ownTruth(own, owner, direction);
    return truth === 'yes' ? peers : both(peers, uniform(truth, this.#full.size));
  }

  #side(side: Side): Bounds {
    const { selector, notSelector, nets, notNets, nodes, groups, outside } = side;
    const asked: Bounds[] = [];
    if (selector !== undefined) asked.push(this.#ends.selected(selector));
    if (nets !== undefined) asked.push(this.#meant(this.#inside(nets)));
    if (nodes !== undefined) asked.push(both(this.#inside(nodes), known(this.#ends.nodes)));
    if (groups !== undefined) asked.push(this.#inGroups(groups));
    const excluded: Bounds[] = [];
    if (notSelector !== undefined) excluded.push(this.#ends.selected(notSelector));
    if (notNets !== undefined) excluded.push(this.#inside(notNets));
    if (outside === true) excluded.push(known(this.#ends.pods.or(this.#ends.nodes)));
    const [first = known(this.#full), ...others] = asked;
    return excluded.reduce(butNot, others.reduce(both, first));
  }

  #inside(ranges: NonNullable<Side['nets']>): Bounds {
    return ranges.length === 0 ? uniform('no', this.#full.size) : this.#ends.inside(ranges);
  }

  /** Those of the ends with such addresses that a block means for this engine. */
  #meant(row: Bounds): Bounds {
    const { ipBlockMatchesPods, ipBlockMatchesNodes } = this.#world.profile;
    const withoutPods = ipBlockMatchesPods ? row : butNot(row, known(this.#ends.pods));
    return ipBlockMatchesNodes ? withoutPods : butNot(withoutPods, known(this.#ends.nodes));
  }

  /** Node classes that are the owner's own node, or others. */
  #nodesBy(wanted: 'own' | 'other', owner: number): BitSet {
    const end = this.#firstOf(owner);
    const own = end.kind === 'endpoint' ? end.endpoint.node : undefined;
    return BitSet.where(this.#full.size, (at) => {
      const peer = this.#firstOf(at);
      return peer.kind === 'node' && (peer.node.name === own) === (wanted === 'own');
    });
  }

  /** What a rule's side asks of the owner itself, ports left out. */
  #ownTruth(own: Side, owner: number, direction: Direction): 'yes' | 'no' | 'unknown' {
    const end = this.#firstOf(owner);
    const bare = withoutPorts(own);
    const match = direction === 'ingress' ? { source: {}, destination: bare } : { source: bare, destination: {} };
    return this.#truth(match, { source: end, destination: end, protocol: 0, family: this.#ends.family });
  }

  /** The classes whose addresses are in one of the groups, on whatever ports; who has none may be in any. */
  #inGroups(groups: NonNullable<Side['groups']>): Bounds {
    const size = this.#full.size;
    if (groups.length === 0) return uniform('no', size);
    const { places, unaddressed } = (this.#addressed ??= this.#findAddressed());
    const certain = BitSet.empty(size);
    for (const { address } of groups.flatMap((group) => this.#world.membersOf(group)))
      for (const place of places.get(formatAddress(address)) ?? []) certain.add(place);
    return unaddressed.isEmpty ? known(certain) : { certain, possible: certain.or(unaddressed) };
  }

  #findAddressed(): AddressedClasses {
    const places = new Map<string, number[]>();
    const unaddressed = BitSet.empty(this.#full.size);
    for (let at = 0; at < this.#full.size; at++) {
      const { address } = this.#firstOf(at);
      if (address === undefined) unaddressed.add(at);
      else addToGroup(places, formatAddress(address), at);
    }
    return { places, unaddressed };
  }

  /** Asks about one end of each class, as evaluation does. */
  #oneByOne({ rule: { match }, direction }: PlannedRule, owner: number, place: number): Bounds {
    const own = this.#firstOf(owner);
    const packet = packetOf(defined(this.#traffic[place], 'traffic is asked about by its place'), this.#ends.family);
    return this.#each((peer) => {
      const [source, destination] = direction === 'ingress' ? [peer, own] : [own, peer];
      return this.#truth(match, { source, destination, ...packet });
    });
  }

  #each(truthOf: (end: FlowEnd) => 'yes' | 'no' | 'unknown'): Bounds {
    const certain = BitSet.empty(this.#full.size);
    const possible = BitSet.empty(this.#full.size);
    let isCertain = true;
    for (let at = 0; at < this.#full.size; at++) {
      const truth = truthOf(this.#firstOf(at));
      if (truth === 'no') continue;
      possible.add(at);
      if (truth === 'yes') certain.add(at);
      else isCertain = false;
    }
    return isCertain ? known(certain) : { certain, possible };
  }

  #truth(match: Match, question: FlowQuestion): 'yes' | 'no' | 'unknown' {
    return ruleMatches(this.#world, { action: 'allow', match, origin: noOrigin }, question);
  }

  #plan(rule: Rule, direction: Direction): PlannedRule {
    const { source, destination } = rule.match;
    const key = conditionKey(rule.match);
    let condition = this.#conditions.get(key);
    if (condition === undefined) this.#conditions.set(key, (condition = this.#conditionOf(askedOfTraffic(rule.match))));
    const namesAtSource = source.namedPorts !== undefined || source.notNamedPorts !== undefined;
    const perPlace = namesAtSource || (destination.groups ?? []).some(isGroupOfPorts);
    return { rule, direction, condition, perPlace, asksOwner: asksOfEnd(direction === 'ingress' ? destination : source), peers: undefined };
  }

  #conditionOf(match: Match): TrafficCondition {
    const { namedPorts, notNamedPorts, ports } = match.destination;
    const hasNames = namedPorts !== undefined || notNamedPorts !== undefined;
    const truths = new Map<number, 'yes' | 'unknown'>();
    const matched: MatchedTraffic[] = [];
    for (const place of hasNames ? [] : this.#places.having(match.protocol, ports)) {
      const truth = this.#trafficTruth(match, defined(this.#traffic[place], 'traffic is asked about by its place'));
      if (truth === 'no') continue;
      truths.set(place, truth);
      matched.push({ place, variant: truth === 'yes' ? whole : place });
    }
    return { match, hasNames, truths, matched, ofOwners: new Map(), carrying: [] };
  }

  /** Of rules without names of ports: what anybody's packets are to them. */
  #trafficTruth(match: Match, traffic: TrafficClass): 'yes' | 'no' | 'unknown' {
    return this.#truth(match, { source: this.#nobody, destination: this.#nobody, ...packetOf(traffic, this.#ends.family) });
  }

  #ofOwnNames(condition: TrafficCondition, owner: number): readonly MatchedTraffic[] {
    const end = this.#firstOf(owner);
    const key = end.kind === 'endpoint' ? JSON.stringify(end.endpoint.namedPorts) : '';
    let found = condition.ofOwners.get(key);
    if (found === undefined) {
      found = this.#traffic.flatMap((_, place) => (this.#truthAt(condition, end, place) ? [{ place, variant: whole }] : []));
      condition.ofOwners.set(key, found);
    }
    return found;
  }

  #ofPeerNames(condition: TrafficCondition): readonly MatchedTraffic[] {
    let found = condition.ofOwners.get('');
    if (found === undefined) {
      found = this.#traffic.flatMap((_, place) => {
        const carrying = this.#carrying(condition, place);
        return carrying.isEmpty ? [] : [{ place, variant: carrying === this.#full ? whole : place }];
      });
      condition.ofOwners.set('', found);
    }
    return found;
  }

  /** The classes to which traffic is what the rule asks, by the names that they give their ports. */
  #carrying(condition: TrafficCondition, place: number): BitSet {
    let row = condition.carrying[place];
    if (row === undefined) {
      const found = BitSet.empty(this.#full.size);
      for (const { first, members } of this.#byPortNames()) if (this.#truthAt(condition, first, place)) found.addAll(members);
      row = found.equals(this.#full) ? this.#full : found;
      condition.carrying[place] = row;
    }
    return row;
  }

  /** The classes by the names that they give their ports. */
  #byPortNames(): Iterable<AlikeNamed> {
    if (this.#named === undefined) {
      this.#named = new Map();
      for (let at = 0; at < this.#full.size; at++) {
        const first = this.#firstOf(at);
        const key = first.kind === 'endpoint' ? JSON.stringify(first.endpoint.namedPorts) : '';
        let same = this.#named.get(key);
        if (same === undefined) this.#named.set(key, (same = { first, members: BitSet.empty(this.#full.size) }));
        same.members.add(at);
      }
    }
    return this.#named.values();
  }

  #truthAt({ match }: TrafficCondition, destination: FlowEnd, place: number): boolean {
    const traffic = defined(this.#traffic[place], 'traffic is asked about by its place');
    return this.#truth(match, { source: this.#nobody, destination, ...packetOf(traffic, this.#ends.family) }) === 'yes';
  }

  #firstOf(at: number): FlowEnd {
    return defined(this.#ends.classes[at]?.ends[0], 'a class has an end');
  }
}

/** How a rule is asked. */
export interface PlannedRule {
  readonly rule: Rule;
  readonly direction: Direction;
  readonly condition: TrafficCondition;
  /** Whether what the peer must be depends on the traffic in ways that no row can say. */
  readonly perPlace: boolean;
  readonly asksOwner: boolean;
  /** What the rule asks of peers beside ports, once it was asked. */
  peers: Bounds | undefined;
}

/** Classes by the address of one of their ends, which says for all of them what groups they are in. */
interface AddressedClasses {
  readonly places: ReadonlyMap<string, readonly number[]>;
  readonly unaddressed: BitSet;
}

/** Classes that give ports the same names. */
interface AlikeNamed {
  readonly first: FlowEnd;
  readonly members: BitSet;
}

/** What rules ask of traffic. */
export interface TrafficCondition {
  readonly match: Match;
  /** Whether the destination's names of ports matter. */
  readonly hasNames: boolean;
  /** By the place of the traffic, where it is so at all; of conditions without names. */
  readonly truths: ReadonlyMap<number, 'yes' | 'unknown'>;
  readonly matched: readonly MatchedTraffic[];
  /** By the names of ports of the owner. */
  readonly ofOwners: Map<string, readonly MatchedTraffic[]>;
  readonly carrying: BitSet[];
}

/** The variant of traffic of which all peers that the rule's sides allow are matched. */
const whole = -1;

const noOrigin: Rule['origin'] = { policy: { apiVersion: '', kind: '', name: '' }, direction: 'ingress', ruleIndex: 0 };

/** What a rule asks of traffic alone. */
function askedOfTraffic({ source, destination, ...others }: Match): Match {
  return { ...others, source: portsOf(source), destination: portsOf(destination) };
}

/** What is the same for rules that ask the same of traffic: a small number where a protocol and one port is all, as mostly, since texts take longer. */
function conditionKey(match: Match): string | number {
  const { protocol, notProtocol, icmp, notIcmp, family, source, destination } = match;
  const asksMore = notProtocol !== undefined || icmp !== undefined || notIcmp !== undefined || family !== undefined;
  const isUsual = !asksMore && source.ports === undefined && !asksForUnusualPorts(source) && !asksForUnusualPorts(destination);
  const [only] = destination.ports ?? [];
  if (isUsual && only !== undefined && destination.ports?.length === 1 && only.first === only.last)
    return (protocol ?? 2 ** 8) * 2 ** 16 + only.first;
  return isUsual ? `${protocol ?? ''} ${destination.ports?.map(formatPortRange).join() ?? '*'}` : JSON.stringify(askedOfTraffic(match));
}

function asksForUnusualPorts({ namedPorts, notPorts, notNamedPorts }: Side): boolean {
  return namedPorts !== undefined || notPorts !== undefined || notNamedPorts !== undefined;
}

function portsOf({ ports, namedPorts, notPorts, notNamedPorts }: Side): Side {
  return {
    ...(ports === undefined ? {} : { ports }),
    ...(namedPorts === undefined ? {} : { namedPorts }),
    ...(notPorts === undefined ? {} : { notPorts }),
    ...(notNamedPorts === undefined ? {} : { notNamedPorts }),
  };
}

function withoutPorts({ ports: _ports, namedPorts: _names, notPorts: _notPorts, notNamedPorts: _notNames, ...others }: Side): Side {
  return others;
}

/** A packet of the class. */
export function packetOf({ protocol, port, sourcePort, icmp }: TrafficClass, family: Family): Omit<FlowQuestion, 'source' | 'destination'> {
  return {
    protocol,
    family,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(icmp === undefined ? {} : { icmp }),
  };
}
