/**
 * What the policies of one pod let no other pod do: for all peers at once, where "only these may" asks about everybody there is.
 * Rows are those of the connectivity of all pairs.
 */
import { classifyEnds, type EndClasses, Reach, type TrafficClass } from '@weir/connectivity';
import type { Direction, FlowEnd } from '@weir/model';
import type { Family } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { PairTraffic } from './traffic-kinds.ts';

/** The rows of one world; made when they are asked for. */
export class OwnRows {
  readonly #snapshot: Snapshot;
  readonly #classes: Map<Family, PodClasses> = new Map();
  readonly #reaches: Map<readonly TrafficClass[], Reach> = new Map();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Whether the policies of the end which has the direction deny this traffic of the pair; undefined where no row says so. */
  deny(direction: Direction, pair: PairTraffic, traffic: TrafficClass): boolean | undefined {
    const { family, among } = pair;
    const classes = this.#classesOf(family);
    const [source, destination] = [classes.placeOf(pair.source), classes.placeOf(pair.destination)];
    if (source === undefined || destination === undefined) return undefined;
    let reach = this.#reaches.get(among);
    if (reach === undefined) this.#reaches.set(among, (reach = new Reach(this.#snapshot.world, { ends: classes.ends, traffic: among })));
    const [owner, peer] = direction === 'egress' ? [source, destination] : [destination, source];
    return !reach.bounds(owner, direction, traffic).possible.has(peer);
  }

  #classesOf(family: Family): PodClasses {
    let classes = this.#classes.get(family);
    if (classes === undefined) this.#classes.set(family, (classes = new PodClasses(this.#snapshot, family)));
    return classes;
  }
}

/** The classes of ends of a family, with those of each pod. */
class PodClasses {
  readonly ends: EndClasses;
  readonly #places: ReadonlyMap<string, number>;

  constructor(snapshot: Snapshot, family: Family) {
    this.ends = classifyEnds({ snapshot, worlds: [snapshot.world], family, include: () => true, withUnaddressed: true });
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
