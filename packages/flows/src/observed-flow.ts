/**
 * A connection that somebody saw, in one shape whatever log it was read from: the agent's flow log, Hubble's JSON or
 * Calico's flow logs.
 */
import type { Direction } from '@weir/model';
import { type Address, type Flow, formatAddress, isIcmp, type ProtocolNumber } from '@weir/net';

/** The logs that are read. */
export type FlowLogFormat = 'weir' | 'hubble' | 'calico';

/** One end as the log has it; what it does not tell is absent. */
export interface ObservedEnd {
  readonly address?: Address;
  readonly port?: number;
  /** Of a pod. */
  readonly namespace?: string;
  /** The name of the pod; absent when the log tells of several at once, or not of pods. */
  readonly pod?: string;
  /** How the names of the pods begin that the log tells of at once, for example `web-5d9f-`. */
  readonly podPrefix?: string;
  /** Labels of the pod, where the log has them. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What keeps the pod, where the log names it. */
  readonly workload?: { readonly kind?: string; readonly name: string };
  /** What it is when it is no pod: a node of the cluster (or a pod on its network), something outside, or a service, whose pod is not told. */
  readonly is?: 'node' | 'outside' | 'service';
  /** Whether the log says that it is the cluster's API server. */
  readonly isApiServer?: true;
  /** Names that the other end asked for when it got this address, in lower case and without the last dot; where the log has them. */
  readonly domains?: readonly string[];
  /** The name of that node, of a set of addresses, or of that service with its namespace. */
  readonly name?: string;
}

/** A policy that a log names. */
export interface ObservedPolicy {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly apiVersion?: string;
  /** Where the rule stands in it, for example `ingress[0].from[1]`. */
  readonly place?: string;
}

/** What was said of the connection in one direction. */
export interface ObservedDecision {
  readonly verdict: 'allow' | 'deny';
  /** A rule said it; no rule allowed it though policies isolate; nothing had to be asked or something else decided, as `detail` says. */
  readonly reason: 'rule' | 'no rule' | 'other';
  /** Whose rule it is, or who isolates; empty where the log does not tell. */
  readonly policies: readonly ObservedPolicy[];
  readonly detail?: string;
}

/** A service that was spoken to: its address and port as far as the log has them, its name where that is known. */
export interface ObservedService {
  readonly ip?: string;
  readonly port?: number;
  readonly namespace?: string;
  readonly name?: string;
}

/** One line of a log. */
export interface ObservedFlow {
  readonly format: FlowLogFormat;
  /** RFC 3339. */
  readonly time?: string;
  /** When the first of several was seen, where the line or sum stands for several. */
  readonly firstTime?: string;
  /** The node that saw it. */
  readonly node?: string;
  readonly verdict: 'allow' | 'deny';
  readonly source: ObservedEnd;
  readonly destination: ObservedEnd;
  /** What the opener spoke to, where translation made `destination` of it. */
  readonly service?: ObservedService;
  readonly protocol: ProtocolNumber;
  readonly icmp?: { readonly type: number; readonly code: number };
  /** The directions that the one who saw it judged. */
  readonly egress?: ObservedDecision;
  readonly ingress?: ObservedDecision;
  /** Told because a rule logs it, beside what is told of the connection anyway. */
  readonly logged?: true;
  /** Whether it is an answer; absent: the log does not tell. */
  readonly isReply?: boolean;
  /** How many connections the line stands for. */
  readonly count: number;
}

/** The directions that were judged: of a denied flow the one that denies, where only one does. */
export function directionsOf({ egress, ingress }: Pick<ObservedFlow, 'egress' | 'ingress'>): readonly Direction[] {
  return [...(egress === undefined ? [] : ['egress' as const]), ...(ingress === undefined ? [] : ['ingress' as const])];
}

/** The five-tuple; undefined when an address is not told. */
export function fiveTupleOf({ source, destination, protocol, icmp }: ObservedFlow): Flow | undefined {
  if (source.address === undefined || destination.address === undefined) return undefined;
  return {
    source: source.address,
    destination: destination.address,
    protocol,
    ...(source.port === undefined ? {} : { sourcePort: source.port }),
    ...(destination.port === undefined ? {} : { destinationPort: destination.port }),
    ...(icmp === undefined || !isIcmp(protocol) ? {} : { message: icmp.type * 256 + icmp.code }),
  };
}

/** `demo/web:80`, or its address where the name is not known. */
export function nameOfService({ ip = '', port, namespace, name }: ObservedService): string {
  const address = port !== undefined && ip.includes(':') ? `[${ip}]` : ip;
  const named = name === undefined ? address : namespace === undefined ? name : `${namespace}/${name}`;
  return port === undefined ? named : `${named}:${port}`;
}

/** `demo/client`, `demo/web-5d9f-*`, `node n1`, or an address. */
export function nameOfEnd({ address, namespace, pod, podPrefix, is, name }: ObservedEnd): string {
  const within = namespace === undefined ? '' : `${namespace}/`;
  if (pod !== undefined) return `${within}${pod}`;
  if (podPrefix !== undefined) return `${within}${podPrefix}*`;
  if (is === 'node' && name !== undefined) return `node ${name}`;
  if (address !== undefined) return formatAddress(address);
  return name ?? (namespace === undefined ? 'somebody unknown' : `a pod of ${namespace}`);
}
