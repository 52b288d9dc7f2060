/**
 * An observed flow as Hubble writes it (`hubble observe -o json`), for whatever reads that.
 *
 * Cilium's numbers of identities are not known and left out, but for the reserved ones.
 */
import { formatAddress, formatProtocol, isIcmp, protocolNumber } from '@weir/net';
import { directionsOf, type ObservedDecision, type ObservedEnd, type ObservedFlow, type ObservedPolicy } from './observed-flow.ts';

/** What a pod is, for logs that do not tell. */
export interface PodFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly workload?: { readonly kind: string; readonly name: string };
}

/** One end: a pod with its labels, or what is reserved. */
export interface HubbleEndJson {
  /** Of what is no pod: 1 the node itself, 2 outside, 6 another node. */
  readonly identity?: number;
  readonly namespace?: string;
  /** `k8s:app=web`, `reserved:world`. */
  readonly labels?: readonly string[];
  readonly pod_name?: string;
  readonly workloads?: readonly { readonly name: string; readonly kind?: string }[];
}

/** A policy that allowed or denied. */
export interface HubblePolicyJson {
  readonly name: string;
  readonly namespace?: string;
  readonly kind: string;
}

/** What of layer 4 is told; none for protocols that Hubble has no name for. */
export type HubbleLayer4Json = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The connection; the names of fields are those of Cilium's `flow.proto`. */
export interface HubbleFlowJson {
  readonly time?: string;
  readonly verdict: 'FORWARDED' | 'DROPPED';
  /** 133: no rule allows it, 181: a rule denies it; absent for what is dropped without asking policies. */
  readonly drop_reason?: number;
  readonly drop_reason_desc?: 'POLICY_DENIED' | 'POLICY_DENY' | 'DROP_REASON_UNKNOWN';
  readonly IP?: { readonly source: string; readonly destination: string; readonly ipVersion: 'IPv4' | 'IPv6' };
  readonly l4?: HubbleLayer4Json;
  readonly source: HubbleEndJson;
  readonly destination: HubbleEndJson;
  readonly Type: 'L3_L4';
  readonly node_name?: string;
  /** Names that the destination was asked for by. */
  readonly destination_names?: readonly string[];
  /** The service that was spoken to, where its name is known. */
  readonly destination_service?: { readonly name: string; readonly namespace: string };
  readonly is_reply: boolean | null;
  /** 5: a policy's verdict; 1: a drop. */
  readonly event_type: { readonly type: number; readonly sub_type?: number };
  readonly traffic_direction: 'EGRESS' | 'INGRESS' | 'TRAFFIC_DIRECTION_UNKNOWN';
  readonly Summary: string;
  readonly egress_allowed_by?: readonly HubblePolicyJson[];
  readonly ingress_allowed_by?: readonly HubblePolicyJson[];
  readonly egress_denied_by?: readonly HubblePolicyJson[];
  readonly ingress_denied_by?: readonly HubblePolicyJson[];
}

/** One line. */
export interface HubbleLineJson {
  readonly flow: HubbleFlowJson;
  readonly node_name?: string;
  readonly time?: string;
}

/** Writes it; `podFacts` says what pods of that name are, where the log does not. */
export function hubbleJson(flow: ObservedFlow, podFacts: (pod: string) => PodFacts | undefined = () => undefined): HubbleLineJson {
  const { time, node, verdict, source, destination } = flow;
  const [from, to] = [source.address, destination.address];
  const layer4 = layer4Of(flow);
  const nodeName = node === undefined ? {} : { node_name: node };
  const when = time === undefined ? {} : { time };
  return {
    flow: {
      ...when,
      verdict: verdict === 'allow' ? 'FORWARDED' : 'DROPPED',
      ...dropOf(flow),
      ...(from === undefined || to === undefined
        ? {}
        : { IP: { source: formatAddress(from), destination: formatAddress(to), ipVersion: from.family === 4 ? 'IPv4' : 'IPv6' } }),
      ...(layer4 === undefined ? {} : { l4: layer4 }),
      source: endOf(source, flow.node, podFacts),
      destination: endOf(destination, flow.node, podFacts),
      Type: 'L3_L4',
      ...nodeName,
      ...(destination.domains === undefined ? {} : { destination_names: destination.domains }),
      ...serviceOf(flow),
      is_reply: flow.isReply ?? null,
      event_type: verdict === 'allow' ? { type: 5 } : { type: 1, sub_type: dropOf(flow).drop_reason ?? 0 },
      traffic_direction: trafficDirection(flow),
      Summary: summaryOf(flow),
      ...policiesOf(flow),
    },
    ...nodeName,
    ...when,
  };
}

