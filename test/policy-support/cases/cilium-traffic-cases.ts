/** What is tried of ports, messages of ICMP, and what a proxy would have to ask, in Cilium's policies. */
import type { SupportCase } from '../support-case.ts';

const server = 'endpointSelector: { matchLabels: { app: server } }';
const client = 'endpointSelector: { matchLabels: { app: a } }';
const ports = (list: string): string => `${server}\ningress: [{ toPorts: [{ ports: [${list}] }] }]`;

const traffic: readonly SupportCase[] = [
  {
    feature: 'toPorts: numbers of TCP and UDP; ICMP needs a rule of its own',
    spec: ports('{ port: "80", protocol: TCP }, { port: "81", protocol: UDP }'),
    allowed: ['a > server tcp 80', 'ext > server udp 81'],
    denied: ['a > server tcp 81', 'a > server udp 80', 'a > server icmp'],
  },
  {
    feature: 'toPorts: SCTP',
    spec: ports('{ port: "443", protocol: SCTP }'),
    allowed: ['a > server sctp 443'],
    denied: ['a > server sctp 80', 'a > server tcp 443'],
  },
  {
    feature: 'toPorts: protocol ANY, and none',
    spec: ports('{ port: "80", protocol: ANY }, { port: "443" }'),
    allowed: ['a > server tcp 80', 'a > server udp 80', 'a > server sctp 80', 'a > server udp 443'],
    denied: ['a > server tcp 81', 'a > server icmp'],
  },
  {
    feature: 'toPorts: every port of a protocol (0)',
    spec: ports('{ port: "0", protocol: UDP }'),
    allowed: ['a > server udp 80', 'a > server udp 443'],
    denied: ['a > server tcp 80'],
  },
  {
    feature: 'toPorts: endPort',
    spec: ports('{ port: "80", endPort: 443, protocol: TCP }'),
    allowed: ['a > server tcp 80', 'a > server tcp 443'],
    denied: ['a > server tcp 8080', 'a > server udp 80'],
  },
  {
    feature: 'toPorts: names, of ingress',
    spec: ports('{ port: web, protocol: TCP }, { port: stats, protocol: UDP }'),
    allowed: ['a > server tcp 80', 'a > server udp 81'],
    denied: ['a > server tcp 8080', 'a > server udp 80'],
  },
  {
    feature: 'toPorts: names, of egress: one number in the cluster, or no port',
    spec: `${client}\negress: [{ toPorts: [{ ports: [{ port: stats, protocol: UDP }, { port: web, protocol: TCP }] }] }]`,
    allowed: ['a > server udp 81', 'a > ext udp 81'],
    denied: ['a > server tcp 80', 'a > c tcp 8080'],
  },
  {
    feature: 'toPorts of egress: numbers and ranges',
    spec: `${client}\negress: [{ toEndpoints: [{}], toPorts: [{ ports: [{ port: "80", endPort: 81, protocol: TCP }] }] }]`,
    allowed: ['a > server tcp 80', 'a > b tcp 81'],
    denied: ['a > server tcp 443', 'a > ext tcp 80'],
  },
  {
    feature: 'icmps: family, type by number and by name',
    spec: `${server}\ningress: [{ icmps: [{ fields: [{ type: EchoRequest }, { family: IPv6, type: 128 }] }] }]`,
    allowed: ['a > server icmp'],
    denied: ['a > server icmp 13/0 [4]', 'a > server icmp 139/0 [6]', 'a > server tcp 80'],
  },
  {
    feature: 'icmps of egress',
    spec: `${client}\negress: [{ icmps: [{ fields: [{ family: IPv4, type: 8 }] }] }]`,
    allowed: ['a > server icmp [4]'],
    denied: ['a > server icmp [6]', 'a > server tcp 80'],
  },
  {
    feature: 'authentication: disabled',
    spec: `${server}\ningress: [{ fromEndpoints: [{ matchLabels: { app: a } }], authentication: { mode: disabled } }]`,
    allowed: ['a > server tcp 80'],
    denied: ['b > server tcp 80'],
  },
  {
    feature: 'toPorts.rules.dns: every name',
    spec: `${client}\negress: [{ toPorts: [{ ports: [{ port: "443", protocol: UDP }], rules: { dns: [{ matchPattern: "*" }] } }] }]`,
    allowed: ['a > server udp 443'],
    denied: ['a > server tcp 443', 'a > server udp 80'],
  },
];

const tcp80 = 'ports: [{ port: "80", protocol: TCP }]';
const tls = '{ secret: { name: s, namespace: shop }, certificate: c, privateKey: k, trustedCA: t }';

/** What would let more through without the part that is not enforced, in both directions. */
const refused: readonly SupportCase[] = [
  ['toPorts.rules.http', `toPorts: [{ ${tcp80}, rules: { http: [{ method: GET, path: /a, host: h, headers: [x] }] } }]`],
  ['toPorts.rules.kafka', `toPorts: [{ ${tcp80}, rules: { kafka: [{ role: produce, topic: t }] } }]`],
  ['toPorts.rules.l7proto, .l7', `toPorts: [{ ${tcp80}, rules: { l7proto: r2d2, l7: [{ cmd: READ }] } }]`],
  ['toPorts.serverNames', `toPorts: [{ ${tcp80}, serverNames: [www.example.org] }]`],
  ['toPorts.terminatingTLS', `toPorts: [{ ${tcp80}, terminatingTLS: ${tls} }]`],
  ['toPorts.originatingTLS', `toPorts: [{ ${tcp80}, originatingTLS: ${tls} }]`],
  ['toPorts.listener', `toPorts: [{ ${tcp80}, listener: { name: l, priority: 1, envoyConfig: { kind: CiliumEnvoyConfig, name: e } } }]`],
  ['toPorts: protocols ICMP, ICMPV6', 'toPorts: [{ ports: [{ port: "8", protocol: ICMP }, { port: "128", protocol: ICMPV6 }] }]'],
  ['authentication: required', 'authentication: { mode: required }, fromEndpoints: [{}]'],
  ['authentication: test-always-fail', 'authentication: { mode: test-always-fail }, fromEndpoints: [{}]'],
].map(([feature = '', rule = '']) => ({
  feature,
  spec: `${server}\ningress: [{ ${rule} }]\negress: [{ ${rule.replace('fromEndpoints', 'toEndpoints')} }]`,
  allowed: ['n1 > server tcp 80'],
  denied: ['a > server tcp 80', 'server > a tcp 80'],
  isRefused: true,
}));

const dns: SupportCase = {
  feature: 'toPorts.rules.dns: some names',
  spec: `${client}\negress: [{ toPorts: [{ ports: [{ port: "443", protocol: UDP }], rules: { dns: [{ matchName: www.example.org }] } }] }]`,
  allowed: ['server > a tcp 80'],
  denied: ['a > server udp 443', 'a > ext tcp 80'],
  isRefused: true,
};

const dnsOfIngress: SupportCase = {
  feature: 'toPorts.rules.dns of ingress',
  spec: `${server}\ningress: [{ toPorts: [{ ports: [{ port: "443", protocol: UDP }], rules: { dns: [{ matchName: a.b }, { matchPattern: "*" }] } }] }]`,
  allowed: ['server > a tcp 80'],
  denied: ['a > server udp 443', 'ext > server tcp 80'],
  isRefused: true,
};

/** Of both kinds. */
export const ciliumTrafficCases: readonly SupportCase[] = [...traffic, dns, dnsOfIngress, ...refused];
