/**
 * The answer of `weir agent explain`: what this node's running state says of one flow, and which
 * rule says it. A node judges its own pods only; of the other end it says who does.
 */
import { type EndJudgement, type Engine, type FlowJudgement, type HostJudgement, judgeFlow, judgeHosts } from '@weir/calc';
import type { RefusedHost } from '@weir/dataplane';
import {
  type DecidedByJson,
  type Direction,
  decidedByToJson,
  type EndJson,
  type HostFamily,
  type IcmpMessages,
  type PolicyJson,
  policyToJson,
} from '@weir/model';
import { type Address, type Flow, formatAddress, formatProtocol, type ProtocolNumber, parseAddress, protocolNumber } from '@weir/net';

/** A question in words; `port` is absent for ICMP, and `icmp` for all else. */
export interface ExplainRequest {
  /** An address, or `namespace/pod`. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP';
  readonly port?: number;
  /** The message; without it rules about single messages match where they deny, and not where they allow. */
  readonly icmp?: Required<IcmpMessages>;
}

/** One direction; a rule has its id in the kernel. */
export interface DirectionExplanation {
  readonly verdict: 'allow' | 'deny';
  readonly isolatedBy: readonly PolicyJson[];
  readonly decidedBy: DecidedByJson & { readonly id?: string };
}

/** What a host endpoint says of the flow at its interfaces. */
export interface HostExplanation extends DirectionExplanation {
  readonly hostEndpoint: string;
  readonly interfaces: 'all' | readonly string[];
  readonly direction: Direction;
  readonly family: HostFamily;
}

/** The answer, in the fields of `weir why -o json`. A direction that another node judges is absent. */
export interface FlowExplanation {
  readonly node: string;
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** What this node does not know; present exactly for `unknown`. */
  readonly missing?: readonly string[];
  /** Why the kernel may do something else than this answer says; absent when there is no reason. */
  readonly notInForce?: readonly string[];
  readonly source: EndJson;
  readonly destination: EndJson;
  readonly protocol: string;
  readonly port?: number;
  readonly icmp?: Required<IcmpMessages>;
  readonly egress?: DirectionExplanation;
  readonly ingress?: DirectionExplanation;
  /** Those of this node that have a say, of which the flow meets the one whose interface it takes; absent when there is none. */
  readonly hosts?: readonly HostExplanation[];
}

/** Why there is no answer. */
export interface ExplainProblem {
  readonly code: 'not-found' | 'invalid';
  readonly problem: string;
}

/** What is asked. */
export interface ExplainSubject {
  readonly engine: Engine;
  readonly isOwnAddress: (address: Address) => boolean;
  /** Why an endpoint's own rules are not in force; undefined when they are. */
  readonly quarantineOf: (uid: string) => string | undefined;
  /** Host endpoints that are not enforced. */
  readonly refusedHosts: () => readonly RefusedHost[];
  /** Why the last change is not in the kernel; undefined when it is. */
  readonly lastFailure: string | undefined;
}

/** Answers from what the engine emitted last. */
export function explainFlow(subject: ExplainSubject, request: ExplainRequest): FlowExplanation | ExplainProblem {
  const { engine, isOwnAddress } = subject;
  const source = addressesOf(engine, request.source);
  if ('problem' in source) return source;
  const destination = addressesOf(engine, request.destination);
  if ('problem' in destination) return destination;
  const flow = flowBetween(source, destination, request);
  if (flow === undefined) {
    return { code: 'invalid', problem: `${request.source} and ${request.destination} have no addresses of one family` };
  }
  const judgement = judgeFlow(engine.emittedState, flow, isOwnAddress);
  const hosts = judgeHosts(engine.emittedState, flow, isOwnAddress);
  if (judgement.egress === undefined && judgement.ingress === undefined && hosts.length === 0) {
    return {
      code: 'not-found',
      problem: `neither ${request.source} nor ${request.destination} is a pod of node ${engine.node}, or a host endpoint of it`,
    };
  }
  return { ...explanation(engine, flow, { ...judgement, hosts }), ...doubts(subject, judgement, hosts) };
}

interface NodeJudgement extends FlowJudgement {
  readonly hosts: readonly HostJudgement[];
}

function explanation(engine: Engine, flow: Flow, judgement: NodeJudgement): FlowExplanation {
  const egress = directionOf(engine, { direction: 'egress', judged: judgement.egress, address: flow.source });
  const ingress = directionOf(engine, { direction: 'ingress', judged: judgement.ingress, address: flow.destination });
  const verdicts = new Set(judgement.hosts.map(({ verdict }) => verdict));
  const denied = egress?.verdict === 'deny' || ingress?.verdict === 'deny' || (verdicts.size === 1 && verdicts.has('deny'));
  const missing = [
    ...(verdicts.size > 1 ? ['which interface of the node it takes: its host endpoints do not agree'] : []),
    ...(egress === undefined ? [missingText(engine, 'egress', flow.source)] : []),
    ...(ingress === undefined ? [missingText(engine, 'ingress', flow.destination)] : []),
  ];
  const isUnknown = !denied && missing.length > 0;
  return {
    node: engine.node,
    verdict: denied ? 'deny' : isUnknown ? 'unknown' : 'allow',
    ...(isUnknown ? { missing } : {}),
    source: endOf(engine, flow.source),
    destination: endOf(engine, flow.destination),
    protocol: formatProtocol(flow.protocol),
    ...(flow.destinationPort === undefined ? {} : { port: flow.destinationPort }),
    ...(flow.message === undefined ? {} : { icmp: { type: flow.message >> 8, code: flow.message & 0xff } }),
    ...(egress === undefined ? {} : { egress }),
    ...(ingress === undefined ? {} : { ingress }),
    ...(judgement.hosts.length === 0 ? {} : { hosts: judgement.hosts.map(explainHost) }),
  };
}

