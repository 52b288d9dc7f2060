/**
 * Which ends a class of pods may exchange traffic with in one world and one direction, for a whole set
 * of ends at a time: the walk of `evaluate` through tiers, policies and rules, on sets instead of pairs.
 *
 * What holds for pairs alone is left to the caller: a pod reaches itself, its node reaches it, and with
 * some engines it reaches its node. Labels that are not known match nothing here; callers make them known.
 */
import { type BitSet, BitSet as Bits, defined, portRangesContain } from '@weir/net';
import {
  type Direction,
  type Endpoint,
  type FlowQuestion,
  type Policy,
  type PolicyWorld,
  type Rule,
  ruleMatches,
  type SelectingTier,
  type Side,
} from '@weir/policy';
import type { EndClass, EndClasses } from './end-classes.ts';
import type { TrafficClass } from './traffic-classes.ts';

/** Reach in one world. */
export class Reach {
  readonly #world: PolicyWorld;
  readonly #ends: EndClasses;
  readonly #rows: WeakMap<Rule, BitSet> = new WeakMap();
  readonly #ids: Map<Policy, number> = new Map();
  readonly #programs: Map<string, Program> = new Map();
  readonly #programOf: readonly (Program | undefined)[];
  readonly #full: BitSet;

  constructor(world: PolicyWorld, ends: EndClasses) {
    this.#world = world;
    this.#ends = ends;
    this.#full = Bits.full(ends.classes.length);
    this.#programOf = ends.classes.map((end) => this.#findProgram(end));
  }

  /** The peers of the class that its policies let it talk to; all of them for what is no pod. */
  allowed(owner: number, direction: Direction, traffic: TrafficClass): BitSet {
    const program = this.#programOf[owner];
    if (program === undefined) return this.#full;
    const names = direction === 'ingress' && program.usesOwnNames ? this.#namedPorts(owner) : '';
    // A program that asks about the owner itself has a row for each.
    const key = `${direction} ${names} ${program.asksOwner ? owner : ''}`;
    if (program.traffic !== traffic) {
      program.traffic = traffic;
      program.rows.clear();
    }
    let row = program.rows.get(key);
    if (row === undefined) program.rows.set(key, (row = this.#walk(program.tiers, { owner, direction, traffic })));
    return row;
  }

  /** The rules of the class's policies with the peers that each matches; in the order in which they are asked. */
  matches(owner: number, direction: Direction, traffic: TrafficClass): { readonly rule: Rule; readonly peers: BitSet }[] {
    return (this.#programOf[owner]?.tiers ?? []).flatMap(({ policies }) =>
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
    const tiers = this.#programOf[owner]?.tiers ?? [];
    return tiers.flatMap(({ policies }) => policies.filter((policy) => policy[direction]?.isolates === true));
  }

  #findProgram({ kind, ends }: EndClass): Program | undefined {
    const [first] = ends;
    if (kind !== 'pods' || first?.kind !== 'endpoint') return undefined;
    const tiers = this.#world.selecting(first.endpoint);
    const key = tiers.flatMap(({ policies }) => policies.map((policy) => this.#idOf(policy))).join();
    let program = this.#programs.get(key);
    if (program === undefined) {
      const rules = tiers.flatMap(({ policies }) => policies.flatMap(({ ingress }) => ingress?.rules ?? []));
      const usesOwnNames = rules.some(
        ({ match: { destination } }) => destination.namedPorts !== undefined || destination.notNamedPorts !== undefined,
      );
      const asksOwner = tiers.some(({ policies }) => policies.some(asksOfOwner));
      program = { tiers, usesOwnNames, asksOwner, rows: new Map(), traffic: undefined };
      this.#programs.set(key, program);
    }
    return program;
  }

  #idOf(policy: Policy): number {
    let id = this.#ids.get(policy);
    if (id === undefined) this.#ids.set(policy, (id = this.#ids.size));
    return id;
  }

  #walk(tiers: readonly SelectingTier[], asked: Asked): BitSet {
    let allowed = Bits.empty(this.#full.size);
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
    if (!isPlain(rule, direction)) return this.#matchOneByOne(rule, asked);
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

  #side({ selector, notSelector, nets, notNets }: Side): BitSet {
    let row = this.#full;
    if (selector !== undefined) row = row.and(this.#ends.selected(selector));
    if (notSelector !== undefined) row = row.without(this.#ends.selected(notSelector));
    if (nets !== undefined) row = row.and(this.#meant(this.#ends.inside(nets)));
    if (notNets !== undefined) row = row.without(this.#meant(this.#ends.inside(notNets)));
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

  #namedPorts(at: number): string {
    return JSON.stringify(this.#endpoint(at)?.namedPorts ?? []);
  }

  #endpoint(at: number): Endpoint | undefined {
    const [first] = this.#ends.classes[at]?.ends ?? [];
    return first?.kind === 'endpoint' ? first.endpoint : undefined;
  }
}

/** What pods under the same policies share. Rows are kept for the traffic that was asked about last. */
interface Program {
  readonly tiers: readonly SelectingTier[];
  readonly usesOwnNames: boolean;
  /** Whether a rule asks for more of the owner than its named ports. */
  readonly asksOwner: boolean;
  readonly rows: Map<string, BitSet>;
  traffic: TrafficClass | undefined;
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
  return [...unusual, ...excluded].every((asked) => asked === undefined) && !asksOf(own);
}

/** Whether a rule's answer differs between ends that have the same policies and named ports. */
function asksOfOwner({ ingress, egress }: Policy): boolean {
  return (
    (ingress?.rules ?? []).some(({ match: { source, destination } }) => asksOf(destination) || source.node !== undefined) ||
    (egress?.rules ?? []).some(
      ({ match: { source, destination } }) =>
        source.namedPorts !== undefined || source.notNamedPorts !== undefined || asksOf(source) || destination.node !== undefined,
    )
  );
}

/** Whether a side asks who the end is, and not only which port it is. */
function asksOf({ selector, notSelector, nets, notNets, groups, node, nodes }: Side): boolean {
  return [selector, notSelector, nets, notNets, groups, node, nodes].some((asked) => asked !== undefined);
}
