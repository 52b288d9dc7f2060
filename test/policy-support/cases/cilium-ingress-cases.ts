/** What is tried of whom rules of ingress are about, in Cilium's policies. */
import type { SupportCase } from '../support-case.ts';

const server = 'endpointSelector: { matchLabels: { app: server } }';
const ingress = (rule: string): string => `${server}\ningress: [{ ${rule} }]`;
const deny = (rule: string): string => `${server}\ningress: [{ fromEntities: [all] }]\ningressDeny: [{ ${rule} }]`;

/** An entity, and who it is. */
const entity = (name: string, allowed: readonly string[], denied: readonly string[]): SupportCase => ({
  feature: `fromEntities: ${name}`,
  spec: ingress(`fromEntities: [${name}]`),
  allowed: ['n1 > server tcp 80', ...allowed],
  denied,
});

const entities: readonly SupportCase[] = [
  entity('all', ['a > server tcp 80', 'ext > server icmp', 'n2 > server tcp 80'], []),
  entity('world', ['ext > server tcp 80', 'far > server tcp 80'], ['a > server tcp 80', 'n2 > server tcp 80']),
  entity('world-ipv4', ['ext > server tcp 80 [4]'], ['ext > server tcp 80 [6]', 'a > server tcp 80']),
  entity('world-ipv6', ['ext > server tcp 80 [6]'], ['ext > server tcp 80 [4]', 'a > server tcp 80']),
  entity('cluster', ['a > server tcp 80', 'c > server tcp 80', 'n2 > server tcp 80'], ['ext > server tcp 80']),
  entity('host', [], ['a > server tcp 80', 'n2 > server tcp 80', 'ext > server tcp 80']),
  entity('remote-node', ['n2 > server tcp 80'], ['a > server tcp 80', 'ext > server tcp 80']),
  entity('kube-apiserver', ['far > server tcp 80 [4]'], ['ext > server tcp 80', 'n2 > server tcp 80', 'a > server tcp 80']),
  {
    feature: 'fromEntities: init, ingress, health, unmanaged, none, which nobody is here',
    spec: ingress('fromEntities: [init, ingress, health, unmanaged, none]'),
    allowed: ['n1 > server tcp 80'],
    denied: ['a > server tcp 80', 'ext > server tcp 80', 'n2 > server tcp 80'],
  },
];

