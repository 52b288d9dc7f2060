/** ClusterNetworkPolicies into the form that the kinds of administrators have in common. */
import type { KubeObject } from '@weir/kube';
import { defined, type PortRange } from '@weir/net';
import type { AdministratorPolicy, AdministratorPolicyKind, AdministratorPorts, AdministratorRule } from './administrator-policy.ts';
import {
  administratorGroup,
  type ClusterNetworkPolicy,
  type ClusterNetworkPolicyProtocol,
  type ClusterNetworkPolicyRule,
  type DestinationPort,
} from './cluster-network-policy.ts';
import { clusterNetworkPolicyDefinition } from './cluster-network-policy-definition.ts';

/** How ClusterNetworkPolicies are read. */
export const clusterNetworkPolicyKind: AdministratorPolicyKind = {
  policyKind: {
    group: administratorGroup,
    versions: ['v1alpha2'],
    kind: 'ClusterNetworkPolicy',
    plural: 'clusternetworkpolicies',
    namespaced: false,
    condition: 'Accepted',
  },
  definition: clusterNetworkPolicyDefinition,
  tier: 'by field',
  allowing: 'Accept',
  portsField: 'protocols',
  read,
};

const actions = { Accept: 'allow', Deny: 'deny', Pass: 'pass' } as const;

function read(object: KubeObject): AdministratorPolicy {
  const { tier, priority, subject, ingress = [], egress = [] } = (object as ClusterNetworkPolicy).spec;
  return { tier, order: priority, subject, ingress: ingress.map(readRule), egress: egress.map(readRule) };
}

function readRule({ action, from, to, protocols }: ClusterNetworkPolicyRule): AdministratorRule {
  const ports = protocols?.map(readProtocol);
  return { action: actions[action], peers: from ?? to ?? [], ...(ports === undefined ? {} : { ports }) };
}

function readProtocol({ tcp, udp, sctp, destinationNamedPort }: ClusterNetworkPolicyProtocol): AdministratorPorts {
  if (destinationNamedPort !== undefined) return { name: destinationNamedPort };
  const protocol = tcp !== undefined ? 'TCP' : udp !== undefined ? 'UDP' : 'SCTP';
  return { protocol, range: rangeOf((tcp ?? udp ?? sctp)?.destinationPort) };
}

function rangeOf(port: DestinationPort | undefined): PortRange {
  const { number, range } = defined(port, 'the schema let a protocol without ports through');
  if (range !== undefined) return { first: range.start, last: range.end };
  const only = defined(number, 'the schema let a port without number and range through');
  return { first: only, last: only };
}