/** Of something outside Hubble tells a service only where the address is the service's own, and this one is that of the machine behind it. */
function serviceOf({ service, destination }: ObservedFlow): Pick<HubbleFlowJson, 'destination_service'> {
  if (service?.name === undefined || service.namespace === undefined) return {};
  if (destination.pod === undefined && destination.is !== 'node' && destination.is !== 'service') return {};
  return { destination_service: { name: service.name, namespace: service.namespace } };
}

/** The direction whose word was the last: of a connection inside of one node that is the destination's. */
function trafficDirection(flow: ObservedFlow): HubbleFlowJson['traffic_direction'] {
  const last = directionsOf(flow).at(-1);
  return last === undefined ? 'TRAFFIC_DIRECTION_UNKNOWN' : last === 'egress' ? 'EGRESS' : 'INGRESS';
}

function dropOf(flow: ObservedFlow): Pick<HubbleFlowJson, 'drop_reason' | 'drop_reason_desc'> {
  if (flow.verdict === 'allow') return {};
  const denying = [flow.egress, flow.ingress].find((decision) => decision?.verdict === 'deny');
  if (denying?.reason === 'rule') return { drop_reason: 181, drop_reason_desc: 'POLICY_DENY' };
  if (denying?.reason === 'no rule') return { drop_reason: 133, drop_reason_desc: 'POLICY_DENIED' };
  return { drop_reason_desc: 'DROP_REASON_UNKNOWN' };
}

function layer4Of({ protocol, source, destination, icmp }: ObservedFlow): HubbleLayer4Json | undefined {
  if (isIcmp(protocol)) {
    const name = protocol === protocolNumber.ICMP ? 'ICMPv4' : 'ICMPv6';
    return { [name]: icmp === undefined ? {} : { type: icmp.type, code: icmp.code } };
  }
  const ports = {
    ...(source.port === undefined ? {} : { source_port: source.port }),
    ...(destination.port === undefined ? {} : { destination_port: destination.port }),
  };
  if (protocol === protocolNumber.TCP) return { TCP: { ...ports, flags: { SYN: true } } };
  if (protocol === protocolNumber.UDP) return { UDP: ports };
  return protocol === protocolNumber.SCTP ? { SCTP: ports } : undefined;
}

function summaryOf({ protocol, icmp }: ObservedFlow): string {
  if (protocol === protocolNumber.TCP) return 'TCP Flags: SYN';
  if (!isIcmp(protocol) || icmp === undefined) return formatProtocol(protocol);
  return `${protocol === protocolNumber.ICMP ? 'ICMPv4' : 'ICMPv6'} type ${icmp.type} code ${icmp.code}`;
}

function endOf(end: ObservedEnd, node: string | undefined, podFacts: (pod: string) => PodFacts | undefined): HubbleEndJson {
  const { namespace, pod } = end;
  if (namespace === undefined || pod === undefined) return placeOf(end, node);
  const facts = podFacts(`${namespace}/${pod}`);
  const labels = end.labels ?? facts?.labels ?? {};
  const workload = end.workload ?? facts?.workload;
  return {
    namespace,
    labels: [
      ...Object.entries(labels)
        .map(([key, value]) => `k8s:${key}=${value}`)
        .sort(),
      `k8s:io.kubernetes.pod.namespace=${namespace}`,
    ],
    pod_name: pod,
    ...(workload === undefined ? {} : { workloads: [workload] }),
  };
}

function placeOf({ is, name, namespace }: ObservedEnd, node: string | undefined): HubbleEndJson {
  if (namespace !== undefined) return { namespace };
  if (is !== 'node') return { identity: 2, labels: ['reserved:world'] };
  return name === undefined || name === node
    ? { identity: 1, labels: ['reserved:host'] }
    : { identity: 6, labels: ['reserved:remote-node'] };
}

function policiesOf(flow: ObservedFlow): Partial<HubbleFlowJson> {
  const of = (decision: ObservedDecision | undefined): readonly HubblePolicyJson[] | undefined =>
    decision?.reason === 'rule' && decision.policies.length > 0 ? decision.policies.map(policyJson) : undefined;
  return Object.fromEntries(
    directionsOf(flow).flatMap((direction) => {
      const policies = of(flow[direction]);
      const what = flow[direction]?.verdict === 'allow' ? 'allowed' : 'denied';
      return policies === undefined ? [] : [[`${direction}_${what}_by`, policies]];
    }),
  );
}

function policyJson({ kind, namespace, name }: ObservedPolicy): HubblePolicyJson {
  return { name, ...(namespace === undefined ? {} : { namespace }), kind };
}
