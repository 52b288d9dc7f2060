/** What is tried of whom rules of egress are about, in Cilium's policies. */
import type { SupportCase } from '../support-case.ts';

const client = 'endpointSelector: { matchLabels: { app: a } }';
const egress = (rule: string): string => `${client}\negress: [{ ${rule} }]`;
const deny = (rule: string): string => `${client}\negress: [{ toEntities: [all] }]\negressDeny: [{ ${rule} }]`;

const peers: readonly SupportCase[] = [
  {
    feature: 'toEndpoints',
    spec: egress('toEndpoints: [{ matchLabels: { app: server } }, { matchLabels: { "k8s:io.kubernetes.pod.namespace": other } }]'),
    allowed: ['a > server tcp 80', 'a > c icmp', 'server > a tcp 80'],
    denied: ['a > b tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'toEntities: host',
    spec: egress('toEntities: [host]'),
    allowed: ['a > n1 tcp 80'],
    denied: ['a > n2 tcp 80', 'a > server tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'toEntities: remote-node, world',
    spec: egress('toEntities: [remote-node, world]'),
    allowed: ['a > n2 tcp 80', 'a > ext tcp 80'],
    denied: ['a > n1 tcp 80', 'a > server tcp 80'],
  },
  {
    feature: 'toEntities: cluster',
    spec: egress('toEntities: [cluster]'),
    allowed: ['a > n1 tcp 80', 'a > n2 tcp 80', 'a > server tcp 80', 'a > c tcp 80'],
    denied: ['a > ext tcp 80'],
  },
  {
    feature: 'toEntities: kube-apiserver',
    spec: egress('toEntities: [kube-apiserver]'),
    allowed: ['a > far tcp 443 [4]'],
    denied: ['a > ext tcp 443', 'a > server tcp 80'],
  },
  {
    feature: 'toCIDR, toCIDRSet',
    spec: `${client}
egress:
  - { toCIDR: ["2001:db8::/64"] }
  - { toCIDRSet: [{ cidr: 203.0.113.0/24, except: [203.0.113.64/26] }, { cidrGroupRef: absent }, { cidrGroupSelector: {} }] }`,
    allowed: ['a > ext tcp 80'],
    denied: ['a > far tcp 80', 'a > server tcp 80', 'a > n1 tcp 80'],
  },
  {
    feature: 'toNodes',
    spec: egress('toNodes: [{ matchLabels: { zone: away } }]'),
    allowed: ['a > n2 tcp 80'],
    denied: ['a > n1 tcp 80', 'a > server tcp 80'],
  },
  {
    feature: 'toServices: k8sService, of pods and of addresses outside',
    spec: egress(
      'toServices: [{ k8sService: { serviceName: web, namespace: shop } }, { k8sService: { serviceName: partner, namespace: shop } }]',
    ),
    allowed: ['a > server tcp 80', 'a > ext tcp 80'],
    denied: ['a > b tcp 80', 'a > far tcp 80'],
  },
  {
    feature: 'toServices: k8sServiceSelector',
    spec: egress('toServices: [{ k8sServiceSelector: { selector: { matchLabels: { kind: inside } }, namespace: shop } }]'),
    allowed: ['a > server tcp 80'],
    denied: ['a > b tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'toFQDNs: matchName',
    spec: egress('toFQDNs: [{ matchName: www.example.org }]'),
    allowed: ['a > ext tcp 80'],
    denied: ['a > far tcp 80', 'a > server tcp 80'],
  },
  {
    feature: 'toFQDNs: matchPattern',
    spec: egress('toFQDNs: [{ matchPattern: "*.www.example.org" }]'),
    allowed: ['a > far tcp 80'],
    denied: ['a > ext tcp 80', 'a > server tcp 80'],
  },
];

const denials: readonly SupportCase[] = [
  {
    feature: 'egressDeny: toEndpoints, toEntities',
    spec: `${client}
egress: [{ toEntities: [all] }]
egressDeny: [{ toEndpoints: [{ matchLabels: { app: server } }] }, { toEntities: [host] }]`,
    allowed: ['a > b tcp 80', 'a > n2 tcp 80', 'a > ext tcp 80'],
    denied: ['a > server tcp 80', 'a > n1 tcp 80'],
  },
  {
    feature: 'egressDeny: toCIDR, toCIDRSet',
    spec: `${client}
egress: [{ toEntities: [all] }]
egressDeny:
  - { toCIDR: ["2001:db8::/64"] }
  - { toCIDRSet: [{ cidr: 203.0.113.0/24, except: [203.0.113.64/26] }, { cidrGroupRef: absent }, { cidrGroupSelector: {} }] }`,
    allowed: ['a > far tcp 80', 'a > server tcp 80'],
    denied: ['a > ext tcp 80'],
  },
  {
    feature: 'egressDeny: toNodes',
    spec: deny('toNodes: [{ matchLabels: { zone: away } }]'),
    allowed: ['a > n1 tcp 80', 'a > server tcp 80'],
    denied: ['a > n2 tcp 80'],
  },
  {
    feature: 'egressDeny: toServices',
    spec: deny(
      'toServices: [{ k8sService: { serviceName: partner, namespace: shop } }, { k8sServiceSelector: { selector: { matchLabels: { kind: inside } }, namespace: shop } }]',
    ),
    allowed: ['a > b tcp 80', 'a > far tcp 80'],
    denied: ['a > server tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'egressDeny: toPorts, icmps',
    spec: `${client}
egress: [{ toEntities: [all] }]
egressDeny:
  - { toEndpoints: [{ matchLabels: { app: server } }], toPorts: [{ ports: [{ port: "80", endPort: 81, protocol: TCP }] }] }
  - { icmps: [{ fields: [{ family: IPv6, type: EchoRequest }] }] }`,
    allowed: ['a > server tcp 443', 'a > b tcp 80', 'a > server icmp [4]'],
    denied: ['a > server tcp 80', 'a > server tcp 81', 'a > server icmp [6]'],
  },
];

const refused: readonly SupportCase[] = [
  ['toRequires', egress('toEndpoints: [{ matchLabels: { app: server } }], toRequires: [{ matchLabels: { level: back } }]')],
  ['toGroups', egress('toGroups: [{ aws: { securityGroupsIds: [sg-1] } }]')],
  ['egressDeny: toRequires', deny('toRequires: [{ matchLabels: { level: back } }]')],
  ['egressDeny: toGroups', deny('toGroups: [{ aws: { securityGroupsIds: [sg-1] } }]')],
].map(([feature = '', spec = '']) => ({
  feature,
  spec,
  allowed: ['server > a tcp 80'],
  denied: ['a > server tcp 80', 'a > ext tcp 80'],
  isRefused: true,
}));

/** Of both kinds. */
export const ciliumEgressCases: readonly SupportCase[] = [...peers, ...denials, ...refused];
