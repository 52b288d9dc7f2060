/** What is tried of Cilium's policies of namespaces and of the cluster, and of the groups of blocks that they refer to. */
import type { SupportCase, SupportedKind } from '../support-case.ts';
import { ciliumEgressCases } from './cilium-egress-cases.ts';
import { ciliumIngressCases } from './cilium-ingress-cases.ts';
import { ciliumTrafficCases } from './cilium-traffic-cases.ts';

const apiVersion = 'cilium.io/v2';
const server = 'endpointSelector: { matchLabels: { app: server } }';
const fromA = 'fromEndpoints: [{ matchLabels: { app: a } }]';
const networkPolicy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: of-namespace, namespace: shop }
spec: { podSelector: { matchLabels: { app: server } }, ingress: [{ from: [{ podSelector: {} }] }] }`;

const selectorCases: readonly SupportCase[] = [
  {
    feature: 'endpointSelector: matchLabels, with the sources k8s and any',
    spec: `endpointSelector: { matchLabels: { "k8s:app": server, "any:level": back } }\ningress: [{ ${fromA} }]`,
    allowed: ['a > server tcp 80', 'a > server icmp', 'server > a tcp 80'],
    denied: ['b > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'endpointSelector: matchExpressions; namespaces and service accounts by their labels',
    spec: `endpointSelector:
  matchLabels: { "k8s:io.kubernetes.pod.namespace": shop, io.cilium.k8s.namespace.labels.team: red }
  matchExpressions:
    - { key: app, operator: NotIn, values: [a, b] }
    - { key: io.cilium.k8s.policy.serviceaccount, operator: In, values: [keeper] }
    - { key: level, operator: Exists }
    - { key: absent, operator: DoesNotExist }
ingress: [{ ${fromA} }]`,
    allowed: ['a > server tcp 80', 'server > a tcp 80'],
    denied: ['b > server tcp 80'],
  },
  {
    feature: 'specs: all of them count',
    specs: `[{ ${server}, ingress: [{ ${fromA} }] }, { ${server}, ingress: [{ fromEndpoints: [{ matchLabels: { app: b } }] }] }]`,
    allowed: ['a > server tcp 80', 'b > server tcp 80'],
    denied: ['ext > server tcp 80'],
  },
  {
    feature: 'default deny, by a section that allows nothing',
    spec: `${server}\ningress: [{}]`,
    allowed: ['server > a tcp 80', 'n1 > server tcp 80'],
    denied: ['a > server tcp 80', 'ext > server tcp 80', 'n2 > server tcp 80'],
  },
  {
    feature: 'default deny, by a section that denies',
    spec: `${server}\negressDeny: [{ toEndpoints: [{ matchLabels: { app: b } }] }]`,
    allowed: ['a > server tcp 80'],
    denied: ['server > b tcp 80', 'server > a tcp 80', 'server > ext tcp 80'],
  },
  {
    feature: 'enableDefaultDeny: false',
    spec: `${server}
enableDefaultDeny: { ingress: false, egress: false }
ingress: [{ ${fromA} }]
egress: [{ toEndpoints: [{ matchLabels: { app: a } }] }]
egressDeny: [{ toEndpoints: [{ matchLabels: { app: b } }] }]`,
    allowed: ['a > server tcp 80', 'b > server tcp 80', 'server > a tcp 80', 'server > ext tcp 80'],
    denied: ['server > b tcp 80'],
  },
  {
    feature: 'denials before everything that is allowed, by a NetworkPolicy too',
    spec: `${server}\ningressDeny: [{ ${fromA} }]`,
    others: networkPolicy,
    allowed: ['b > server tcp 80'],
    denied: ['a > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'what is allowed adds up, with a NetworkPolicy too',
    spec: `${server}\ningress: [{ fromEntities: [world] }]`,
    others: networkPolicy,
    allowed: ['a > server tcp 80', 'ext > server tcp 80'],
    denied: ['c > server tcp 80'],
  },
  {
    feature: 'labels, description, log, which mean nothing',
    spec: `${server}\nlabels: [{ key: a, source: k8s, value: b }]\ndescription: text\nlog: { value: text }\ningress: [{ ${fromA} }]`,
    allowed: ['a > server tcp 80'],
    denied: ['b > server tcp 80'],
  },
  {
    feature: 'audit mode (weir/audit-mode): computed, never enforced',
    metadata: 'annotations: { weir/audit-mode: "true" }',
    spec: `${server}\ningress: [{ ${fromA} }]`,
    others: `apiVersion: ${apiVersion}
