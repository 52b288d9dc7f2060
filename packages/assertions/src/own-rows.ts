/**
 * What the policies of one pod let no other pod do: for all peers at once, where "only these may" asks about everybody there is.
 * Rows are those of the connectivity of all pairs.
 */
import { classifyEnds, type EndClasses, Reach, type TrafficClass } from '@weir/connectivity';
import type { Direction, FlowEnd, PolicyWorld } from '@weir/model';
import type { Family } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Check } from './check.ts';
import type { PairTraffic } from './traffic-kinds.ts';

/** The pods that checks are about, of which everybody is asked. */
export function askedOwners(checks: readonly Check[]): ReadonlySet<string> {
  const owners = new Set<string>();
  for (const { first, ofPair } of checks) {
    const end = first === 'ingress' ? ofPair?.destination : ofPair?.source;
    if (first !== undefined && end?.kind === 'endpoint') owners.add(end.endpoint.uid);
  }
  return owners;
}

/** The world with the policies of some pods alone, by their identities: what all the others ask need tell no peers apart. */
export function ownWorld(world: PolicyWorld, owners: ReadonlySet<string>): PolicyWorld {
  const asked = world.endpoints.filter(({ uid }) => owners.has(uid));
  const speaking = new Set(asked.flatMap((owner) => world.selecting(owner).flatMap(({ policies }) => policies)));
  return world.withTiers(world.tiers.map((tier) => ({ ...tier, policies: tier.policies.filter((policy) => speaking.has(policy)) })));
}

/** The rows of some pods in one world; made when they are asked for. */
export class OwnRows {
  readonly #snapshot: Snapshot;
  readonly #owners: ReadonlySet<string>;
  #world: PolicyWorld | undefined;
  readonly #classes: Map<Family, PodClasses> = new Map();
  readonly #reaches: Map<readonly TrafficClass[], Reach> = new Map();

  /** `owners`: the identities of the pods. */
  constructor(snapshot: Snapshot, owners: ReadonlySet<string>) {
    this.#snapshot = snapshot;
    this.#owners = owners;
  }

  /** Whether the policies of the end which has the direction deny this traffic of the pair; undefined where no row says so. */
  deny(direction: Direction, pair: PairTraffic, traffic: TrafficClass): boolean | undefined {
    const { family, among } = pair;
    const own = direction === 'egress' ? pair.source : pair.destination;
    if (own.kind !== 'endpoint' || !this.#owners.has(own.endpoint.uid)) return undefined;
    const classes = this.#classesOf(family);
    const [source, destination] = [classes.placeOf(pair.source), classes.placeOf(pair.destination)];
    if (source === undefined || destination === undefined) return undefined;
    let reach = this.#reaches.get(among);
    if (reach === undefined) this.#reaches.set(among, (reach = new Reach(this.#ownWorld, { ends: classes.ends, traffic: among })));
    const [owner, peer] = direction === 'egress' ? [source, destination] : [destination, source];
    return !reach.bounds(owner, direction, traffic).possible.has(peer);
  }

  get #ownWorld(): PolicyWorld {
    return (this.#world ??= ownWorld(this.#snapshot.world, this.#owners));
  }

  #classesOf(family: Family): PodClasses {
    let classes = this.#classes.get(family);
    if (classes === undefined) this.#classes.set(family, (classes = new PodClasses(this.#snapshot, this.#ownWorld, family)));
    return classes;
  }
}

/** The classes of ends of a family, with those of each pod. */
class PodClasses {
  readonly ends: EndClasses;
  readonly #places: ReadonlyMap<string, number>;

  constructor(snapshot: Snapshot, world: PolicyWorld, family: Family) {
    this.ends = classifyEnds({ snapshot, worlds: [world], family, include: () => true, withUnaddressed: true });
    this.#places = new Map(
      this.ends.classes.flatMap(({ ends }, at) =>
        ends.flatMap((end) => (end.kind === 'endpoint' ? [[end.endpoint.uid, at] as const] : [])),
      ),
    );
  }

  placeOf(end: FlowEnd): number | undefined {
    return end.kind === 'endpoint' ? this.#places.get(end.endpoint.uid) : undefined;
  }
}
