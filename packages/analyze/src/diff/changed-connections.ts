/**
 * The connections that are others than they were, between classes of ends of two snapshots.
 *
 * ```
 *   classes of joint ends ─▶ pairs that may differ: policies or labels of one of them do, or one is on one side only
 *                              └▶ traffic in groups that the rules of both do not tell apart
 *                                   └▶ one question a group on each side ─▶ blocks of equal pairs, with their causes
 * ```
 */

import { type FlowEnd, type FlowQuestion, judgeQuestion, type Outcome } from '@weir/model';
import { defined, type Family } from '@weir/net';
import { type TrafficClass, trafficClasses } from '../connectivity/traffic-classes.ts';
import { anotherCopy } from '../workloads/copies.ts';
import { alikeTraffic, trafficSigns } from './alike-traffic.ts';
import { type Side, sides } from './both-sides.ts';
import { type ChangeCause, causesOfChange } from './change-cause.ts';
import { type ComparedSides, type JointClass, type JointEnd, jointClasses } from './joint-ends.ts';
import { type Speaking, SpeakingPolicies } from './speaking-policies.ts';

/** Traffic of one side by its outcome, as places among the classes of traffic; what is in neither is denied. */
export interface SideTraffic {
  readonly allowed: readonly number[];
  readonly unknown: readonly number[];
}

/** A cause with the traffic that it is about. */
interface TrafficCause {
  readonly traffic: readonly number[];
  readonly cause: ChangeCause;
}

/** Connections between all ends of two sets of classes, with the same change. */
export interface ChangedBlock {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  /** Whether it is about pods and the nodes that they run on; else it is about all others. */
  readonly isOwnNode: boolean;
  /** Absent on the side where one of the ends is not. */
  readonly before?: SideTraffic;
  readonly after?: SideTraffic;
  readonly causes: readonly TrafficCause[];
}

/** The comparison of one family. */
export interface ConnectionComparison {
  readonly family: Family;
  readonly classes: readonly JointClass[];
  readonly traffic: readonly TrafficClass[];
  readonly blocks: readonly ChangedBlock[];
}

/** Compares. */
export function compareConnections(compared: ComparedSides): ConnectionComparison {
  const { before, after, family } = compared;
  const classes = jointClasses(compared);
  const worlds = [before.world, after.world];
  const traffic = trafficClasses(
    worlds,
    worlds.flatMap(({ endpoints }) => endpoints),
    family,
  );
  const blocks = new PairComparison(compared, classes, traffic).blocks();
  return { family, classes, traffic, blocks };
}

/** A pair of ends that stands for others. */
interface StandingPair {
  readonly source: JointEnd;
  readonly destination: JointEnd;
  readonly isOwnNode: boolean;
}

type PairChange = Omit<ChangedBlock, 'sources' | 'destinations'>;

class PairComparison {
  readonly #compared: ComparedSides;
  readonly #classes: readonly JointClass[];
  readonly #traffic: readonly TrafficClass[];
  readonly #speaking: Readonly<Record<'egress' | 'ingress', readonly Speaking[]>>;
  readonly #signs: Map<string, readonly string[]> = new Map();
  /** Whether every pair may differ: another engine judges, or somebody besides policies for pods has a say. */
  readonly #asksAll: boolean;
  readonly #asksHosts: boolean;