const peers: readonly SupportCase[] = [
  {
    feature: 'fromEndpoints: in the namespace of the policy, or in all of a policy of the cluster',
    spec: ingress('fromEndpoints: [{ matchLabels: { app: a } }, { matchExpressions: [{ key: level, operator: In, values: [middle] }] }]'),
    allowed: ['a > server tcp 80', 'b > server icmp'],
    denied: ['c > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'fromEndpoints: in other namespaces, by name or labels',
    spec: ingress(
      'fromEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": other } }, { matchLabels: { io.cilium.k8s.namespace.labels.team: red, app: b } }]',
    ),
    allowed: ['c > server tcp 80', 'b > server tcp 80'],
    denied: ['a > server tcp 80'],
  },
  {
    feature: 'fromEndpoints: labels of the source reserved',
    spec: ingress('fromEndpoints: [{ matchLabels: { "reserved:world": "" } }]'),
    allowed: ['ext > server tcp 80'],
    denied: ['a > server tcp 80', 'n2 > server tcp 80'],
  },
  {
    feature: 'fromCIDR, which means no pods and no nodes',
    spec: ingress('fromCIDR: [203.0.113.0/28, "2001:db8:1::1", 10.224.0.0/12]'),
    allowed: ['ext > server tcp 80 [4]', 'far > server tcp 80 [6]'],
    denied: ['far > server tcp 80 [4]', 'ext > server tcp 80 [6]', 'a > server tcp 80', 'n2 > server tcp 80'],
  },
  {
    feature: 'fromCIDRSet: cidr, except',
    spec: ingress('fromCIDRSet: [{ cidr: 203.0.113.0/24, except: [203.0.113.64/26] }]'),
    allowed: ['ext > server tcp 80 [4]'],
    denied: ['far > server tcp 80', 'a > server tcp 80'],
  },
  {
    feature: 'fromCIDRSet: cidrGroupRef, cidrGroupSelector of groups that are not there: nobody',
    spec: ingress('fromCIDRSet: [{ cidrGroupRef: absent }, { cidrGroupSelector: { matchLabels: { absent: "" } } }]'),
    allowed: ['server > a tcp 80'],
    denied: ['ext > server tcp 80', 'a > server tcp 80'],
  },
  {
    feature: 'fromNodes',
    spec: ingress('fromNodes: [{ matchLabels: { zone: away } }]'),
    allowed: ['n2 > server tcp 80'],
    denied: ['a > server tcp 80', 'ext > server tcp 80'],
  },
];

const denials: readonly SupportCase[] = [
  {
    feature: 'ingressDeny: fromEndpoints, fromEntities',
    spec: `${server}
ingress: [{ fromEntities: [all] }]
ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: a } }] }, { fromEntities: [remote-node] }]`,
    allowed: ['b > server tcp 80', 'ext > server tcp 80'],
    denied: ['a > server tcp 80', 'a > server icmp', 'n2 > server tcp 80'],
  },
  {
    feature: 'ingressDeny: fromCIDR, fromCIDRSet',
    spec: `${server}
ingress: [{ fromEntities: [all] }]
ingressDeny:
  - { fromCIDR: ["2001:db8::/64"] }
  - { fromCIDRSet: [{ cidr: 203.0.113.0/24, except: [203.0.113.64/26] }, { cidrGroupRef: absent }, { cidrGroupSelector: {} }] }`,
    allowed: ['far > server tcp 80', 'a > server tcp 80'],
    denied: ['ext > server tcp 80'],
  },
  {
    feature: 'ingressDeny: fromNodes',
    spec: deny('fromNodes: [{ matchLabels: { zone: away } }]'),
    allowed: ['a > server tcp 80', 'ext > server tcp 80'],
    denied: ['n2 > server tcp 80'],
  },
  {
    feature: 'ingressDeny: toPorts, icmps',
    spec: `${server}
ingress: [{ fromEntities: [all] }]
ingressDeny:
  - { fromEndpoints: [{}], toPorts: [{ ports: [{ port: "80", endPort: 81, protocol: TCP }] }] }
  - { icmps: [{ fields: [{ family: IPv4, type: 8 }] }] }`,
    allowed: ['a > server tcp 443', 'a > server udp 80', 'ext > server tcp 80', 'a > server icmp [6]'],
    denied: ['a > server tcp 80', 'a > server tcp 81', 'a > server icmp [4]'],
  },
];

const refused: readonly SupportCase[] = [
  ['fromRequires', ingress('fromEndpoints: [{ matchLabels: { app: a } }], fromRequires: [{ matchLabels: { level: front } }]')],
  ['fromGroups', ingress('fromGroups: [{ aws: { securityGroupsIds: [sg-1] } }]')],
  ['ingressDeny: fromRequires', deny('fromRequires: [{ matchLabels: { level: front } }]')],
  ['ingressDeny: fromGroups', deny('fromGroups: [{ aws: { securityGroupsIds: [sg-1] } }]')],
  ['ingressDeny: fromEntities host', deny('fromEntities: [host]')],
].map(([feature = '', spec = '']) => ({
  feature,
  spec,
  allowed: ['server > a tcp 80', 'n1 > server tcp 80'],
  denied: ['a > server tcp 80', 'ext > server tcp 80'],
  isRefused: true,
}));

/** Of both kinds. */
export const ciliumIngressCases: readonly SupportCase[] = [...peers, ...entities, ...denials, ...refused];