kind: CiliumNetworkPolicy
metadata: { name: enforced, namespace: shop }
spec: { endpointSelector: { matchLabels: { app: a } }, ingress: [{}] }`,
    allowed: ['b > server tcp 80', 'ext > server tcp 80'],
    denied: ['server > a tcp 80'],
  },
];

const clusterwideCases: readonly SupportCase[] = [
  {
    feature: 'endpointSelector: pods of all namespaces',
    spec: 'endpointSelector: { matchLabels: { "k8s:io.cilium.k8s.namespace.labels.team": blue } }\ningress: [{ fromEndpoints: [{ matchLabels: { app: a } }] }]',
    allowed: ['a > c tcp 80', 'b > server tcp 80'],
    denied: ['server > c tcp 80'],
  },
  {
    feature: 'nodeSelector: who reaches the node, its own pods too',
    spec: 'nodeSelector: { matchLabels: { zone: near } }\ningress: [{ fromEntities: [remote-node] }, { fromEndpoints: [{ matchLabels: { app: a } }] }]',
    allowed: ['n2 > n1 tcp 80', 'a > n1 tcp 80', 'ext > server tcp 80', 'n1 > ext tcp 80'],
    denied: ['ext > n1 tcp 80', 'server > n1 tcp 80', 'b > n1 tcp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'nodeSelector: whom the node reaches',
    spec: `nodeSelector: { matchLabels: { zone: near } }
egress: [{ toCIDR: [203.0.113.0/28, "2001:db8::/64"], toPorts: [{ ports: [{ port: "80", protocol: TCP }] }] }]`,
    allowed: ['n1 > ext tcp 80', 'ext > n1 udp 80', 'a > far tcp 80', 'n1 > server tcp 80'],
    denied: ['n1 > far tcp 80', 'n1 > ext tcp 81', 'n1 > ext udp 80'],
    isAboutNodes: true,
  },
  {
    feature: 'nodeSelector: other nodes, which is nothing here',
    spec: 'nodeSelector: { matchLabels: { zone: away } }\ningress: [{}]',
    allowed: ['ext > n1 tcp 80', 'a > n1 tcp 80'],
    denied: [],
    isAboutNodes: true,
  },
];

const common = [...selectorCases, ...ciliumIngressCases, ...ciliumEgressCases, ...ciliumTrafficCases];

const groupPolicy = (rule: string): string => `apiVersion: ${apiVersion}
kind: CiliumNetworkPolicy
metadata: { name: referring, namespace: shop }
spec: { ${server}, ingress: [{ fromCIDRSet: [${rule}] }] }`;

const namespacedCases: readonly SupportCase[] = [
  {
    feature: 'nodeSelector, which policies of the cluster have alone',
    spec: 'nodeSelector: { matchLabels: { zone: near } }\ningress: [{ fromEntities: [cluster] }]',
    allowed: ['ext > n1 tcp 80'],
    denied: [],
    isRefused: true,
  },
];

const cilium = {
  apiVersion,
  engine: 'cilium',
  windowsEngine: 'kubernetes',
  about: 'Cilium does not run on Windows; the column HNS is what the engine `kubernetes` makes of the policy there.',
} as const;

/** One section each. */
export const ciliumCases: readonly SupportedKind[] = [
  { kind: 'CiliumNetworkPolicy', isNamespaced: true, ...cilium, cases: [...namespacedCases, ...common] },
  {
    kind: 'CiliumClusterwideNetworkPolicy',
    isNamespaced: false,
    ...cilium,
    cases: [...clusterwideCases, ...common],
  },
  {
    kind: 'CiliumCIDRGroup',
    isNamespaced: false,
    ...cilium,
    cases: [
      {
        feature: 'externalCIDRs, by the name of the group',
        spec: 'externalCIDRs: [203.0.113.0/28, "2001:db8:1::/48"]',
        others: groupPolicy('{ cidrGroupRef: tried }'),
        allowed: ['ext > server tcp 80 [4]', 'far > server tcp 80 [6]'],
        denied: ['far > server tcp 80 [4]', 'ext > server tcp 80 [6]', 'a > server tcp 80'],
      },
      {
        feature: 'externalCIDRs, by the labels of the group, with exceptions',
        metadata: 'labels: { role: partner }',
        spec: 'externalCIDRs: [203.0.113.0/24]',
        others: groupPolicy('{ cidrGroupSelector: { matchLabels: { role: partner } }, except: [203.0.113.64/26] }'),
        allowed: ['ext > server tcp 80 [4]'],
        denied: ['far > server tcp 80', 'a > server tcp 80'],
      },
    ],
  },
];
