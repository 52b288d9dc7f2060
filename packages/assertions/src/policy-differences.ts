/**
 * Which connections of a policy's pods a change to it changes: the rows of its pods before and after tell whom to look at,
 * and only where those differ both ends are asked.
 */
import { type Bounds, classifyEnds, type EndClasses, Reach, type TrafficClass } from '@weir/connectivity';
import {
  type Direction,
  type Endpoint,
  type FlowEnd,
  judgeQuestion,
  type Outcome,
  outcomeInDirection,
  type Policy,
  type PolicyWorld,
  podName,
} from '@weir/model';
import { addToGroup, type BitSet, type Family, formatAddress } from '@weir/net';
import { anotherCopy, copiesOf, type Snapshot } from '@weir/snapshot';
import { isOwnNode } from './alike-ends.ts';
import type { AskedEnd, AskedFlow } from './check.ts';
import type { CheckPlanner } from './check-planner.ts';
import { ownWorld } from './own-rows.ts';

/** A connection with the verdict that the policies give it, and the one that they give with a change. */
export interface ChangedFlow {
  readonly flow: AskedFlow;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** A connection, and the direction in which the policy speaks of it. */
interface DirectedFlow {
  readonly flow: AskedFlow;
  readonly direction: Direction;
}

/** So many connections are asked about both ends to find one that differs. */
const comparedMax = 20_000;

/** What one policy says to everybody, in the families of a cluster. */
export class PolicyDifferences {
  readonly #planner: CheckPlanner;
  readonly #own: PolicyWorld;
  readonly #subjects: ReadonlySet<string>;
  readonly #families: readonly FamilyRows[];

  /** `subjects`: the pods that the policy selects. */
  constructor(planner: CheckPlanner, subjects: readonly Endpoint[]) {
    const { snapshot } = planner;
    this.#planner = planner;
    this.#subjects = new Set(subjects.map(({ uid }) => uid));
    this.#own = ownWorld(snapshot.world, this.#subjects);
    // What a change leaves of the policy asks for nothing that the policy does not ask for.
    this.#families = planner.families.map(
      (family) => new FamilyRows(snapshot, { own: this.#own, subjects: this.#subjects }, family, planner.traffic.all(family)),
    );
  }

  /** The first that differs with the change that `replace` makes; `count` is told of so many verdicts. */
  first(replace: (world: PolicyWorld) => PolicyWorld, count: (verdicts: number) => void): ChangedFlow | 'too many' | undefined {
    if (this.#subjects.size === 0) return undefined;
    const { world } = this.#planner.snapshot;
    const [changed, own] = [replace(world), replace(this.#own)];
    let compared = 0;
    for (const rows of this.#families) {
      for (const { flow, direction } of this.#flowsThatMayDiffer(rows, own)) {
        const isDenied = this.#isDeniedBack(flow, direction);
        if (isDenied) count(1);
        compared += 1;
        if (compared >= comparedMax) return 'too many';
        if (isDenied) continue;
        const [before, after] = [judgeQuestion(world, flow.question), judgeQuestion(changed, flow.question)];
        count(2);
        if (before !== after) return { flow, before, after };
      }
    }
    return undefined;
  }

  /** Whether the other end denies it, whatever the policy says; what the policy says of both ends is asked in full. */
  #isDeniedBack({ question }: AskedFlow, direction: Direction): boolean {
    const other = direction === 'egress' ? question.destination : question.source;
    if (other.kind !== 'endpoint' || this.#subjects.has(other.endpoint.uid)) return false;
    return outcomeInDirection(this.#planner.snapshot.world, question, direction === 'egress' ? 'ingress' : 'egress') === 'deny';
  }

  *#flowsThatMayDiffer({ family, traffic, ends, owned, reach }: FamilyRows, own: PolicyWorld): Generator<DirectedFlow> {
    const changed = new Reach(own, { ends, traffic });
    for (const { at, subjects } of owned) {
      for (const direction of ['ingress', 'egress'] as const) {
        for (const one of traffic) {
          const peers = differing(reach.bounds(at, direction, one), changed.bounds(at, direction, one));
          for (const peer of peers.members())
            yield* this.#flowsBetween(subjects, ends.classes[peer]?.ends ?? [], { direction, family, traffic: one, among: traffic });
        }
      }
    }
  }

  *#flowsBetween(
    owners: readonly FlowEnd[],
    peers: readonly FlowEnd[],
    about: {
      readonly direction: Direction;
      readonly family: Family;
      readonly traffic: TrafficClass;
      readonly among: readonly TrafficClass[];
    },
  ): Generator<DirectedFlow> {
    const { direction, traffic, ...over } = about;
    for (const owner of owners) {
      for (const end of peers) {
        const peer = this.#unlike(owner, end);
        if (peer === undefined || isOwnNode(owner, peer)) continue;
        const [source, destination] = direction === 'egress' ? [owner, peer] : [peer, owner];
        yield { flow: this.#planner.flowsBetween(askedEnd(source), askedEnd(destination), over)(traffic), direction };
      }
    }
  }

  /** A pod always reaches itself; of one that stands for several it is another one. */
  #unlike(owner: FlowEnd, peer: FlowEnd): FlowEnd | undefined {
    if (owner.kind !== 'endpoint' || peer.kind !== 'endpoint' || owner.endpoint.uid !== peer.endpoint.uid) return peer;
    return copiesOf(this.#planner.snapshot, peer.endpoint) < 2 ? undefined : { ...peer, endpoint: anotherCopy(peer.endpoint) };
  }
}

/** The rows of a family as it is. */
class FamilyRows {
  readonly family: Family;
  readonly traffic: readonly TrafficClass[];
  readonly ends: EndClasses;
  /** The classes with pods that the policy selects. */
  readonly owned: readonly { readonly at: number; readonly subjects: readonly FlowEnd[] }[];
  readonly reach: Reach;

  constructor(
    snapshot: Snapshot,
    { own, subjects }: { readonly own: PolicyWorld; readonly subjects: ReadonlySet<string> },
    family: Family,
    traffic: readonly TrafficClass[],
  ) {
    this.family = family;
    this.traffic = traffic;
    this.ends = classifyEnds({ snapshot, worlds: [own], family, include: () => true, withUnaddressed: true });
    const owned = this.ends.classes.map(({ ends }, at) => ({
      at,
      subjects: ends.filter((end) => end.kind === 'endpoint' && subjects.has(end.endpoint.uid)),
    }));
    this.owned = owned.filter((one) => one.subjects.length > 0);
    this.reach = new Reach(own, { ends: this.ends, traffic });
  }
}

function differing(one: Bounds, other: Bounds): BitSet {
  const certain = one.certain.without(other.certain).or(other.certain.without(one.certain));
  return certain.or(one.possible.without(other.possible)).or(other.possible.without(one.possible));
}

/** The pods that each policy selects. */
export function podsByPolicy(world: PolicyWorld): ReadonlyMap<Policy, readonly Endpoint[]> {
  const found = new Map<Policy, Endpoint[]>();
  for (const endpoint of world.endpoints)
    for (const { policies } of world.selecting(endpoint)) for (const policy of policies) addToGroup(found, policy, endpoint);
  return found;
}

function askedEnd(end: FlowEnd): AskedEnd {
  if (end.kind === 'endpoint') return { end, name: podName(end.endpoint) };
  return { end, name: end.kind === 'node' ? `node ${end.node.name}` : formatAddress(end.address) };
}