  constructor(compared: ComparedSides, classes: readonly JointClass[], traffic: readonly TrafficClass[]) {
    this.#compared = compared;
    this.#classes = classes;
    this.#traffic = traffic;
    const policies = new SpeakingPolicies(compared);
    this.#speaking = {
      egress: classes.map((one) => policies.of(one, 'egress')),
      ingress: classes.map((one) => policies.of(one, 'ingress')),
    };
    const [was, is] = [compared.before.world, compared.after.world];
    this.#asksHosts = was.asksHosts || is.asksHosts;
    this.#asksAll = this.#asksHosts || was.profile.name !== is.profile.name;
  }

  /** Equal pairs of one source in one block, then equal blocks of several sources. */
  blocks(): ChangedBlock[] {
    const found = new Map<string, { readonly change: PairChange; readonly destinations: readonly number[]; readonly sources: number[] }>();
    for (const source of this.#classes.keys()) {
      const ofSource = new Map<string, { readonly change: PairChange; readonly destinations: number[] }>();
      for (const destination of this.#classes.keys()) {
        if (!this.#mayDiffer(source, destination)) continue;
        for (const pair of this.#pairsOf(source, destination)) {
          const change = this.#changeOf(source, destination, pair);
          if (change === undefined) continue;
          const key = keyOf(change);
          const same = ofSource.get(key);
          if (same === undefined) ofSource.set(key, { change, destinations: [destination] });
          else same.destinations.push(destination);
        }
      }
      for (const [key, { change, destinations }] of ofSource) {
        const whole = `${key} ${destinations.join()}`;
        const same = found.get(whole);
        if (same === undefined) found.set(whole, { change, destinations, sources: [source] });
        else same.sources.push(source);
      }
    }
    return [...found.values()].map(({ change, ...ends }) => ({ ...ends, ...change }));
  }

  #mayDiffer(source: number, destination: number): boolean {
    const [from, to] = [this.#classAt(source), this.#classAt(destination)];
    if (!this.#asksHosts && from.kind !== 'pods' && to.kind !== 'pods') return false;
    if (from.kind === 'outside' && to.kind === 'outside') return false;
    // Nodes come and go: what they are allowed then is no change of anybody's.
    if ([from, to].some(({ kind, isOn }) => kind === 'nodes' && !(isOn.before && isOn.after))) return false;
    if (this.#asksAll || from.isOther || to.isOther) return sides.some((side) => from.isOn[side] && to.isOn[side]);
    return this.#speaking.egress[source]?.isChanged === true || this.#speaking.ingress[destination]?.isChanged === true;
  }

  /** Of a class of pods and a class of nodes two pairs at most: a pod with its own node, and with another. */
  #pairsOf(from: number, to: number): StandingPair[] {
    const [sources, destinations] = [this.#classAt(from), this.#classAt(to)];
    if (from === to) return pairWithin(sources);
    if (sources.kind === 'pods' && destinations.kind === 'nodes')
      return nodePairs(sources, destinations).map(([source, destination, isOwnNode]) => ({ source, destination, isOwnNode }));
    if (sources.kind === 'nodes' && destinations.kind === 'pods')
      return nodePairs(destinations, sources).map(([destination, source, isOwnNode]) => ({ source, destination, isOwnNode }));
    const [source, destination] = [defined(sources.ends[0], 'a class has an end'), defined(destinations.ends[0], 'a class has an end')];
    return [{ source, destination, isOwnNode: false }];
  }

  #changeOf(from: number, to: number, { source, destination, isOwnNode }: StandingPair): PairChange | undefined {
    const { family } = this.#compared;
    const [before, after] = sides.map((side) => questionsBetween(source[side], destination[side], family));
    const outcomes: { readonly was: Outcome | undefined; readonly is: Outcome | undefined; readonly traffic: readonly number[] }[] = [];
    for (const traffic of this.#alike(from, to)) {
      const one = this.#traffic[traffic[0] ?? -1];
      if (one === undefined) continue;
      const [was, is] = [this.#judge('before', before?.(one)), this.#judge('after', after?.(one))];
      outcomes.push({ was, is, traffic });
    }
    const isOnBoth = before !== undefined && after !== undefined;
    if (
      isOnBoth
        ? outcomes.every(({ was, is }) => was === is)
        : outcomes.every(({ was = 'deny', is = 'deny' }) => was === 'deny' && is === 'deny')
    )
      return undefined;
    const trafficOf = (side: 'was' | 'is', outcome: Outcome): readonly number[] =>
      outcomes.flatMap((one) => (one[side] === outcome ? one.traffic : [])).sort((a, b) => a - b);
    const ofSide = (side: 'was' | 'is'): SideTraffic => ({ allowed: trafficOf(side, 'allow'), unknown: trafficOf(side, 'unknown') });
    return {
      isOwnNode,
      ...(before === undefined ? {} : { before: ofSide('was') }),
      ...(after === undefined ? {} : { after: ofSide('is') }),
      causes: isOnBoth
        ? this.#causes(
            outcomes.filter(({ was, is }) => was !== is).map(({ traffic }) => traffic),
            { before, after },
          )
        : [],
    };
  }

  #causes(changed: readonly (readonly number[])[], ask: Record<Side, (traffic: TrafficClass) => FlowQuestion>): TrafficCause[] {
    const found = new Map<string, { readonly traffic: number[]; readonly cause: ChangeCause }>();
    for (const traffic of changed) {
      const one = defined(this.#traffic[traffic[0] ?? -1], 'a group of traffic has a member');
      const asked = (side: Side): Parameters<typeof causesOfChange>[0] => ({ world: this.#compared[side].world, question: ask[side](one) });
      for (const cause of causesOfChange(asked('before'), asked('after'))) {
        const same = found.get(cause.text);
        if (same === undefined) found.set(cause.text, { traffic: [...traffic], cause });
        else same.traffic.push(...traffic);
      }
    }
    return [...found.values()].map(({ traffic, cause }) => ({ traffic: traffic.sort((a, b) => a - b), cause }));
  }

  #judge(side: Side, question: FlowQuestion | undefined): Outcome | undefined {
    return question === undefined ? undefined : judgeQuestion(this.#compared[side].world, question);
  }

  /** Traffic that the rules that speak for both do not tell apart; host endpoints tell all of it apart. */
  #alike(from: number, to: number): readonly (readonly number[])[] {
    if (this.#asksHosts) return this.#traffic.map((_, at) => [at]);
    return alikeTraffic([this.#signsOf(this.#speaking.egress[from]), this.#signsOf(this.#speaking.ingress[to])], this.#traffic.length);
  }

  #signsOf(speaking: Speaking | undefined): readonly string[] {
    if (speaking === undefined || speaking.rules.length === 0) return [];
    let signs = this.#signs.get(speaking.key);
    if (signs === undefined) this.#signs.set(speaking.key, (signs = trafficSigns(speaking.rules, this.#traffic)));
    return signs;
  }

  #classAt(at: number): JointClass {
    return defined(this.#classes[at], 'a class of the comparison exists');
  }
}

/** Two ends of one class; a class of one pod has no pair within itself. */
function pairWithin({ kind, ends }: JointClass): StandingPair[] {
  const [source, other] = ends;
  if (source === undefined || kind === 'outside') return [];
  const destination = other ?? (source.isSeveral ? source : undefined);
  return destination === undefined ? [] : [{ source, destination, isOwnNode: false }];
}

/** A pod with its own node, wherever both are, and a pod with a node that is never its own. */
function nodePairs(pods: JointClass, nodes: JointClass): (readonly [pod: JointEnd, node: JointEnd, isOwnNode: boolean])[] {
  const pairs: (readonly [JointEnd, JointEnd, boolean])[] = [];
  for (const isOwn of [true, false]) {
    const pair = firstPair(pods, nodes, (pod, node) =>
      sides.every((side) => runsOn(pod[side], node[side]) === isOwn || pod[side] === undefined || node[side] === undefined),
    );
    if (pair !== undefined) pairs.push([...pair, isOwn]);
  }
  return pairs;
}

function firstPair(
  pods: JointClass,
  nodes: JointClass,
  accepts: (pod: JointEnd, node: JointEnd) => boolean,
): readonly [JointEnd, JointEnd] | undefined {
  for (const pod of pods.ends) {
    const node = nodes.ends.find((candidate) => accepts(pod, candidate));
    if (node !== undefined) return [pod, node];
  }
  return undefined;
}

function runsOn(pod: FlowEnd | undefined, node: FlowEnd | undefined): boolean {
  return pod?.kind === 'endpoint' && node?.kind === 'node' && pod.endpoint.node === node.node.name;
}

/** Questions between two ends of one side; undefined where one is not there. */
function questionsBetween(
  source: FlowEnd | undefined,
  destination: FlowEnd | undefined,
  family: Family,
): ((traffic: TrafficClass) => FlowQuestion) | undefined {
  if (source === undefined || destination === undefined) return undefined;
  const isSame = source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
  // Two that are one on this side stand for two copies of it.
  const to: FlowEnd = isSame ? { ...destination, endpoint: anotherCopy(destination.endpoint) } : destination;
  return ({ protocol, port, sourcePort, icmp }) => ({
    source,
    destination: to,
    family,
    protocol,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(icmp === undefined ? {} : { icmp }),
  });
}

/** A text that is the same for equal changes. */
function keyOf({ before, after, isOwnNode: own, causes }: PairChange): string {
  const text = (traffic: SideTraffic | undefined): string =>
    traffic === undefined ? 'absent' : `${traffic.allowed.join()}?${traffic.unknown.join()}`;
  return `${own} ${text(before)} ${text(after)} ${causes.map(({ traffic, cause }) => `${traffic.join()}:${cause.text}`).join()}`;
}
