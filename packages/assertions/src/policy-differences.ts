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
  type Policy,
  type PolicyWorld,
  podName,
} from '@weir/model';
import { type BitSet, type Family, formatAddress } from '@weir/net';
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

/** So many connections are asked about both ends to find one that differs. */
const comparedMax = 20_000;

/** What one policy says to everybody, in the families of a cluster. */
export class PolicyDifferences {
  readonly #planner: CheckPlanner;
  readonly #own: PolicyWorld;
  readonly #subjects: ReadonlySet<string>;
  readonly #families: readonly FamilyRows[];

  constructor(planner: CheckPlanner, policy: Policy) {
    const { snapshot } = planner;
    this.#planner = planner;
    this.#subjects = new Set(
      snapshot.world.endpoints.filter((endpoint) => isSelected(snapshot.world, policy, endpoint)).map(({ uid }) => uid),
    );
    this.#own = ownWorld(snapshot.world, this.#subjects);
    // What a change leaves of the policy asks for nothing that the policy does not ask for.
    this.#families = planner.families.map((family) => new FamilyRows(snapshot, this.#own, family, planner.traffic.all(family)));
  }

  /** The first that differs with the change that `replace` makes; `count` is told of so many verdicts. */
  first(replace: (world: PolicyWorld) => PolicyWorld, count: (verdicts: number) => void): ChangedFlow | 'too many' | undefined {
    if (this.#subjects.size === 0) return undefined;
    const { world } = this.#planner.snapshot;
    const [changed, own] = [replace(world), replace(this.#own)];
    let compared = 0;
    for (const rows of this.#families) {
      for (const flow of this.#flowsThatMayDiffer(rows, own)) {
        const [before, after] = [judgeQuestion(world, flow.question), judgeQuestion(changed, flow.question)];
        count(2);
        if (before !== after) return { flow, before, after };
        compared += 1;
        if (compared >= comparedMax) return 'too many';
      }
    }
    return undefined;
  }

  *#flowsThatMayDiffer({ family, traffic, ends, reach }: FamilyRows, own: PolicyWorld): Generator<AskedFlow> {
    const changed = new Reach(own, { ends, traffic });
    for (const [at, { ends: owners }] of ends.classes.entries()) {
      const subjects = owners.filter((end) => end.kind === 'endpoint' && this.#subjects.has(end.endpoint.uid));
      if (subjects.length === 0) continue;
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
  ): Generator<AskedFlow> {
    const { direction, traffic, ...over } = about;
    for (const owner of owners) {
      for (const end of peers) {
        const peer = this.#unlike(owner, end);
        if (peer === undefined || isOwnNode(owner, peer)) continue;
        const [source, destination] = direction === 'egress' ? [owner, peer] : [peer, owner];
        yield this.#planner.flowsBetween(askedEnd(source), askedEnd(destination), over)(traffic);
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
  readonly reach: Reach;

  constructor(snapshot: Snapshot, own: PolicyWorld, family: Family, traffic: readonly TrafficClass[]) {
    this.family = family;
    this.traffic = traffic;
    this.ends = classifyEnds({ snapshot, worlds: [own], family, include: () => true, withUnaddressed: true });
    this.reach = new Reach(own, { ends: this.ends, traffic });
  }
}

function differing(one: Bounds, other: Bounds): BitSet {
  const certain = one.certain.without(other.certain).or(other.certain.without(one.certain));
  return certain.or(one.possible.without(other.possible)).or(other.possible.without(one.possible));
}

/** Whether the policy selects the pod. */
export function isSelected(world: PolicyWorld, policy: Policy, endpoint: Endpoint): boolean {
  return world.selecting(endpoint).some(({ policies }) => policies.includes(policy));
}

function askedEnd(end: FlowEnd): AskedEnd {
  if (end.kind === 'endpoint') return { end, name: podName(end.endpoint) };
  return { end, name: end.kind === 'node' ? `node ${end.node.name}` : formatAddress(end.address) };
}
