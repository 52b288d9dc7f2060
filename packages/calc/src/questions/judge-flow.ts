/**
 * What a node's emitted state says of one flow, and which rule says it.
 *
 * Asked of a running engine: to explain a flow to people, to name the rule behind a flow event, and
 * to find the established connections that a new state denies. Nothing is built for a question; it
 * costs the rules of the programs of the flow's local ends.
 */

import type { DecidedBy, Direction, PolicyRef } from '@weir/model';
import { type Address, addressRangesContain, type Flow, isIcmp, type PortRange, portRangesContain } from '@weir/net';
import type {
  ContentKey,
  Delta,
  EndpointClass,
  LocalEndpoint,
  Membership,
  PeerSet,
  PeerTest,
  Program,
  ProgramRule,
} from '../delta/delta.ts';

/** The state up to the last flush, for single questions. */
export interface EmittedState {
  /** Whether a pod reaches its own node whatever policies say; the node always reaches its pods. */
  podReachesOwnNode(): boolean;
  /** The local endpoint that has the address. */
  endpointAt(address: Address): LocalEndpoint | undefined;
  /** The class of an address that is in at least one set. */
  classAt(address: Address): EndpointClass | undefined;
  program(key: ContentKey): Program | undefined;
  peerSet(key: ContentKey): PeerSet | undefined;
  /** The host endpoints, and what holds for all of them. */
  hosts(): Pick<Delta, 'hosts' | 'hostSettings'>;
  /** The policies that isolate a local endpoint in a direction, in order of evaluation. */
  isolatedBy(uid: string, direction: Direction): readonly PolicyRef[];
  /** The policies that close a local endpoint in a direction since they have no order among each other; mostly none. */
  unordered(uid: string, direction: Direction): readonly PolicyRef[];
}

/** What one local end of a flow says. */
export interface EndJudgement {
  readonly endpoint: LocalEndpoint;
  readonly verdict: 'allow' | 'deny';
  readonly decidedBy: DecidedBy<ProgramRule>;
}

/** The answers of a flow's local ends; an end that is no pod of this node has none. */
export interface FlowJudgement {
  readonly egress?: EndJudgement;
  readonly ingress?: EndJudgement;
}

/**
 * Judges a new connection. The destination is the one behind address translation; `isOwnAddress`
 * tells the addresses of the node itself, which always reaches its own pods.
 */
export function judgeFlow(state: EmittedState, flow: Flow, isOwnAddress: (address: Address) => boolean): FlowJudgement {
  const source = state.endpointAt(flow.source);
  const destination = state.endpointAt(flow.destination);
  if (source !== undefined && source.uid === destination?.uid) {
    const self: EndJudgement = { endpoint: source, verdict: 'allow', decidedBy: { reason: 'profile', detail: 'self' } };
    return { egress: self, ingress: self };
  }
  return {
    ...(source === undefined ? {} : { egress: judgeEgress(state, source, flow, isOwnAddress) }),
    ...(destination === undefined ? {} : { ingress: judgeIngress(state, destination, flow, isOwnAddress) }),
  };
}

/** Whether a local end of the flow denies it. */
export function isDenied({ egress, ingress }: FlowJudgement): boolean {
  return egress?.verdict === 'deny' || ingress?.verdict === 'deny';
}

interface Question {
  readonly direction: Direction;
  readonly peer: Address;
  readonly flow: Flow;
}

function judgeIngress(state: EmittedState, endpoint: LocalEndpoint, flow: Flow, isOwnAddress: (address: Address) => boolean): EndJudgement {
  if (isOwnAddress(flow.source)) return { endpoint, verdict: 'allow', decidedBy: { reason: 'profile', detail: 'own node' } };
  return judgeEnd(state, endpoint, { direction: 'ingress', peer: flow.source, flow });
}

function judgeEgress(state: EmittedState, endpoint: LocalEndpoint, flow: Flow, isOwnAddress: (address: Address) => boolean): EndJudgement {
  if (state.podReachesOwnNode() && isOwnAddress(flow.destination))
    return { endpoint, verdict: 'allow', decidedBy: { reason: 'profile', detail: 'own node' } };
  return judgeEnd(state, endpoint, { direction: 'egress', peer: flow.destination, flow });
}

