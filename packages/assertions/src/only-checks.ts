/**
 * The questions of "only these may": each end with everybody else there is, over all traffic.
 *
 * Who is listed must be let through on the ports that are given, or on at least one where none is; what is not listed must
 * be denied. A pod and its own node are left out: engines let them talk whatever the policies say.
 */
import type { TrafficClass } from '@weir/connectivity';
import type { Direction, FlowEnd } from '@weir/model';
import { type AddressRange, addressRangesContain, type Family, unionOfAddressRanges } from '@weir/net';
import { isOwnNode, pairOf } from './alike-ends.ts';
import type { Assertion, Claim } from './assertion.ts';
import type { AskedFlow, AskedGroup, Check, PairQuestions, Plan } from './check.ts';
import { type CheckPlanner, endpointOf, flowsMax, type ServedPort } from './check-planner.ts';
import type { EndProblem, FoundEnd } from './end-finder.ts';
import { everybody } from './everybody.ts';
import type { PortPattern } from './port-pattern.ts';

type OnlyClaim = Claim & { kind: 'only' };

/** Somebody listed, in the form in which others are compared with it. */
interface Listed {
  readonly pods: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
  readonly ranges: readonly AddressRange[];
  /** Empty: any, of which one must pass. */
  readonly ports: readonly PortPattern[];
}

/** Equal ends to be asked about, with those of the listed that they are. */
interface Others {
  readonly asked: AskedGroup;
  readonly listed: readonly Listed[];
}

/** Plans it. */
export function planOnly(planner: CheckPlanner, assertion: Assertion, claim: OnlyClaim): Plan {
  const found = planner.finder.findAll(claim.ends);
  if (found.kind === 'problem') return found;
  const notAnEnd = found.ends.find(({ kind }) => kind === 'service');
  if (notAnEnd !== undefined)
    return planner.problem('to', `${notAnEnd.name} is a service, which others reach by its pods`, 'name its pods', assertion);
  const listed = listedPeers(planner, assertion, claim);
  if ('kind' in listed) return listed;
  const family = assertion.family === undefined ? {} : { family: assertion.family };
  const owners = planner.ends(found, { perNode: planner.snapshot.nodes.length > 0, ...family });
  const groups = everyOther(planner, listed, assertion.family);
  const run = new OnlyPlan(planner, { assertion, direction: claim.direction, ports: listed.flatMap(({ ports }) => ports) });
  for (const owner of owners) {
    for (const other of groups) {
      if (!run.ask(owner, other)) return planner.problem('to', `these are more than ${flowsMax} connections`, 'name fewer ends', assertion);
    }
  }
  if (run.checks.length === 0)
    return planner.problem('to', 'there is nobody else in this cluster', 'give manifests that have more', assertion);
  return { kind: 'planned', checks: run.checks };
}

/** What is claimed, with the ports of all who are listed. */
interface Claimed {
  readonly assertion: Assertion;
  readonly direction: 'ingress' | 'egress';
  readonly ports: readonly PortPattern[];
}

/** The questions, as they come up. */
class OnlyPlan {
  readonly checks: Check[] = [];
  readonly #planner: CheckPlanner;
  readonly #claimed: Claimed;
  readonly #classes: Map<Family, readonly TrafficClass[]> = new Map();
  #count = 0;

  constructor(planner: CheckPlanner, claimed: Claimed) {
    this.#planner = planner;
    this.#claimed = claimed;
  }

  /** Asks about one end with one other; false when that is too much. */
  ask(owner: AskedGroup, other: Others): boolean {
    const { assertion, direction } = this.#claimed;
    const pair = direction === 'ingress' ? pairOf(other.asked, owner) : pairOf(owner, other.asked);
    if (pair === undefined || isOwnNode(pair.source.end, pair.target.end)) return true;
    const { source, target: destination } = pair;
    for (const family of this.#planner.familiesBetween(source.end, destination.end, assertion.family)) {
      const about = { destination: endpointOf(destination.end), family };
      const among = this.#classesOf(family);
      const meant = assertion.ports.length === 0 ? among : this.#planner.traffic.chosen(among, assertion.ports, about);
      const flowOf = this.#planner.flowsBetween(source, destination, { among, family });
      const between = { source: source.end, destination: destination.end, family, among, flowOf };
      if (other.listed.length === 0) {
        this.#add(new PairCheck({ ...between, traffic: meant }, { wants: 'every', expect: 'deny', first: direction }));
        continue;
      }
      const named = new Set(
        other.listed.flatMap(({ ports }) => (ports.length === 0 ? [] : this.#planner.traffic.chosen(meant, ports, about))),
      );
      const isFree = other.listed.some(({ ports }) => ports.length === 0);
      const free = isFree ? meant.filter((traffic) => !named.has(traffic)) : [];
      const others = isFree ? [] : meant.filter((traffic) => !named.has(traffic));
      this.#add(new PairCheck({ ...between, traffic: [...named] }, { wants: 'every', expect: 'allow' }));
      this.#add(new PairCheck({ ...between, traffic: free }, { wants: assertion.ports.length > 0 ? 'every' : 'some', expect: 'allow' }));
      this.#add(new PairCheck({ ...between, traffic: others }, { wants: 'every', expect: 'deny', first: direction }));
    }
    return this.#count <= flowsMax;
  }

  #add(check: Check): void {
    if (check.count > 0) this.checks.push(check);
    this.#count += check.count;
  }

  #classesOf(family: Family): readonly TrafficClass[] {
    let classes = this.#classes.get(family);
    const { assertion, ports } = this.#claimed;
    if (classes === undefined) this.#classes.set(family, (classes = this.#planner.traffic.cut(family, [...assertion.ports, ...ports])));
    return classes;
  }
}

