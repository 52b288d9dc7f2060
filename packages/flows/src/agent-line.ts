/** Lines of the agent's own flow log (`weir agent run --flow-log`) as observed flows. */
import { describeOrigin } from '@weir/model';
import { hasPorts } from '@weir/net';
import { addressOf, domainsOf, type Fields, fieldsOf, listOf, portOf, protocolOf, textOf, timeOf } from './log-fields.ts';
import type { ObservedDecision, ObservedEnd, ObservedFlow, ObservedPolicy } from './observed-flow.ts';

/** The flow of a line; undefined when it tells of none. */
export function readAgentLine(line: Fields): ObservedFlow | undefined {
  const protocol = protocolOf(line['protocol']);
  const [source, destination] = [fieldsOf(line['source']), fieldsOf(line['destination'])];
  if (protocol === undefined || addressOf(source['ip']) === undefined || addressOf(destination['ip']) === undefined) return undefined;
  const [egress, ingress] = [decisionOf(line['egress']), decisionOf(line['ingress'])];
  const [time, node] = [timeOf(line['time']), textOf(line['node'])];
  const withPorts = hasPorts(protocol);
  return {
    format: 'weir',
    ...(time === undefined ? {} : { time }),
    ...(node === undefined ? {} : { node }),
    verdict: line['verdict'] === 'deny' ? 'deny' : 'allow',
    source: endOf(source, withPorts, isOwnNode(ingress) ? node : undefined),
    destination: endOf(destination, withPorts, isOwnNode(egress) ? node : undefined),
    ...serviceOf(line['service']),
    protocol,
    ...messageOf(line['icmp']),
    ...(egress === undefined ? {} : { egress }),
    ...(ingress === undefined ? {} : { ingress }),
    ...(line['logged'] === true ? { logged: true as const } : {}),
    isReply: false,
    count: 1,
  };
}

/** Let through because the other end is the node of the pod: the agent tells its address alone. */
function isOwnNode(decision: ObservedDecision | undefined): boolean {
  return decision?.reason === 'other' && decision.detail === 'own node';
}

function endOf(end: Fields, withPorts: boolean, ownNode: string | undefined): ObservedEnd {
  const [address, port, node] = [addressOf(end['ip']), portOf(end['port']), textOf(end['node']) ?? ownNode];
  const [namespace, pod] = textOf(end['pod'])?.split('/') ?? [];
  const domains = pod === undefined ? domainsOf(end['names']) : [];
  return {
    ...(address === undefined ? {} : { address }),
    ...(port === undefined || !withPorts ? {} : { port }),
    ...(namespace === undefined || pod === undefined ? {} : { namespace, pod }),
    ...(node === undefined ? {} : { is: 'node', name: node }),
    ...(domains.length === 0 ? {} : { domains }),
  };
}

function serviceOf(value: unknown): Pick<ObservedFlow, 'service'> {
  const { ip, port } = fieldsOf(value);
  const number = portOf(port);
  return typeof ip === 'string' ? { service: { ip, ...(number === undefined ? {} : { port: number }) } } : {};
}

function messageOf(value: unknown): Pick<ObservedFlow, 'icmp'> {
  const { type, code } = fieldsOf(value);
  return typeof type === 'number' && typeof code === 'number' ? { icmp: { type, code } } : {};
}

function decisionOf(value: unknown): ObservedDecision | undefined {
  if (value === undefined) return undefined;
  const { verdict, decidedBy, isolatedBy } = fieldsOf(value);
  const decided = fieldsOf(decidedBy);
  const base = { verdict: verdict === 'deny' ? ('deny' as const) : ('allow' as const) };
  if (decided['reason'] === 'rule') return { ...base, reason: 'rule', policies: [policyOf(decided, placeOf(decided))].flatMap(present) };
  if (decided['reason'] === 'end of tier' && base.verdict === 'deny')
    return { ...base, reason: 'no rule', policies: listOf(isolatedBy).flatMap((one) => present(policyOf(one))) };
  const detail = textOf(decided['detail']) ?? textOf(decided['reason']);
  return { ...base, reason: 'other', policies: [], ...(detail === undefined ? {} : { detail }) };
}

function policyOf(fields: Fields, place?: string): ObservedPolicy | undefined {
  const [kind, name, namespace, apiVersion] = ['kind', 'name', 'namespace', 'apiVersion'].map((key) => textOf(fields[key]));
  if (kind === undefined || name === undefined) return undefined;
  return {
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(place === undefined ? {} : { place }),
  };
}

function placeOf({ rule, peer, section, peers, direction }: Fields): string | undefined {
  if (typeof rule !== 'number' || (direction !== 'ingress' && direction !== 'egress')) return undefined;
  return describeOrigin({
    policy: { apiVersion: '', kind: '', name: '' },
    direction,
    ruleIndex: rule,
    ...(typeof peer === 'number' ? { peerIndex: peer } : {}),
    ...(typeof section === 'string' ? { section } : {}),
    ...(typeof peers === 'string' ? { peers } : {}),
  });
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