function judgeEnd(state: EmittedState, endpoint: LocalEndpoint, question: Question): EndJudgement {
  const key = endpoint[question.direction];
  if (key === undefined) return { endpoint, verdict: 'allow', decidedBy: { reason: 'no policy', detail: 'not isolated' } };
  const unordered = state.unordered(endpoint.uid, question.direction).map((policy) => ({ policy }));
  if (unordered.length > 0) return { endpoint, verdict: 'deny', decidedBy: { reason: 'no order', policies: unordered } };
  return { endpoint, ...runProgram(state, state.program(key), question) };
}

/** A program that is not there denies: what is not known is closed. */
function runProgram(
  state: EmittedState,
  program: Program | undefined,
  { peer, flow }: Question,
): Pick<EndJudgement, 'verdict' | 'decidedBy'> {
  // The engine emits a program without tiers for pods of which the API server knows nothing.
  if (program === undefined || (program.tiers.length === 0 && program.otherwise === 'deny')) {
    return { verdict: 'deny', decidedBy: { reason: 'profile', detail: 'unknown pod' } };
  }
  const decided = runTiers(state, program, { peer, flow });
  return decided ?? { verdict: program.otherwise, decidedBy: { reason: 'no policy', detail: 'not isolated' } };
}

/** What the program's tiers say of a flow with this peer; undefined when they say nothing. */
export function runTiers(
  state: EmittedState,
  { tiers }: Program,
  { peer, flow }: Omit<Question, 'direction'>,
): Pick<EndJudgement, 'verdict' | 'decidedBy'> | undefined {
  const asked = endOf(state, peer, flow);
  const own = endOf(state, peer === flow.source ? flow.destination : flow.source, flow);
  for (const { name, rules, end } of tiers) {
    const rule = rules.find((candidate) => candidate.action !== 'log' && matches(state, candidate, asked) && isMet(state, candidate, own));
    if (rule !== undefined && rule.action !== 'pass') {
      return { verdict: rule.action === 'allow' ? 'allow' : 'deny', decidedBy: { reason: 'rule', tier: name, rule } };
    }
    if (rule === undefined && end === 'deny') return { verdict: 'deny', decidedBy: { reason: 'end of tier', tier: name } };
  }
  return undefined;
}

function endOf(state: EmittedState, peer: Address, flow: Flow): Peer {
  return { peer, memberships: state.classAt(peer)?.memberships ?? [], flow };
}

/** Whether the flow's other end is what a rule of a host endpoint asks for. */
function isMet(state: EmittedState, { local = [], action }: ProgramRule, own: Peer): boolean {
  return local.every((test) => isMember(state, test, { ...own, action }) !== test.negated);
}

interface Peer {
  readonly peer: Address;
  /** Sorted by set key. */
  readonly memberships: readonly Membership[];
  readonly flow: Flow;
}

function matches(state: EmittedState, rule: ProgramRule, peer: Peer): boolean {
  const { protocol, notProtocol, ports, sourcePorts, action } = rule;
  const { flow } = peer;
  if ((protocol !== undefined && protocol !== flow.protocol) || notProtocol === flow.protocol) return false;
  // What nobody told of the flow can be what a rule that denies asks for, and not what another asks for.
  const isAmong = (ranges: readonly PortRange[] | undefined, port: number | undefined): boolean =>
    ranges === undefined || (port === undefined ? action === 'deny' : portRangesContain(ranges, port));
  if (!isAmong(ports, isIcmp(flow.protocol) ? flow.message : flow.destinationPort) || !isAmong(sourcePorts, flow.sourcePort)) return false;
  return rule.peer.every((test) => isMember(state, test, { ...peer, action }) !== test.negated);
}

function isMember(
  state: EmittedState,
  { set: key, negated, port: asked }: PeerTest,
  { peer, memberships, flow, action }: Peer & Pick<ProgramRule, 'action'>,
): boolean {
  const set = state.peerSet(key);
  if (set?.kind === 'range') return addressRangesContain(set.ranges, peer);
  const ports = membershipOf(memberships, key)?.ports;
  if (set?.kind === 'addressPort') {
    const own = asked === 'source' ? flow.sourcePort : flow.destinationPort;
    const listed = ports?.filter(({ protocol }) => protocol === flow.protocol) ?? [];
    // As with the ports of the rule itself.
    if (own === undefined && listed.length > 0) return (action === 'deny') !== negated;
    return listed.some(({ port }) => port === own);
  }
  return membershipOf(memberships, key) !== undefined;
}

function membershipOf(memberships: readonly Membership[], key: ContentKey): Membership | undefined {
  let low = 0;
  let high = memberships.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const membership = memberships[middle];
    if (membership === undefined || membership.set === key) return membership;
    if (membership.set < key) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
