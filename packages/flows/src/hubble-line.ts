/**
 * Lines of Hubble (`hubble observe -o json`, its exporter's files) as observed flows.
 *
 * The fields are those of the `Flow` message of Cilium's `flow/flow.proto` in protobuf's JSON with the names of the file.
 */
import { type ProtocolNumber, protocolNumber } from '@weir/net';
import { addressOf, domainsOf, type Fields, fieldsOf, labelsOf, listOf, portOf, textOf, timeOf, withFileNames } from './log-fields.ts';
import {
  nameOfService,
  type ObservedDecision,
  type ObservedEnd,
  type ObservedFlow,
  type ObservedPolicy,
  type ObservedService,
} from './observed-flow.ts';

/** Drops that policies are the reason of: no rule allows it, a rule denies it. */
const noRule: readonly unknown[] = ['POLICY_DENIED', 133];
const byRule: readonly unknown[] = ['POLICY_DENY', 181];

/** What the verdicts come to; the others tell of no connection that was let through or dropped. */
const verdicts: ReadonlyMap<unknown, ObservedFlow['verdict']> = new Map([
  ['FORWARDED', 'allow'],
  ['REDIRECTED', 'allow'],
  ['AUDIT', 'allow'],
  ['DROPPED', 'deny'],
]);

/** Verdicts in the order of their numbers: protobuf's JSON may have either. The others tell of more than connections being let through or dropped. */
const numberedVerdicts = ['VERDICT_UNKNOWN', 'FORWARDED', 'DROPPED', 'ERROR', 'AUDIT', 'REDIRECTED', 'TRACED', 'TRANSLATED'] as const;
const numberedDirections = ['TRAFFIC_DIRECTION_UNKNOWN', 'INGRESS', 'EGRESS'] as const;

/** Names of Hubble's for the protocols of layer 4. */
const layer4: Readonly<Record<string, ProtocolNumber>> = {
  TCP: protocolNumber.TCP,
  UDP: protocolNumber.UDP,
  SCTP: protocolNumber.SCTP,
  ICMPv4: protocolNumber.ICMP,
  ICMPv6: protocolNumber.ICMPv6,
};

/** Whether it has what every flow of Hubble's has, at least one of it. */
export function isOfHubble(flow: Fields): boolean {
  return ['verdict', 'Type', 'event_type', 'eventType'].some((name) => name in flow);
}

/** Whether a `flow` object tells of something else than a connection that was let through or dropped, or of one whose protocol Hubble does not tell. */
export function isOtherOfHubble(flow: Fields): boolean {
  const verdict = verdictOf(flow);
  if (verdict === undefined || !isOfHubble(flow)) return false;
  return !verdicts.has(verdict) || !Object.keys(fieldsOf(flow['l4'])).some((name) => Object.hasOwn(layer4, name));
}

/** By its name; the first one is left out by protobuf's JSON. Undefined: it is none of Hubble's. */
function verdictOf({ verdict = 0 }: Fields): string | undefined {
  return typeof verdict === 'number' ? numberedVerdicts[verdict] : numberedVerdicts.find((name) => name === verdict);
}

/** The flow of a `flow` object; undefined when it tells of no connection. */
export function readHubbleFlow(given: Fields): ObservedFlow | undefined {
  const flow = 'nodeName' in given || 'trafficDirection' in given || 'eventType' in given ? withFileNames(given) : given;
  const verdict = verdicts.get(verdictOf(flow));
  const carried = Object.entries(fieldsOf(flow['l4'])).find(([name]) => Object.hasOwn(layer4, name));
  const ip = fieldsOf(flow['IP']);
  if (verdict === undefined || carried === undefined) return undefined;
  const [name, transport] = [carried[0], fieldsOf(carried[1])];
  const [time, node] = [timeOf(flow['time']), textOf(flow['node_name'])];
  const isIcmp = name.startsWith('ICMP');
  const reply = isReply(flow, transport);
  const service = serviceOf(fieldsOf(flow['destination_service']));
  return {
    format: 'hubble',
    ...(time === undefined ? {} : { time }),
    ...(node === undefined ? {} : { node }),
    verdict,
    source: endOf(fieldsOf(flow['source']), { ip: ip['source'], port: transport['source_port'], names: flow['source_names'], node }),
    destination: notTranslated(
      endOf(fieldsOf(flow['destination']), {
        ip: ip['destination'],
        port: transport['destination_port'],
        names: flow['destination_names'],
        node,
      }),
      service,
    ),
    ...(service === undefined ? {} : { service }),
    protocol: layer4[name] ?? 0,
    ...(isIcmp ? { icmp: { type: Number(transport['type'] ?? 0), code: Number(transport['code'] ?? 0) } } : {}),
    ...decisionsOf(flow, verdict),
    ...(reply === undefined ? {} : { isReply: reply }),
    count: 1,
  };
}

