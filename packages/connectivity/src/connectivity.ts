/**
 * Who may talk to whom, for all pairs and all traffic of one family at once: what both ends say together.
 *
 * ```
 *   classes of ends × classes of traffic
 *     egress row of the source  ∩  those destinations whose ingress row has the source  ∩  what nodes on the way let pass
 * ```
 *
 * Answers have bounds: `allowed` is what is so for certain, `possible` adds what depends on facts that nobody told.
 * They speak of two different ends. A pod and its own node are told apart from other pairs of their classes: the node
 * always reaches its pod, and {@link Connectivity.toOwnNode} says what the pod reaches of it.
 */
import { type Endpoint, type FlowEnd, judgeHosts, type Outcome, systemOfEndpoint } from '@weir/model';
import { type Address, addToGroup, BitSet, type Family } from '@weir/net';
import { anotherCopy, type Snapshot } from '@weir/snapshot';
import { type Bounds, both, isKnown, known } from './bounds.ts';
import { classifyEnds, type EndClasses } from './end-classes.ts';
import { PeerColumns } from './peer-columns.ts';
import { Reach } from './reach.ts';
import { packetOf } from './rule-rows.ts';
import { type TrafficClass, trafficClasses } from './traffic-classes.ts';

/** What to compute. */
export interface ConnectivityOptions {
  readonly family: Family;
  /** Whether this pod is an end; default all are. */
  readonly include?: (endpoint: Endpoint) => boolean;
  /** Addresses outside that are known to be somebody's: each is an end of its own. */
  readonly hosts?: readonly Address[];
}

/** Prepares the answers for the snapshot's own policies. Pods with addresses of the other family alone are left out. */
export function computeConnectivity(snapshot: Snapshot, { family, include = () => true, hosts = [] }: ConnectivityOptions): Connectivity {
  const worlds = [snapshot.world];
  const ends = classifyEnds({ snapshot, worlds, family, include, hosts, withUnaddressed: true });
  return new Connectivity(snapshot, ends, trafficClasses(worlds, snapshot.world.endpoints, family));
}

/** The answers; rows are made when they are asked for. Ends are known by the place of their class among `ends.classes`. */
export class Connectivity {
  readonly ends: EndClasses;
  readonly traffic: readonly TrafficClass[];
  readonly #snapshot: Snapshot;
  readonly #reach: Reach;
  readonly #columns: PeerColumns;
  #classesOfNode: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(snapshot: Snapshot, ends: EndClasses, traffic: readonly TrafficClass[]) {
    this.#snapshot = snapshot;
    this.ends = ends;
    this.traffic = traffic;
    this.#reach = new Reach(snapshot.world, { ends, traffic });
    this.#columns = new PeerColumns(this.#reach, ends);
  }

  /** The destinations that the source reaches for certain. The set is shared: it must not be changed. */
  allowed(source: number, traffic: TrafficClass): BitSet {
    return this.destinations(source, traffic).certain;
  }

  /** The destinations that the source reaches for certain or perhaps. */
  possible(source: number, traffic: TrafficClass): BitSet {
    return this.destinations(source, traffic).possible;
  }

  /** The destinations that the source reaches. */
  destinations(source: number, traffic: TrafficClass): Bounds {
    const ofSource = this.#reach.bounds(source, 'egress', traffic);
    if (ofSource === this.#reach.nobody) return ofSource;
    const ofPods = this.#columns.among(ofSource, 'ingress', source, traffic);
    return this.#filtered(ofPods, (destination) => this.#hostsSay(source, destination, traffic));
  }

  /** Whether one end reaches another: of two classes that are not a pod and its own node, two different ends. */
  between(source: number, destination: number, traffic: TrafficClass): Outcome {
    const egress = this.#reach.bounds(source, 'egress', traffic);
    if (!egress.possible.has(destination)) return 'deny';
    const ingress = this.#reach.bounds(destination, 'ingress', traffic);
    if (!ingress.possible.has(source)) return 'deny';
    const hosts = this.#snapshot.world.asksHosts ? this.#hostsSay(source, destination, traffic) : 'allow';
    return hosts === 'allow' && !(egress.certain.has(destination) && ingress.certain.has(source)) ? 'unknown' : hosts;
  }

  /** The sources that reach the destination. */
  sources(destination: number, traffic: TrafficClass): Bounds {
    const ofDestination = this.#reach.bounds(destination, 'ingress', traffic);
    if (ofDestination === this.#reach.nobody) return ofDestination;
    const ofPods = this.#columns.among(ofDestination, 'egress', destination, traffic);
    return this.#filtered(ofPods, (source) => this.#hostsSay(source, destination, traffic));
  }

  /** Of the classes of nodes' addresses that are of nodes on which pods of the class run: which of them those pods reach. */
  toOwnNode(pods: number, traffic: TrafficClass): Bounds {
    const { world } = this.#snapshot;
    const own = this.#ownNodes(pods);
    const [first] = this.ends.classes[pods]?.ends ?? [];
    const isFree = first?.kind === 'endpoint' && world.profile.podReachesOwnNode.includes(systemOfEndpoint(first.endpoint));
    const ofPods = isFree ? known(own) : both(this.#reach.bounds(pods, 'egress', traffic), known(own));
    return this.#filtered(ofPods, (node) => this.#hostsSay(pods, node, traffic));
  }

  #ownNodes(pods: number): BitSet {
    this.#classesOfNode ??= classesOfNodes(this.ends);
    const own = BitSet.empty(this.ends.classes.length);
    for (const end of this.ends.classes[pods]?.ends ?? []) {
      if (end.kind !== 'endpoint' || end.endpoint.node === undefined) continue;
      for (const at of this.#classesOfNode.get(end.endpoint.node) ?? []) own.add(at);
    }
    return own;
  }

  /** Asks the nodes on the way, where they have a say; ends are in classes of their node's then. */
  #filtered(bounds: Bounds, hostsSay: (other: number) => Outcome): Bounds {
    if (!this.#snapshot.world.asksHosts) return bounds;
    const certain = BitSet.empty(bounds.possible.size);
    const possible = BitSet.empty(bounds.possible.size);
    for (const other of bounds.possible.members()) {
      const outcome = hostsSay(other);
      if (outcome === 'deny') continue;
      possible.add(other);
      if (outcome === 'allow' && bounds.certain.has(other)) certain.add(other);
    }
    return isKnown(bounds) && certain.equals(possible) ? known(certain) : { certain, possible };
  }

  #hostsSay(source: number, destination: number, traffic: TrafficClass): Outcome {
    const from = this.ends.classes[source]?.ends[0];
    const to = differentEnd(this.ends.classes[destination]?.ends ?? [], source === destination);
    if (from === undefined || to === undefined) return 'allow';
    const verdicts = judgeHosts(this.#snapshot.world, { source: from, destination: to, ...packetOf(traffic, this.ends.family) });
    if (verdicts.some(({ verdict }) => verdict === 'deny')) return 'deny';
    return verdicts.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'allow';
  }
}

/** An end of the class; within a class not the one that asks. */
function differentEnd(ends: readonly FlowEnd[], isWithin: boolean): FlowEnd | undefined {
  const [first, second] = ends;
  if (!isWithin || second !== undefined || first?.kind !== 'endpoint') return isWithin ? (second ?? first) : first;
  return { ...first, endpoint: anotherCopy(first.endpoint) };
}

function classesOfNodes({ classes }: EndClasses): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const [at, { ends }] of classes.entries()) {
    for (const name of new Set(ends.flatMap((end) => (end.kind === 'node' ? [end.node.name] : [])))) {
      addToGroup(found, name, at);
    }
  }
  return found;
}
