/** What is tried of ClusterNetworkPolicy and its ancestors, which say the same in different words. */

import type { SupportCase, SupportedKind } from '../support-case.ts';
import { endAddresses } from '../support-world.ts';

const { b, n2 } = endAddresses;

/** The words of a kind. */
interface Words {
  readonly kind: string;
  /** Fields of the spec beside the subject and the rules. */
  readonly head: string;
  readonly allow: 'Accept' | 'Allow';
  readonly ports: string;
  readonly port: (protocol: 'tcp' | 'udp' | 'sctp', number: number) => string;
  readonly range: (protocol: 'tcp' | 'udp' | 'sctp', start: number, end: number) => string;
  readonly namedPort: string;
}

const clusterWords: Words = {
  kind: 'ClusterNetworkPolicy',
  head: 'tier: Admin\npriority: 10\n',
  allow: 'Accept',
  ports: 'protocols',
  port: (protocol, number) => `{ ${protocol}: { destinationPort: { number: ${number} } } }`,
  range: (protocol, start, end) => `{ ${protocol}: { destinationPort: { range: { start: ${start}, end: ${end} } } } }`,
  namedPort: 'destinationNamedPort',
};

const adminWords: Words = {
  kind: 'AdminNetworkPolicy',
  head: 'priority: 10\n',
  allow: 'Allow',
  ports: 'ports',
  port: (protocol, port) => `{ portNumber: { protocol: ${protocol.toUpperCase()}, port: ${port} } }`,
  range: (protocol, start, end) => `{ portRange: { protocol: ${protocol.toUpperCase()}, start: ${start}, end: ${end} } }`,
  namedPort: 'namedPort',
};

const baselineWords: Words = { ...adminWords, kind: 'BaselineAdminNetworkPolicy', head: '' };

const transports = ['tcp', 'udp', 'sctp'] as const;
const pods = (app: string): string =>
  `pods: { namespaceSelector: { matchLabels: { team: red } }, podSelector: { matchLabels: { app: ${app} } } }`;
const server = `subject: { ${pods('server')} }`;
const client = `subject: { ${pods('a')} }`;
const everyPod = '{ namespaces: {} }';
const everywhere = '{ networks: [0.0.0.0/0, "::/0"] }';

function peerCases({ head, allow }: Words): readonly SupportCase[] {
  return [
    {
      feature: 'subject.namespaces; sources are pods alone',
      spec: `${head}subject: { namespaces: { matchLabels: { team: red } } }\ningress: [{ action: Deny, from: [${everyPod}] }]`,
      allowed: ['a > c tcp 80', 'ext > server tcp 80'],
      denied: ['a > server tcp 80', 'server > a icmp', 'c > server udp 81'],
    },
    {
      feature: 'subject.pods',
      spec: `${head}${server}\ningress: [{ action: Deny, from: [${everyPod}] }]`,
      allowed: ['server > a tcp 80', 'a > c tcp 80'],
      denied: ['a > server tcp 80', 'b > server icmp'],
    },
    {
      feature: `actions ${allow} and Deny: the first rule that matches decides; names of rules`,
      spec: `${head}${server}
ingress:
  - { name: friends, action: ${allow}, from: [{ ${pods('a')} }] }
  - { name: others, action: Deny, from: [${everyPod}] }`,
      allowed: ['a > server tcp 80', 'a > server icmp'],
      denied: ['b > server tcp 80', 'c > server tcp 80'],
    },
    {
      feature: 'from.namespaces: matchLabels, matchExpressions',
      spec: `${head}${server}
ingress:
  - { action: ${allow}, from: [{ namespaces: { matchExpressions: [{ key: team, operator: NotIn, values: [red] }] } }] }
  - { action: Deny, from: [{ namespaces: { matchExpressions: [{ key: team, operator: Exists }] } }] }`,
      allowed: ['c > server tcp 80', 'ext > server tcp 80'],
      denied: ['a > server tcp 80', 'b > server tcp 80'],
    },
    {
      feature: `egress: actions ${allow} and Deny`,
      spec: `${head}${client}\negress: [{ action: ${allow}, to: [{ ${pods('server')} }] }, { action: Deny, to: [${everyPod}] }]`,
      allowed: ['a > server tcp 80', 'a > ext tcp 80'],
      denied: ['a > b tcp 80', 'a > c tcp 80'],
    },
    {
      feature: 'from.pods',
      spec: `${head}${server}\ningress: [{ action: Deny, from: [{ ${pods('a')} }] }]`,
      allowed: ['b > server tcp 80', 'c > server tcp 80'],
      denied: ['a > server tcp 80', 'a > server icmp'],
    },
    {
      feature: 'to.namespaces, to.pods',
      spec: `${head}${client}\negress: [{ action: Deny, to: [{ namespaces: { matchLabels: { team: blue } } }, { ${pods('server')} }] }]`,
      allowed: ['a > b tcp 80', 'a > ext tcp 80'],
      denied: ['a > server tcp 80', 'a > c udp 80'],
    },
    {
      feature: 'to.nodes',
      spec: `${head}${client}\negress: [{ action: Deny, to: [{ nodes: { matchLabels: { zone: away } } }] }]`,
      allowed: ['a > n1 tcp 80', 'a > ext tcp 80', 'a > b tcp 80'],
      denied: ['a > n2 tcp 80', 'a > n2 icmp'],
    },
    {
      feature: 'to.networks, pods and nodes among them',
      spec: `${head}${client}\negress: [{ action: Deny, to: [{ networks: [203.0.113.0/28, "2001:db8:1::/48", ${b[4]}/32, ${n2[4]}/32] }] }]`,
      allowed: ['a > far tcp 80 [4]', 'a > ext tcp 80 [6]', 'a > b tcp 80 [6]'],
      denied: ['a > ext tcp 80 [4]', 'a > far tcp 80 [6]', 'a > b tcp 80 [4]', 'a > n2 tcp 80 [4]'],
    },
  ];
}

