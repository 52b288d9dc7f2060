/**
 * Which classes of traffic the policies of one end treat alike in one direction, whoever the peer is: one question about a
 * peer answers for all of them. Among 10 000 policies there are some hundred classes, of which those of a single pod tell a few apart.
 */
import { type TrafficClass, trafficOfRules } from '@weir/connectivity';
import type { Direction, Endpoint, FlowEnd, PolicyWorld, Rule } from '@weir/model';
import { type Family, groupBy, portRangesContain } from '@weir/net';

/** For each of the classes of traffic, in their order, a number that it shares with those that are treated alike. */
type TrafficKinds = readonly number[];

/** Traffic that is asked about between two ends, one of `among`. */
export interface PairTraffic {
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly family: Family;
  readonly traffic: readonly TrafficClass[];
  readonly among: readonly TrafficClass[];
}

/** A class of traffic, and its kinds: what is of one kind in a direction has one answer there. */
export interface JointKind {
  readonly one: TrafficClass;
  readonly egress: number;
  readonly ingress: number;
}

/** Classes of traffic that are alike. */
type Bundle = readonly TrafficClass[];

/** Finds them; made once for a world. */
export class TrafficKindFinder {
  readonly #world: PolicyWorld;
  readonly #known: Map<string, WeakMap<readonly TrafficClass[], TrafficKinds>> = new Map();
  readonly #keys: Readonly<Record<Direction, WeakMap<Endpoint, string>>> = { ingress: new WeakMap(), egress: new WeakMap() };
  readonly #numbers: Map<Rule, number> = new Map();
  readonly #places: WeakMap<readonly TrafficClass[], ReadonlyMap<TrafficClass, number>> = new WeakMap();
  readonly #whole: WeakMap<TrafficKinds, readonly Bundle[]> = new WeakMap();
  #numbersOfNames: ReadonlyMap<string, readonly NamedNumber[]> | undefined;

  constructor(world: PolicyWorld) {
    this.#world = world;
  }

  /** The traffic in bundles that the policies of the end which has the direction treat alike. */
  alikeIn(direction: Direction, pair: PairTraffic): readonly Bundle[] {
    const kinds = this.#kinds(direction, pair);
    const { traffic, among } = pair;
    // Nearly every pair is asked about all traffic.
    const known = traffic === among ? this.#whole.get(kinds) : undefined;
    if (known !== undefined) return known;
    const places = this.#placesOf(among);
    const bundles = [...groupBy(traffic, (one) => kinds[places.get(one) ?? -1] ?? -1).values()];
    if (traffic === among) this.#whole.set(kinds, bundles);
    return bundles;
  }

  /** One of each kind of traffic that the policies of both ends treat alike, with the kinds that it is of to either. */
  alikeInBoth(pair: PairTraffic): readonly JointKind[] {
    const kinds = { egress: this.#kinds('egress', pair), ingress: this.#kinds('ingress', pair) };
    const places = this.#placesOf(pair.among);
    const found = new Map<number, JointKind>();
    for (const one of pair.traffic) {
      const at = places.get(one) ?? -1;
      const [egress, ingress] = [kinds.egress[at] ?? -1, kinds.ingress[at] ?? -1];
      const key = egress * 2 ** 20 + ingress;
      if (!found.has(key)) found.set(key, { one, egress, ingress });
    }
    return [...found.values()];
  }

  /** Nobody speaks of nodes and of addresses outside: to them all traffic is of one kind. */
  #kinds(direction: Direction, { source, destination, family, among }: PairTraffic): TrafficKinds {
    const end = direction === 'egress' ? source : destination;
    const endpoint = end.kind === 'endpoint' ? end.endpoint : undefined;
    const key = `${family} ${endpoint === undefined ? 'nobody' : this.#keyOf(endpoint, direction)}`;
    let byTraffic = this.#known.get(key);
    if (byTraffic === undefined) this.#known.set(key, (byTraffic = new WeakMap()));
    let kinds = byTraffic.get(among);
    if (kinds === undefined)
      byTraffic.set(
        among,
        (kinds = endpoint === undefined ? among.map(() => 0) : this.#kindsOf(this.#rulesOf(endpoint, direction), among, family)),
      );
    return kinds;
  }

  /** Pods under the same rules share their kinds. */
  #keyOf(endpoint: Endpoint, direction: Direction): string {
    let key = this.#keys[direction].get(endpoint);
    if (key !== undefined) return key;
    const numbers = this.#rulesOf(endpoint, direction).map((rule) => {
      const number = this.#numbers.get(rule) ?? this.#numbers.size;
      this.#numbers.set(rule, number);
      return number;
    });
    key = numbers.join();
    this.#keys[direction].set(endpoint, key);
    return key;
  }

  #rulesOf(endpoint: Endpoint, direction: Direction): readonly Rule[] {
    return this.#world.selecting(endpoint).flatMap(({ policies }) => policies.flatMap((policy) => policy[direction]?.rules ?? []));
  }

  #kindsOf(rules: readonly Rule[], among: readonly TrafficClass[], family: Family): TrafficKinds {
    const sides = rules.flatMap(({ match: { source, destination } }) => [source, destination]);
    const groups = new Set(sides.flatMap((side) => side.groups ?? []));
    const names = new Set(sides.flatMap(({ namedPorts = [], notNamedPorts = [] }) => [...namedPorts, ...notNamedPorts]));
    const members = [
      ...[...groups].flatMap((group) => this.#world.membersOf(group)),
      ...[...names].flatMap((name) => this.#numbersOf(name)),
    ];
    const own = trafficOfRules(rules, { pods: [], members }, family);
    return among.map(({ protocol, port, sourcePort }, at) => {
      // Messages are few, and pairs of ports rare: each is of its own kind.
      const kind =
        port === undefined || sourcePort !== undefined
          ? -1
          : own.findIndex((one) => one.protocol === protocol && one.sourcePort === undefined && portRangesContain(one.ports ?? [], port));
      return kind >= 0 ? kind : own.length + at;
    });
  }

  /** The numbers that pods give to a name of a port, each once. */
  #numbersOf(name: string): readonly NamedNumber[] {
    if (this.#numbersOfNames === undefined) {
      const found = new Map<string, Map<string, NamedNumber>>();
      for (const { namedPorts } of this.#world.endpoints) {
        for (const { name: own, protocol, port } of namedPorts) {
          const numbers = found.get(own) ?? new Map<string, NamedNumber>();
          found.set(own, numbers.set(`${protocol} ${port}`, { protocol, port }));
        }
      }
      this.#numbersOfNames = new Map([...found].map(([own, numbers]) => [own, [...numbers.values()]]));
    }
    return this.#numbersOfNames.get(name) ?? [];
  }

  #placesOf(among: readonly TrafficClass[]): ReadonlyMap<TrafficClass, number> {
    let places = this.#places.get(among);
    if (places === undefined) this.#places.set(among, (places = new Map(among.map((one, at) => [one, at]))));
    return places;
  }
}

interface NamedNumber {
  readonly protocol: number;
  readonly port: number;
}
