/**
 * Which ends a class of pods may exchange traffic with in one world and one direction, for a whole set
 * of ends at a time: the walk of `evaluate` through tiers, policies and rules, on sets instead of pairs.
 *
 * What holds for pairs alone is left to the caller: a pod reaches itself, its node reaches it, and with
 * some engines it reaches its node. Labels that are not known match nothing here; callers make them known.
 */

import {
  asksOfEnd,
  type Direction,
  type Endpoint,
  type FlowQuestion,
  type Policy,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type SelectingTier,
  type Side,
  unorderedAmong,
} from '@weir/model';
import { type BitSet, BitSet as Bits, defined, portRangesContain } from '@weir/net';
import type { EndClasses } from './end-classes.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** What both worlds of a comparison divide alike. */
export interface ReachOver {
  readonly ends: EndClasses;
  readonly traffic: readonly TrafficClass[];
}

/** Reach in one world. */
export class Reach {
  readonly #world: PolicyWorld;
  readonly #ends: EndClasses;
  readonly #places: ReadonlyMap<TrafficClass, number>;
  readonly #rows: WeakMap<Rule, BitSet> = new WeakMap();
  readonly #plain: WeakMap<Rule, boolean> = new WeakMap();
  readonly #ids: Map<Policy, number> = new Map();
  readonly #kinds: OwnerKind[] = [];
  readonly #kindOf: readonly (OwnerKind | undefined)[];
  readonly #numbers: Map<BitSet, number> = new Map();
  readonly #full: BitSet;

  constructor(world: PolicyWorld, { ends, traffic }: ReachOver) {
    this.#world = world;
    this.#ends = ends;
    this.#places = new Map(traffic.map((one, at) => [one, at]));
    this.#full = Bits.full(ends.classes.length);
    this.#kindOf = this.#findKinds();
  }

  /** A number that classes have in common for which the same policies speak, with the same meaning. */
  kindOf(owner: number): number {
    return this.#kindOf[owner]?.id ?? -1;
  }

  /** The peers of the class that its policies let it talk to; all of them for what is no pod. The same set for traffic that its rules treat alike. */
  allowed(owner: number, direction: Direction, traffic: TrafficClass): BitSet {
    const kind = this.#kindOf[owner];
    return kind === undefined ? this.#full : this.#allowedBy(kind, { owner, direction, traffic });
  }

