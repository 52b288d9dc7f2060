/** An observed flow in words for people: the columns of one line. */
import { formatAddress, formatProtocol } from '@weir/net';
import {
  directionsOf,
  nameOfEnd,
  nameOfService,
  type ObservedDecision,
  type ObservedEnd,
  type ObservedFlow,
  type ObservedPolicy,
} from './observed-flow.ts';

/** The columns. */
export interface DescribedFlow {
  readonly time: string;
  readonly verdict: 'allowed' | 'denied' | 'logged';
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
  readonly node: string;
  /** Which policy and rule said it, in each direction that was judged. */
  readonly because: string;
}

/** Describes it. */
export function describeFlow(flow: ObservedFlow): DescribedFlow {
  const { time = '', verdict, protocol, source, destination, icmp, service, logged, node = '', count } = flow;
  const via = service === undefined ? '' : ` via service ${nameOfService(service)}`;
  const reasons = directionsOf(flow).map((direction) => {
    const decision = flow[direction];
    return decision === undefined ? '' : `${direction}: ${describeDecision(decision)}`;
  });
  return {
    time,
    verdict: logged === true ? 'logged' : verdict === 'allow' ? 'allowed' : 'denied',
    protocol: icmp === undefined ? formatProtocol(protocol) : `${formatProtocol(protocol)} ${icmp.type}/${icmp.code}`,
    source: withPort(source),
    destination: `${withPort(destination)}${namesIn(destination)}${via}`,
    node,
    because: [...reasons, ...(count > 1 ? [`${count} connections`] : []), ...(flow.isReply === true ? ['an answer'] : [])].join('; '),
  };
}

/** `rule ingress[0] of NetworkPolicy demo/web`, `no rule; isolated by NetworkPolicy demo/web`, or what else decided. */
export function describeDecision({ verdict, reason, policies, detail }: ObservedDecision): string {
  const names = policies.map(describeObservedPolicy).join(', ');
  if (reason === 'rule') return names === '' ? `a rule ${verdict === 'allow' ? 'allows' : 'denies'} it` : names;
  if (reason === 'no rule') return names === '' ? 'no rule allows it' : `no rule; isolated by ${names}`;
  return detail ?? (names === '' ? (verdict === 'allow' ? 'allowed' : 'no reason is told') : names);
}

/** `NetworkPolicy demo/web ingress[0].from[1]`. */
export function describeObservedPolicy({ kind, namespace, name, place }: ObservedPolicy): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}${place === undefined ? '' : ` ${place}`}`;
}

function namesIn({ domains = [] }: ObservedEnd): string {
  return domains.length === 0 ? '' : ` (${domains.join(', ')})`;
}

function withPort(end: ObservedEnd): string {
  const name = nameOfEnd(end);
  if (end.port === undefined) return name;
  const isBareAddress = end.address !== undefined && name === formatAddress(end.address);
  return isBareAddress && name.includes(':') ? `[${name}]:${end.port}` : `${name}:${end.port}`;
}
