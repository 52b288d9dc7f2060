/** What is tried of Calico's host endpoints, of the policies that select them, and of the settings that hold for all of them. */

import type { SupportCase, SupportedKind } from '../support-case.ts';
import { endAddresses } from '../support-world.ts';

const apiVersion = 'projectcalico.org/v3';
const { n1, n2 } = endAddresses;
const labelled = 'labels: { role: host }';
const host = `selector: 'role == "host"'`;

function policy(spec: string): string {
  return `apiVersion: ${apiVersion}\nkind: GlobalNetworkPolicy\nmetadata: { name: of-hosts }\nspec: { ${spec} }`;
}

/** A host endpoint of the node that enforces, beside another object. */
export function hostEndpoint(spec: string): string {
  return `apiVersion: ${apiVersion}\nkind: HostEndpoint\nmetadata: { name: uplink, labels: { role: host } }\nspec: { node: n1, ${spec} }`;
}

const allowTcp = 'ingress: [{ action: Allow, protocol: TCP }]';

const interfaceCases: readonly SupportCase[] = [
  {
    feature: 'node, interfaceName: closed without a policy and a profile, but for failsafe ports and what is forwarded',
    spec: 'node: n1\ninterfaceName: eth0',
    allowed: ['ext > n1 tcp 22', 'n1 > ext udp 53', 'ext > server tcp 80', 'a > n1 tcp 80', 'n1 > server tcp 80'],
    denied: ['ext > n1 tcp 80', 'ext > n1 icmp', 'n1 > ext tcp 80', 'b > n1 udp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'interfaceName: "*", all that do not lead to pods',
    spec: 'node: n1\ninterfaceName: "*"',
    allowed: ['ext > n1 tcp 22', 'ext > server tcp 80', 'a > n1 tcp 80'],
    denied: ['ext > n1 tcp 80', 'n1 > ext tcp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'expectedIPs: the interface that has one of them',
    spec: `node: n1\nexpectedIPs: ["${n1[4]}", "${n1[6]}"]`,
    allowed: ['ext > n1 tcp 22', 'ext > server tcp 80', 'a > n1 tcp 80'],
    denied: ['ext > n1 tcp 80', 'n1 > ext tcp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'node: another one, which is nothing here',
    spec: 'node: n2\ninterfaceName: eth0',
    allowed: ['ext > n1 tcp 80', 'n1 > ext tcp 80'],
    denied: [],
    isAboutNodes: true,
  },
  {
    feature: 'profiles: projectcalico-default-allow',
    spec: 'node: n1\ninterfaceName: eth0\nprofiles: [projectcalico-default-allow]',
    allowed: ['ext > n1 tcp 80', 'n1 > ext tcp 80', 'ext > server tcp 80'],
    denied: [],
    isAboutNodes: true,
  },
  {
    feature: 'labels, by which policies of the cluster select it',
    metadata: labelled,
    spec: 'node: n1\ninterfaceName: eth0',
    others: policy(`${host}, ${allowTcp}`),
    allowed: ['ext > n1 tcp 80', 'ext > n1 tcp 22', 'ext > server udp 80'],
    denied: ['ext > n1 udp 80', 'ext > n1 icmp'],
    isAboutNodes: true,
  },
  {
    feature: 'ports: names in rules',
    metadata: labelled,
    spec: 'node: n1\ninterfaceName: eth0\nports: [{ name: admin, protocol: TCP, port: 8080 }]',
    others: policy(`${host}, ingress: [{ action: Allow, protocol: TCP, destination: { ports: [admin] } }]`),
    allowed: ['ext > n1 tcp 8080'],
    denied: ['ext > n1 tcp 80', 'ext > n1 udp 8080'],
    isAboutNodes: true,
  },
  {
    feature: 'expectedIPs, by which rules of pods mean it',
    metadata: labelled,
    spec: `node: n2\ninterfaceName: eth0\nexpectedIPs: ["${n2[4]}"]`,
    others: policy(`selector: 'app == "server"', ingress: [{ action: Allow, source: { ${host} } }]`),
    allowed: ['n2 > server tcp 80 [4]'],
    denied: ['n2 > server tcp 80 [6]', 'a > server tcp 80', 'ext > server tcp 80'],
  },
];

/** Of policies of the cluster: the families in which they are asked about host endpoints. */
export const calicoFamilyCases: readonly SupportCase[] = [
  {
    feature: 'host endpoints: traffic of the node itself, in both directions',
    spec: `${host}\ningress: [{ action: Allow, protocol: TCP }]\negress: [{ action: Allow, protocol: UDP }]`,
    others: hostEndpoint('interfaceName: eth0'),
    allowed: ['ext > n1 tcp 80', 'n1 > ext udp 80', 'ext > server udp 80'],
    denied: ['ext > n1 udp 80', 'n1 > ext tcp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'host endpoints: applyOnForward, what goes through as well',
    spec: `${host}\napplyOnForward: true\ningress: [{ action: Allow, protocol: TCP }]\negress: [{ action: Allow, protocol: UDP }]`,
    others: hostEndpoint('interfaceName: eth0'),
    allowed: ['ext > n1 tcp 80', 'ext > server tcp 80', 'server > ext udp 80', 'a > server icmp'],
    denied: ['ext > server udp 80', 'server > ext tcp 80', 'ext > n1 udp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'host endpoints: preDNAT, before services are translated',
    spec: `${host}\npreDNAT: true\napplyOnForward: true\ningress: [{ action: Deny, protocol: TCP, destination: { ports: [80] } }]`,
    others: hostEndpoint('interfaceName: eth0, profiles: [projectcalico-default-allow]'),
    allowed: ['ext > n1 tcp 81', 'ext > server tcp 81', 'ext > n1 udp 80', 'server > ext tcp 80'],
    denied: ['ext > n1 tcp 80', 'ext > server tcp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'host endpoints: doNotTrack, before connection tracking',
    spec: `${host}
doNotTrack: true
applyOnForward: true
ingress: [{ action: Deny, protocol: UDP, destination: { ports: [80] } }, { action: Allow, protocol: UDP, destination: { ports: [81] } }]
egress: [{ action: Deny, protocol: UDP, destination: { ports: [443] } }]`,
    others: hostEndpoint('interfaceName: eth0, profiles: [projectcalico-default-allow]'),
    allowed: ['ext > n1 udp 81', 'ext > n1 udp 443', 'ext > server tcp 80', 'n1 > ext tcp 80'],
    denied: ['ext > n1 udp 80', 'ext > server udp 80', 'n1 > ext udp 443'],
    isAboutNodes: true,
  },
];

const closed = hostEndpoint('interfaceName: eth0');

const settingCases: readonly SupportCase[] = [
  {
    feature: 'failsafeInboundHostPorts, failsafeOutboundHostPorts',
    spec: `failsafeInboundHostPorts: [{ protocol: TCP, port: 80 }, { protocol: UDP, port: 81, net: 203.0.113.0/28 }]
failsafeOutboundHostPorts: [{ protocol: TCP, port: 443 }]`,
    others: closed,
    allowed: ['ext > n1 tcp 80', 'ext > n1 udp 81 [4]', 'n1 > ext tcp 443'],
    denied: ['ext > n1 tcp 22', 'far > n1 udp 81', 'n1 > ext udp 53'],
    isAboutNodes: true,
  },
  {
    feature: 'defaultEndpointToHostAction: Drop',
    spec: 'defaultEndpointToHostAction: Drop',
    others: closed,
    allowed: ['ext > n1 tcp 22', 'a > server tcp 80'],
    denied: ['a > n1 tcp 80', 'server > n1 udp 80'],
    isAboutNodes: true,
  },
  ...['Accept', 'Return'].map(
    (action): SupportCase => ({
      feature: `defaultEndpointToHostAction: ${action}`,
      spec: `defaultEndpointToHostAction: ${action}`,
      others: closed,
      allowed: ['a > n1 tcp 80', 'ext > n1 tcp 22'],
      denied: ['ext > n1 tcp 80'],
      isAboutNodes: true,
    }),
  ),
];

const calico = { apiVersion, engine: 'calico', isNamespaced: false } as const;

/** Kinds that are about nodes. */
export const calicoHostCases: readonly SupportedKind[] = [
  {
    ...calico,
    kind: 'HostEndpoint',
    about: 'A back end that refuses a host endpoint closes and opens nothing for it: the node is as reachable as without one.',
    cases: interfaceCases,
  },
  {
    ...calico,
    kind: 'FelixConfiguration',
    name: 'default',
    about: 'Of its many fields those that host endpoints depend on.',
    cases: settingCases,
  },
];