function explainHost({ host, direction, family, verdict, decidedBy }: HostJudgement): HostExplanation {
  const id = decidedBy.reason === 'rule' ? { id: decidedBy.rule.id } : {};
  const said = { verdict, isolatedBy: [], decidedBy: { ...decidedByToJson(decidedBy), ...id } };
  return { hostEndpoint: host.name, interfaces: host.interfaces, direction, family, ...said };
}

function doubts(
  { quarantineOf, refusedHosts, lastFailure }: ExplainSubject,
  { egress, ingress }: FlowJudgement,
  hosts: readonly HostJudgement[],
): Pick<FlowExplanation, 'notInForce'> {
  const refused = refusedHosts().filter(({ uid }) => hosts.some(({ host }) => host.uid === uid));
  const ends = [egress, ingress].flatMap((end) => {
    const reason = end === undefined ? undefined : quarantineOf(end.endpoint.uid);
    return end === undefined || reason === undefined ? [] : [`${end.endpoint.namespace}/${end.endpoint.name}: ${reason}`];
  });
  const notInForce = [
    ...(lastFailure === undefined ? [] : [`the last change: ${lastFailure}`]),
    ...new Set(ends),
    ...refused.map(({ name, reason }) => `host endpoint ${name}: ${reason}`),
  ];
  return notInForce.length === 0 ? {} : { notInForce };
}

interface AskedEnd {
  readonly direction: Direction;
  readonly judged: EndJudgement | undefined;
  readonly address: Address;
}

/** Undefined when the end is a pod that another node judges. */
function directionOf(engine: Engine, { direction, judged, address }: AskedEnd): DirectionExplanation | undefined {
  if (judged !== undefined) return explainEnd(engine, direction, judged);
  if (engine.podAt(address) !== undefined) return undefined;
  return { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy', detail: 'not an endpoint' } };
}

/** One judged end in words of the API. */
export function explainEnd(engine: Engine, direction: Direction, { endpoint, verdict, decidedBy }: EndJudgement): DirectionExplanation {
  const isolatedBy = engine.emittedState.isolatedBy(endpoint.uid, direction).map((policy) => policyToJson(policy));
  const id = decidedBy.reason === 'rule' ? { id: decidedBy.rule.id } : {};
  return { verdict, isolatedBy, decidedBy: { ...decidedByToJson(decidedBy), ...id } };
}

function missingText(engine: Engine, direction: Direction, address: Address): string {
  const pod = engine.podAt(address);
  return `${direction} of ${pod === undefined ? formatAddress(address) : `${pod.namespace}/${pod.name}`}: the agent of its node judges it`;
}

/** An end by name, where it is a pod that is known. */
export function endOf(engine: Engine, address: Address): EndJson {
  const pod = engine.podAt(address);
  return { ...(pod === undefined ? {} : { pod: `${pod.namespace}/${pod.name}` }), ip: formatAddress(address) };
}

function addressesOf(engine: Engine, text: string): readonly Address[] | ExplainProblem {
  const address = parseAddress(text);
  if (address !== undefined) return [address];
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || name === '' || rest.length > 0) {
    return { code: 'invalid', problem: `'${text}' is no end of a flow: write an address or namespace/pod` };
  }
  const addresses = engine.addressesOf({ namespace, name });
  if (addresses === undefined) {
    return { code: 'not-found', problem: `the agent knows no pod ${text} that has a network of its own` };
  }
  return addresses.length > 0 ? addresses : { code: 'not-found', problem: `pod ${text} has no address` };
}

/** The flow between the first addresses of one family. */
function flowBetween(sources: readonly Address[], destinations: readonly Address[], request: ExplainRequest): Flow | undefined {
  for (const source of sources) {
    const destination = destinations.find(({ family }) => family === source.family);
    if (destination === undefined) continue;
    const { port, icmp } = request;
    return {
      source,
      destination,
      protocol: protocolOf(request.protocol, source.family),
      ...(port === undefined ? {} : { destinationPort: port }),
      ...(icmp === undefined ? {} : { message: icmp.type * 256 + icmp.code }),
    };
  }
  return undefined;
}

function protocolOf(name: ExplainRequest['protocol'], family: 4 | 6): ProtocolNumber {
  return name === 'ICMP' && family === 6 ? protocolNumber.ICMPv6 : protocolNumber[name];
}

/** Reads the query of `GET /v1/explain`; gives the request or one sentence about what is wrong. */
export function parseExplainRequest(query: URLSearchParams): ExplainRequest | { readonly problem: string } {
  const [source, destination, protocol = 'TCP', port, message] = ['source', 'destination', 'protocol', 'port', 'icmp'].map(
    (name) => query.get(name) ?? undefined,
  );
  if (source === undefined || destination === undefined) return { problem: 'source and destination are needed' };
  if (protocol === 'ICMP') {
    if (message === undefined) return { source, destination, protocol };
    const [type = 0, code = 0] = /^\d{1,3}\/\d{1,3}$/.test(message) ? message.split('/').map(Number) : [256];
    if (type > 255 || code > 255) return { problem: 'icmp: TYPE/CODE is needed, each a number from 0 to 255' };
    return { source, destination, protocol, icmp: { type, code } };
  }
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP')
    return { problem: 'protocol: one of TCP, UDP, SCTP, ICMP is needed' };
  const number = /^\d{1,5}$/.test(port ?? '') ? Number(port) : 0;
  if (number < 1 || number > 65535) return { problem: 'port: a number from 1 to 65535 is needed' };
  return { source, destination, protocol, port: number };
}