  /** What the peers themselves let pass, by traffic that is the same to all of them. */
  answersOf(
    peers: BitSet,
    direction: Direction,
    traffic: readonly TrafficClass[],
  ): { readonly answers: PeerAnswers; readonly traffic: TrafficClass[] }[] {
    const pods = peers.and(this.#ends.pods);
    const asked = this.#kinds.flatMap((kind) => {
      const members = kind.members.and(pods);
      return members.isEmpty ? [] : [{ kind, members }];
    });
    const others = peers.without(this.#ends.pods);
    const found = new Map<string, { readonly answers: PeerAnswers; readonly traffic: TrafficClass[] }>();
    for (const one of traffic) {
      const rows = asked.map(({ kind }) => this.#allowedBy(kind, { owner: kind.first, direction, traffic: one }));
      const key = rows.map((row) => this.#numberOf(row)).join();
      const same = found.get(key);
      if (same !== undefined) same.traffic.push(one);
      else
        found.set(key, {
          answers: new PeerAnswers(
            asked.map(({ members }, i) => ({ members, row: rows[i] ?? this.#full })),
            others,
          ),
          traffic: [one],
        });
    }
    return [...found.values()];
  }

  /** The rules of the class's policies with the peers that each matches; in the order in which they are asked. */
  matches(owner: number, direction: Direction, traffic: TrafficClass): { readonly rule: Rule; readonly peers: BitSet }[] {
    return (this.#kindOf[owner]?.tiers ?? []).flatMap(({ policies }) =>
      policies.flatMap((policy) =>
        (policy[direction]?.rules ?? []).flatMap((rule) => {
          const peers = this.#match(rule, { owner, direction, traffic });
          return peers === undefined || peers.isEmpty ? [] : [{ rule, peers }];
        }),
      ),
    );
  }

  /** The policies that isolate the class in the direction. */
  isolating(owner: number, direction: Direction): readonly Policy[] {
    const tiers = this.#kindOf[owner]?.tiers ?? [];
    return tiers.flatMap(({ policies }) => policies.filter((policy) => policy[direction]?.isolates === true));
  }

  #findKinds(): (OwnerKind | undefined)[] {
    const { classes } = this.#ends;
    const known = new Map<string, OwnerKind>();
    return classes.map(({ kind, ends }, at) => {
      const [first] = ends;
      if (kind !== 'pods' || first?.kind !== 'endpoint') return undefined;
      const tiers = this.#world.selecting(first.endpoint);
      const usesOwnNames = rulesIn(tiers, 'ingress').some(
        ({ match: { destination } }) => destination.namedPorts !== undefined || destination.notNamedPorts !== undefined,
      );
      const asksOwner = tiers.some((tier) => tier.policies.some(asksOfOwner));
      const policies = tiers.flatMap((tier) => tier.policies.map((policy) => this.#idOf(policy))).join();
      const names = usesOwnNames ? JSON.stringify(first.endpoint.namedPorts) : '';
      // Policies that ask about the owner itself speak for each in another way.
      const key = `${policies} ${names} ${asksOwner ? at : ''}`;
      let found = known.get(key);
      if (found === undefined) {
        found = newKind({ id: known.size, first: at, tiers, members: Bits.empty(classes.length) });
        known.set(key, found);
        this.#kinds.push(found);
      }
      found.members.add(at);
      return found;
    });
  }

  #allowedBy(kind: OwnerKind, asked: Asked): BitSet {
    const { direction, traffic } = asked;
    const place = this.#places.get(traffic) ?? -1;
    const known = kind.byTraffic[direction][place];
    if (known !== undefined) return known;
    let key = '';
    for (const rule of kind.rules[direction]) key += this.#matchText(rule, asked);
    let row = kind.rows[direction].get(key);
    if (row === undefined) kind.rows[direction].set(key, (row = this.#walk(kind.tiers, asked)));
    kind.byTraffic[direction][place] = row;
    return row;
  }

  /** A text that is the same for traffic of which a rule matches the same peers. */
  #matchText(rule: Rule, asked: Asked): string {
    const { protocol, destination } = rule.match;
    const { ports, namedPorts } = destination;
    const { direction, traffic } = asked;
    if (!this.#isPlain(rule, direction)) return `(${this.#places.get(traffic) ?? ''})`;
    if (protocol !== undefined && protocol !== traffic.protocol) return '0';
    if (ports === undefined && namedPorts === undefined) return '1';
    if (traffic.port === undefined) return '0';
    if (ports !== undefined && portRangesContain(ports, traffic.port)) return '1';
    if (namedPorts === undefined) return '0';
    if (direction === 'ingress') return this.#carries(asked.owner, namedPorts, traffic) ? '1' : '0';
    return `(${this.#places.get(traffic) ?? ''})`;
  }

  #isPlain(rule: Rule, direction: Direction): boolean {
    let plain = this.#plain.get(rule);
    if (plain === undefined) this.#plain.set(rule, (plain = isPlain(rule, direction)));
    return plain;
  }

  #numberOf(row: BitSet): number {
    let number = this.#numbers.get(row);
    if (number === undefined) this.#numbers.set(row, (number = this.#numbers.size));
    return number;
  }

  #idOf(policy: Policy): number {
    let id = this.#ids.get(policy);
    if (id === undefined) this.#ids.set(policy, (id = this.#ids.size));
    return id;
  }

  #walk(tiers: readonly SelectingTier[], asked: Asked): BitSet {
    let allowed = Bits.empty(this.#full.size);
    const all = tiers.flatMap(({ policies }) => policies);
    if (unorderedAmong(all, asked.direction).length > 0) return allowed;
    let remaining = this.#full;
    for (const { tier, policies } of tiers) {
      let passed = Bits.empty(this.#full.size);
      for (const rule of policies.flatMap((policy) => policy[asked.direction]?.rules ?? [])) {
        const matched = rule.action === 'log' ? undefined : this.#match(rule, asked)?.and(remaining);
        if (matched === undefined) continue;
        if (rule.action === 'allow') allowed = allowed.or(matched);
        if (rule.action === 'pass') passed = passed.or(matched);
        remaining = remaining.without(matched);
      }
      const isEnd = tier.end === 'deny' && policies.some((policy) => policy[asked.direction]?.isolates === true);
      remaining = isEnd ? passed : remaining.or(passed);
    }
    return allowed.or(remaining);
  }

  /** The peers that a rule matches with this traffic; undefined when its ports or protocol match none. */
  #match(rule: Rule, asked: Asked): BitSet | undefined {
    const { owner, direction, traffic } = asked;
    if (!this.#isPlain(rule, direction)) return this.#matchOneByOne(rule, asked);
    const { protocol, family, source, destination } = rule.match;
    if (protocol !== undefined && protocol !== traffic.protocol) return undefined;
    if (family !== undefined && family !== this.#ends.family) return undefined;
    let peers = this.#rows.get(rule);
    if (peers === undefined) this.#rows.set(rule, (peers = this.#side(direction === 'ingress' ? source : destination)));
    const { ports, namedPorts } = destination;
    if (ports === undefined && namedPorts === undefined) return peers;
    const { port } = traffic;
    if (port === undefined) return undefined;
    if (ports !== undefined && portRangesContain(ports, port)) return peers;
    if (namedPorts === undefined) return undefined;
    const carries = (at: number): boolean => this.#carries(at, namedPorts, traffic);
    if (direction === 'ingress') return carries(owner) ? peers : undefined;
    return peers.and(Bits.where(this.#full.size, carries));
  }

  /** Asks about one end of each class, as evaluation does. */
  #matchOneByOne(rule: Rule, { owner, direction, traffic }: Asked): BitSet {
    const own = defined(this.#ends.classes[owner]?.ends[0], 'a class has an end');
    return Bits.where(this.#full.size, (at) => {
      const peer = defined(this.#ends.classes[at]?.ends[0], 'a class has an end');
      const [source, destination] = direction === 'ingress' ? [peer, own] : [own, peer];
      return ruleMatches(this.#world, rule, { source, destination, ...packetOf(traffic) }) === 'yes';
    });
  }

  #side({ selector, notSelector, nets, notNets, outside }: Side): BitSet {
    let row = this.#full;
    if (selector !== undefined) row = row.and(this.#ends.selected(selector));
    if (notSelector !== undefined) row = row.without(this.#ends.selected(notSelector));
    if (nets !== undefined) row = row.and(this.#meant(this.#ends.inside(nets)));
    if (notNets !== undefined) row = row.without(this.#ends.inside(notNets));
    if (outside === true) row = row.without(this.#ends.pods).without(this.#ends.nodes);
    return row;
  }

  /** Those of the ends with such addresses that a block means for this engine. */
  #meant(row: BitSet): BitSet {
    const { ipBlockMatchesPods, ipBlockMatchesNodes } = this.#world.profile;
    const withoutPods = ipBlockMatchesPods ? row : row.without(this.#ends.pods);
    return ipBlockMatchesNodes ? withoutPods : withoutPods.without(this.#ends.nodes);
  }

  #carries(at: number, names: readonly string[], { protocol, port }: TrafficClass): boolean {
    const carried = this.#endpoint(at)?.namedPorts ?? [];
    return carried.some((named) => named.port === port && named.protocol === protocol && names.includes(named.name));
  }

  #endpoint(at: number): Endpoint | undefined {
    const [first] = this.#ends.classes[at]?.ends ?? [];
    return first?.kind === 'endpoint' ? first.endpoint : undefined;
  }
}

/** What classes of pods under the same policies share. */
interface OwnerKind {
  readonly id: number;
  /** One of them. */
  readonly first: number;
  readonly members: BitSet;
  readonly tiers: readonly SelectingTier[];
  readonly rules: Readonly<Record<Direction, readonly Rule[]>>;
  /** Rows by what the rules make of the traffic, and by the place of the traffic. */
  readonly rows: Readonly<Record<Direction, Map<string, BitSet>>>;
  readonly byTraffic: Readonly<Record<Direction, BitSet[]>>;
}

function newKind(kind: Pick<OwnerKind, 'id' | 'first' | 'members' | 'tiers'>): OwnerKind {
  return {
    ...kind,
    rules: { ingress: rulesIn(kind.tiers, 'ingress'), egress: rulesIn(kind.tiers, 'egress') },
    rows: { ingress: new Map(), egress: new Map() },
    byTraffic: { ingress: [], egress: [] },
  };
}

function rulesIn(tiers: readonly SelectingTier[], direction: Direction): readonly Rule[] {
  return tiers.flatMap(({ policies }) => policies.flatMap((policy) => policy[direction]?.rules ?? []));
}

/** What some peers let pass. */
class PeerAnswers {
  readonly #kinds: readonly { readonly members: BitSet; readonly row: BitSet }[];
  readonly #others: BitSet;

  constructor(kinds: readonly { readonly members: BitSet; readonly row: BitSet }[], others: BitSet) {
    this.#kinds = kinds;
    this.#others = others;
  }

  /** Those of the peers that let flows with this end pass: a set of the caller's own. */
  allowing(end: number): BitSet {
    const allowing = this.#others.copy();
    for (const { members, row } of this.#kinds) if (row.has(end)) allowing.addAll(members);
    return allowing;
  }
}

interface Asked {
  readonly owner: number;
  readonly direction: Direction;
  readonly traffic: TrafficClass;
}

/** A packet of the class. */
function packetOf({ protocol, port, sourcePort, icmp }: TrafficClass): Omit<FlowQuestion, 'source' | 'destination'> {
  return {
    protocol,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(icmp === undefined ? {} : { icmp }),
  };
}

/** Whether a rule asks for nothing but a protocol, a family, ports of the destination, and labels and blocks of the peer. */
function isPlain({ match }: Rule, direction: Direction): boolean {
  const { notProtocol, icmp, notIcmp, source, destination } = match;
  const [peer, own] = direction === 'ingress' ? [source, destination] : [destination, source];
  const unusual = [notProtocol, icmp, notIcmp, source.ports, source.namedPorts, peer.groups, peer.node, peer.nodes];
  const excluded = [source, destination].flatMap(({ notPorts, notNamedPorts }) => [notPorts, notNamedPorts]);
  return [...unusual, ...excluded].every((asked) => asked === undefined) && !asksOfEnd(own);
}

/** Whether a rule's answer differs between ends that have the same policies and named ports. */
function asksOfOwner({ ingress, egress }: Policy): boolean {
  return (
    (ingress?.rules ?? []).some(({ match: { source, destination } }) => asksOfEnd(destination) || source.node !== undefined) ||
    (egress?.rules ?? []).some(
      ({ match: { source, destination } }) =>
        source.namedPorts !== undefined || source.notNamedPorts !== undefined || asksOfEnd(source) || destination.node !== undefined,
    )
  );
}