/** What is asked of two ends: questions that are kept as their traffic, since everybody is asked about. */
class PairCheck implements Check {
  readonly wants: Check['wants'];
  readonly expect: Check['expect'];
  readonly first?: Direction;
  readonly ofPair: PairQuestions;

  constructor(ofPair: PairQuestions, wish: Pick<Check, 'wants' | 'expect' | 'first'>) {
    this.wants = wish.wants;
    this.expect = wish.expect;
    if (wish.first !== undefined) this.first = wish.first;
    this.ofPair = ofPair;
  }

  get flows(): readonly AskedFlow[] {
    return this.ofPair.traffic.map(this.ofPair.flowOf);
  }

  get count(): number {
    return this.ofPair.traffic.length;
  }
}

function listedPeers(planner: CheckPlanner, assertion: Assertion, claim: OnlyClaim): Listed[] | EndProblem {
  const listed: Listed[] = [];
  for (const peer of claim.peers) {
    const found = planner.finder.findAll([peer.end]);
    if (found.kind === 'problem') return found;
    const service = found.ends.find(({ kind }) => kind === 'service');
    if (service !== undefined && claim.direction === 'ingress')
      return {
        kind: 'problem',
        message: `${service.name} is a service, and services do not connect`,
        action: 'name its pods',
        path: peer.end.path,
      };
    const direct = found.ends.filter(({ kind }) => kind !== 'service');
    if (direct.length > 0) listed.push(listedOf(direct, peer.ports));
    if (service === undefined) continue;
    const backends = planner.backends(found.ends);
    if (backends.length === 0)
      return {
        kind: 'problem',
        message: `no pod stands behind service ${service.name}`,
        action: 'check its selector and its target ports',
        path: peer.end.path,
      };
    for (const { end, name, onlyOn = [] } of backends)
      listed.push(listedOf([{ kind: 'end', end, name, copies: 1 }], targetPorts(onlyOn, [...peer.ports, ...assertion.ports])));
  }
  return listed;
}

/** Where the ports of a service end; those alone that are named, where some are. */
function targetPorts(served: readonly ServedPort[], named: readonly PortPattern[]): PortPattern[] {
  const isNamed = ({ asked, name }: ServedPort): boolean =>
    named.length === 0 ||
    named.some((pattern) =>
      pattern.kind === 'named'
        ? pattern.name === name
        : pattern.kind === 'range' && asked.range.first >= pattern.range.first && asked.range.first <= pattern.range.last,
    );
  return served.filter(isNamed).map(({ asked, port }) => ({ kind: 'range', protocol: asked.protocol, range: { first: port, last: port } }));
}

function listedOf(ends: readonly FoundEnd[], ports: readonly PortPattern[]): Listed {
  const found = ends.flatMap((each) => (each.kind === 'end' ? [each.end] : []));
  const ranges = ends.flatMap((each) => (each.kind === 'block' ? each.ranges : []));
  return {
    pods: new Set(found.flatMap((end) => (end.kind === 'endpoint' ? [end.endpoint.uid] : []))),
    nodes: new Set(found.flatMap((end) => (end.kind === 'node' ? [end.node.name] : []))),
    ranges: unionOfAddressRanges([
      ...ranges,
      ...found.flatMap((end) => (end.kind === 'address' ? [{ first: end.address, last: end.address }] : [])),
    ]),
    ports,
  };
}

function everyOther(planner: CheckPlanner, listed: readonly Listed[], family: Family | undefined): Others[] {
  const markOf = (end: FlowEnd): string => listed.map((each) => (isListed(each, end) ? '1' : '0')).join('');
  const groups = everybody(planner, { markOf, ranges: listed.map(({ ranges }) => ranges) }, family);
  return groups.map(({ asked, mark }) => ({ asked, listed: listed.filter((_, at) => mark.charAt(at) === '1') }));
}

function isListed({ pods, nodes, ranges }: Listed, end: FlowEnd): boolean {
  if (end.kind === 'endpoint') return pods.has(end.endpoint.uid);
  return end.kind === 'node' ? nodes.has(end.node.name) : addressRangesContain(ranges, end.address);
}