function portCases({ head, ports, port, range, namedPort }: Words): readonly SupportCase[] {
  const denying = (list: string): string => `${head}${server}\ningress: [{ action: Deny, from: [${everyPod}], ${ports}: [${list}] }]`;
  return [
    {
      feature: 'ports: numbers of TCP and UDP',
      spec: denying(`${port('tcp', 80)}, ${port('udp', 81)}`),
      allowed: ['a > server tcp 81', 'a > server udp 80', 'a > server icmp'],
      denied: ['a > server tcp 80', 'a > server udp 81'],
    },
    {
      feature: 'ports: SCTP',
      spec: denying(`${port('sctp', 443)}, ${range('sctp', 80, 81)}`),
      allowed: ['a > server tcp 443', 'a > server sctp 8080'],
      denied: ['a > server sctp 443', 'a > server sctp 81'],
    },
    {
      feature: 'ports: ranges',
      spec: denying(`${range('tcp', 80, 443)}, ${range('udp', 80, 81)}`),
      allowed: ['a > server tcp 8080', 'a > server udp 443'],
      denied: ['a > server tcp 80', 'a > server tcp 443', 'a > server udp 81'],
    },
    {
      feature: 'ports: names, whatever their protocol',
      spec: denying(`{ ${namedPort}: web }, { ${namedPort}: stats }`),
      allowed: ['a > server tcp 8080', 'a > server udp 80'],
      denied: ['a > server tcp 80', 'a > server udp 81'],
    },
    {
      feature: 'ports of egress: numbers and ranges of each protocol',
      spec: `${head}${client}
egress:
  - name: web
    action: Deny
    to: [${everyPod}, ${everywhere}]
    ${ports}: [${[...transports.map((each) => port(each, 80)), ...transports.map((each) => range(each, 443, 8_080))].join(', ')}]`,
      allowed: ['a > server tcp 81', 'a > ext udp 81', 'a > server icmp'],
      denied: ['a > server tcp 80', 'a > ext udp 80', 'a > server sctp 443', 'a > server udp 8080'],
    },
    {
      feature: 'ports of egress: names of each destination',
      spec: `${head}${client}\negress: [{ action: Deny, to: [${everyPod}], ${ports}: [{ ${namedPort}: web }, ${port('tcp', 443)}] }]`,
      allowed: ['a > server tcp 8080', 'a > c tcp 80', 'a > ext tcp 443'],
      denied: ['a > server tcp 80', 'a > c tcp 8080', 'a > server tcp 443'],
    },
  ];
}