function serviceOf(service: Fields): ObservedService | undefined {
  const [name, namespace] = [textOf(service['name']), textOf(service['namespace'])];
  return name === undefined ? undefined : { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Hubble sees some packets before their address is that of a pod, which belongs to nobody in the cluster then. */
function notTranslated(end: ObservedEnd, service: ObservedService | undefined): ObservedEnd {
  if (service === undefined || end.is !== 'outside' || end.isApiServer === true) return end;
  return { ...end, is: 'service', name: nameOfService(service) };
}

/** As Hubble says; of TCP a first packet is known by its flags. */
function isReply(flow: Fields, transport: Fields): boolean | undefined {
  const said = flow['is_reply'] ?? flow['reply'];
  const flags = fieldsOf(transport['flags']);
  if (flags['SYN'] === true) return flags['ACK'] === true;
  return typeof said === 'boolean' ? said : undefined;
}

/** What is told of an end elsewhere in the line, and the node that tells. */
interface EndPlace {
  readonly ip: unknown;
  readonly port: unknown;
  readonly names: unknown;
  readonly node: string | undefined;
}

function endOf(end: Fields, { ip, port: portValue, names, node }: EndPlace): ObservedEnd {
  const texts = Array.isArray(end['labels']) ? end['labels'] : [];
  const isReserved = (name: string): boolean => texts.includes(`reserved:${name}`);
  const [address, port, namespace, pod] = [addressOf(ip), portOf(portValue), textOf(end['namespace']), textOf(end['pod_name'])];
  const labels = podLabelsOf(texts);
  const domains = domainsOf(names);
  const [workload] = listOf(end['workloads']);
  const [workloadName, workloadKind] = [textOf(workload?.['name']), textOf(workload?.['kind'])];
  return {
    ...(address === undefined ? {} : { address }),
    ...(port === undefined || port === 0 ? {} : { port }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(pod === undefined ? {} : { pod }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(workloadName === undefined
      ? {}
      : { workload: { name: workloadName, ...(workloadKind === undefined ? {} : { kind: workloadKind }) } }),
    ...(pod === undefined ? placeOf(isReserved, node) : {}),
    ...(pod === undefined && domains.length > 0 ? { domains } : {}),
  };
}

/** The node that tells is `host` there, its name without that of the cluster; of others only the address is known. */
function placeOf(isReserved: (name: string) => boolean, node: string | undefined): Pick<ObservedEnd, 'is' | 'name' | 'isApiServer'> {
  if (isReserved('host')) {
    const name = node === undefined ? {} : { name: node.slice(node.lastIndexOf('/') + 1) };
    return { is: 'node', ...name, ...(isReserved('kube-apiserver') ? { isApiServer: true as const } : {}) };
  }
  const isApiServer = isReserved('kube-apiserver') ? { isApiServer: true as const } : {};
  // With both families Cilium has an identity for each.
  if (isReserved('world') || isReserved('world-ipv4') || isReserved('world-ipv6')) return { is: 'outside', ...isApiServer };
  // The health endpoint of a node is the agent's own.
  return isReserved('remote-node') || isReserved('kube-apiserver') || isReserved('health') ? { is: 'node', ...isApiServer } : {};
}

/** Those that Kubernetes gave, without what Cilium adds of the namespace and of its own. */
function podLabelsOf(texts: readonly unknown[]): Readonly<Record<string, string>> {
  const own = texts.flatMap((text) =>
    typeof text === 'string' && text.startsWith('k8s:') && !/^k8s:io\.(kubernetes\.pod|cilium)\./.test(text) ? [text.slice(4)] : [],
  );
  return labelsOf(own);
}

function decisionsOf(flow: Fields, verdict: ObservedFlow['verdict']): Pick<ObservedFlow, 'egress' | 'ingress'> {
  const given = flow['traffic_direction'];
  const told = typeof given === 'number' ? numberedDirections[given] : given;
  const direction = told === 'EGRESS' ? 'egress' : told === 'INGRESS' ? 'ingress' : undefined;
  const named = (which: 'egress' | 'ingress', what: 'allowed' | 'denied'): ObservedPolicy[] =>
    listOf(flow[`${which}_${what}_by`]).flatMap(policyOf);
  const found: { egress?: ObservedDecision; ingress?: ObservedDecision } = {};
  for (const each of ['egress', 'ingress'] as const) {
    const policies = named(each, verdict === 'allow' ? 'allowed' : 'denied');
    if (each === direction || policies.length > 0) found[each] = decisionOf(flow, verdict, policies);
  }
  return found;
}

function decisionOf(flow: Fields, verdict: ObservedFlow['verdict'], policies: readonly ObservedPolicy[]): ObservedDecision {
  if (verdict === 'allow') {
    if (verdictOf(flow) === 'AUDIT') return { verdict, reason: 'other', policies, detail: 'audit: it would have been denied' };
    return policies.length > 0 ? { verdict, reason: 'rule', policies } : { verdict, reason: 'other', policies };
  }
  const reason = flow['drop_reason_desc'] ?? flow['drop_reason'];
  if (byRule.includes(reason) || policies.length > 0) return { verdict, reason: 'rule', policies };
  if (noRule.includes(reason)) return { verdict, reason: 'no rule', policies };
  return { verdict, reason: 'other', policies, detail: `dropped: ${typeof reason === 'string' ? reason : 'no reason is told'}` };
}

function policyOf(policy: Fields): ObservedPolicy[] {
  const [name, namespace, kind] = [textOf(policy['name']), textOf(policy['namespace']), textOf(policy['kind'])];
  if (name === undefined) return [];
  const otherwise = namespace === undefined ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy';
  return [{ kind: kind ?? otherwise, name, ...(namespace === undefined ? {} : { namespace }) }];
}