/** Of kinds before the policies of namespaces. */
function adminCases({ head, allow, kind }: Words): readonly SupportCase[] {
  const other = head.replace('priority: 10', 'priority: 20').replaceAll('\n', ', ');
  const apiVersion = kind === 'ClusterNetworkPolicy' ? 'v1alpha2' : 'v1alpha1';
  return [
    {
      feature: 'action Pass: on to the policies of namespaces',
      spec: `${head}${server}\ningress: [{ action: Pass, from: [{ ${pods('a')} }] }, { action: Deny, from: [${everyPod}] }]`,
      others: networkPolicy('app: a'),
      allowed: ['a > server tcp 80'],
      denied: ['b > server tcp 80', 'ext > server tcp 80'],
    },
    {
      feature: 'egress: action Pass',
      spec: `${head}${client}\negress: [{ action: Pass, to: [{ ${pods('server')} }] }, { action: Deny, to: [${everyPod}] }]`,
      allowed: ['a > server tcp 80', 'a > ext tcp 80'],
      denied: ['a > b tcp 80', 'a > c tcp 80'],
    },
    {
      feature: 'priority: smaller ones first',
      spec: `${head}${server}\ningress: [{ action: ${allow}, from: [{ ${pods('a')} }] }]`,
      others: `apiVersion: policy.networking.k8s.io/${apiVersion}
kind: ${kind}
metadata: { name: second }
spec: { ${other}${server}, ingress: [{ action: Deny, from: [${everyPod}] }] }`,
      allowed: ['a > server tcp 80'],
      denied: ['b > server tcp 80'],
    },
    {
      feature: 'before the policies of namespaces, whatever these say',
      spec: `${head}${server}\ningress: [{ action: ${allow}, from: [{ ${pods('b')} }] }, { action: Deny, from: [{ ${pods('a')} }] }]`,
      others: networkPolicy('app: a'),
      allowed: ['b > server tcp 80'],
      denied: ['a > server tcp 80', 'c > server tcp 80'],
    },
    {
      feature: 'to.domainNames',
      spec: `${head}${client}
egress:
  - { action: ${allow}, to: [{ domainNames: [www.example.org] }] }
  - { action: Deny, to: [${everywhere}] }`,
      allowed: ['a > ext tcp 80'],
      denied: ['a > far tcp 80', 'a > server tcp 80'],
    },
    {
      feature: 'to.domainNames: `*.` for all names below',
      spec: `${head}${client}
egress:
  - { action: ${allow}, to: [{ domainNames: ["*.www.example.org"] }] }
  - { action: Deny, to: [${everywhere}] }`,
      allowed: ['a > far tcp 80'],
      denied: ['a > ext tcp 80', 'a > server tcp 80'],
    },
  ];
}

/** Behind the policies of namespaces. */
const behindNamespaces = (head: string, allow: string): SupportCase => ({
  feature: 'behind the policies of namespaces: for pods that none of them selects',
  spec: `${head}subject: { namespaces: { matchLabels: { team: red } } }
ingress: [{ action: ${allow}, from: [{ ${pods('b')} }] }, { action: Deny, from: [${everyPod}] }]`,
  others: networkPolicy('app: a'),
  allowed: ['a > server tcp 80', 'b > a tcp 80'],
  denied: ['b > server tcp 80', 'server > a tcp 80'],
});

function networkPolicy(from: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: of-namespace, namespace: shop }
spec: { podSelector: { matchLabels: { app: server } }, ingress: [{ from: [{ podSelector: { matchLabels: { ${from} } } }] }] }`;
}

const clusterCases: readonly SupportCase[] = [
  {
    feature: 'subject.pods without a selector of namespaces: in all of them',
    spec: `${clusterWords.head}subject: { pods: { podSelector: { matchExpressions: [{ key: app, operator: In, values: [server, c] }] } } }
ingress: [{ action: Deny, from: [{ pods: { podSelector: { matchLabels: { app: a } } } }] }]`,
    allowed: ['b > server tcp 80'],
    denied: ['a > server tcp 80', 'a > c tcp 80'],
  },
  behindNamespaces('tier: Baseline\npriority: 10\n', 'Accept'),
];

const group = 'policy.networking.k8s.io';

/** One section each. */
export const administratorCases: readonly SupportedKind[] = [
  {
    kind: 'ClusterNetworkPolicy',
    apiVersion: `${group}/v1alpha2`,
    isNamespaced: false,
    engine: 'kubernetes',
    cases: [...peerCases(clusterWords), ...portCases(clusterWords), ...adminCases(clusterWords), ...clusterCases],
  },
  {
    kind: 'AdminNetworkPolicy',
    apiVersion: `${group}/v1alpha1`,
    isNamespaced: false,
    engine: 'kubernetes',
    cases: [...peerCases(adminWords), ...portCases(adminWords), ...adminCases(adminWords)],
  },
  {
    kind: 'BaselineAdminNetworkPolicy',
    apiVersion: `${group}/v1alpha1`,
    isNamespaced: false,
    name: 'default',
    engine: 'kubernetes',
    cases: [...peerCases(baselineWords), ...portCases(baselineWords), behindNamespaces('', 'Allow')],
  },
];
