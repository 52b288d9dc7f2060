/** What is tried of rules, which Calico's policies of namespaces and of the cluster have in common. */

import type { SupportCase } from '../support-case.ts';
import { endAddresses } from '../support-world.ts';

const server = `selector: 'app == "server"'`;
const client = `selector: 'app == "a"'`;
const allowAll = '{ action: Allow }';
const { ext, far, a, b } = endAddresses;

/** One rule of ingress to the server. */
const ingress = (rule: string): string => `${server}\ningress:\n  - ${rule}`;
/** One rule of egress from the client. */
const egress = (rule: string): string => `${client}\negress:\n  - ${rule}`;

const actions: readonly SupportCase[] = [
  {
    feature: 'action Allow; what no rule of the tier matches is denied',
    spec: ingress('{ action: Allow, protocol: TCP, destination: { ports: [80] } }'),
    allowed: ['a > server tcp 80', 'ext > server tcp 80', 'server > a tcp 80'],
    denied: ['a > server tcp 81', 'a > server udp 80', 'a > server icmp'],
  },
  {
    feature: 'action Deny',
    spec: `${server}\ningress: [{ action: Deny, protocol: TCP, destination: { ports: [80] } }, ${allowAll}]`,
    allowed: ['a > server tcp 81', 'a > server icmp'],
    denied: ['a > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'action Log, which decides nothing',
    spec: `${server}\ningress: [{ action: Log }, { action: Allow, protocol: TCP }]`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
  {
    feature: 'action Pass, to the next tier or the namespace',
    spec: `${server}\ningress: [{ action: Pass, protocol: TCP }, { action: Deny }]`,
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
];

const peers: readonly SupportCase[] = [
  {
    feature: 'source.selector',
    spec: ingress(`{ action: Allow, source: { ${client} } }`),
    allowed: ['a > server tcp 80', 'a > server icmp'],
    denied: ['b > server tcp 80', 'c > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'source.notSelector',
    spec: ingress(`{ action: Allow, source: { notSelector: 'app == "b"' } }`),
    allowed: ['a > server tcp 80'],
    denied: ['b > server tcp 80'],
  },
  {
    feature: 'source.namespaceSelector',
    spec: ingress(`{ action: Allow, source: { namespaceSelector: 'team == "blue"' } }`),
    allowed: ['c > server tcp 80'],
    denied: ['a > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'source.namespaceSelector by name, with a selector',
    spec: ingress(`{ action: Allow, source: { namespaceSelector: 'projectcalico.org/name == "other"', selector: 'app == "c"' } }`),
    allowed: ['c > server tcp 80'],
    denied: ['a > server tcp 80'],
  },
  {
    feature: 'source.nets',
    spec: ingress(`{ action: Allow, source: { nets: [203.0.113.0/28, "${a[4]}"] } }`),
    allowed: ['ext > server tcp 80 [4]', 'a > server tcp 80 [4]'],
    denied: ['far > server tcp 80', 'b > server tcp 80', 'ext > server tcp 80 [6]'],
  },
  {
    feature: 'source.nets of IPv6',
    spec: ingress(`{ action: Allow, source: { nets: ["2001:db8::/64"] } }`),
    allowed: ['ext > server tcp 80 [6]'],
    denied: ['far > server tcp 80', 'ext > server tcp 80 [4]'],
  },
  {
    feature: 'source.notNets',
    spec: ingress(`{ action: Allow, source: { notNets: ["${far[4]}/32"] } }`),
    allowed: ['ext > server tcp 80 [4]', 'a > server tcp 80 [4]'],
    denied: ['far > server tcp 80 [4]', 'ext > server tcp 80 [6]'],
  },
  {
    feature: 'source.nets and source.selector, both of which must hold',
    spec: ingress(`{ action: Allow, source: { selector: 'has(app)', nets: ["${a[4]}/32", "${ext[4]}/32"] } }`),
    allowed: ['a > server tcp 80 [4]'],
    denied: ['b > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'source.serviceAccounts.names',
    spec: ingress('{ action: Allow, source: { serviceAccounts: { names: [till] } } }'),
    allowed: ['a > server tcp 80'],
    denied: ['b > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'source.serviceAccounts.selector',
    spec: ingress(`{ action: Allow, source: { serviceAccounts: { selector: 'duty == "counter"' } } }`),
    allowed: ['a > server tcp 80'],
    denied: ['b > server tcp 80', 'ext > server tcp 80'],
  },
  {
    feature: 'source.services',
    spec: ingress('{ action: Allow, source: { services: { name: partner, namespace: shop } } }'),
    allowed: ['ext > server tcp 80', 'ext > server udp 81'],
    denied: ['a > server tcp 80', 'far > server tcp 80'],
  },
  {
    feature: 'destination.services',
    spec: egress('{ action: Allow, destination: { services: { name: web, namespace: shop } } }'),
    allowed: ['a > server tcp 80'],
    denied: ['a > server tcp 81', 'a > b tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'destination.selector, .nets, .namespaceSelector of egress',
    spec: `${client}
egress:
  - { action: Allow, destination: { selector: 'app == "server"' } }
  - { action: Allow, destination: { namespaceSelector: 'team == "blue"' } }
  - { action: Allow, destination: { nets: ["${ext[4]}/32"] } }`,
    allowed: ['a > server tcp 80', 'a > c tcp 80', 'a > ext tcp 80 [4]', 'server > a tcp 80'],
    denied: ['a > b tcp 80', 'a > far tcp 80', 'a > ext tcp 80 [6]', 'a > n1 tcp 80'],
  },
  {
    feature: 'destination.notSelector, .notNets of egress',
    spec: `${client}
egress:
  - { action: Allow, protocol: TCP, destination: { namespaceSelector: all(), notSelector: 'app == "b"' } }
  - { action: Allow, protocol: UDP, destination: { notNets: ["${b[4]}/32"] } }`,
    allowed: ['a > server tcp 80', 'a > c tcp 80', 'a > ext udp 80 [4]'],
    denied: ['a > b tcp 80', 'a > b udp 80 [4]'],
  },
  {
    feature: 'destination.serviceAccounts of egress',
    spec: egress(`{ action: Allow, destination: { serviceAccounts: { names: [keeper], selector: 'duty == "store"' } } }`),
    allowed: ['a > server tcp 80'],
    denied: ['a > b tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'destination.selector of ingress: the own endpoint',
    spec: `selector: 'level in { "back", "front" }'\ningress: [{ action: Allow, destination: { selector: 'app == "a"' } }]`,
    allowed: ['server > a tcp 80'],
    denied: ['a > server tcp 80'],
  },
  {
    feature: 'source.selector of egress: the own endpoint',
    spec: `selector: 'level in { "back", "front" }'\negress: [{ action: Allow, source: { selector: 'app == "a"' } }]`,
    allowed: ['a > server tcp 80', 'a > ext tcp 80'],
    denied: ['server > a tcp 80', 'server > ext tcp 80'],
  },
  {
    feature: 'destination.nets, .notNets of ingress: addresses of the own endpoint',
    spec: `${server}
ingress:
  - { action: Allow, protocol: TCP, destination: { nets: ["${endAddresses.server[4]}/32"] } }
  - { action: Allow, protocol: UDP, destination: { notNets: ["${endAddresses.server[4]}/32"] } }`,
    allowed: ['a > server tcp 80 [4]', 'server > a tcp 80'],
    denied: ['a > server tcp 80 [6]', 'a > server udp 80 [4]'],
  },
  {
    feature: 'source.nets, .notNets of egress: addresses of the own endpoint',
    spec: `${client}
egress:
  - { action: Allow, protocol: TCP, source: { nets: ["${a[4]}/32"] } }
  - { action: Allow, protocol: UDP, source: { notNets: ["${b[4]}/32"] } }`,
    allowed: ['a > server tcp 80 [4]', 'a > server udp 80 [4]', 'server > a tcp 80'],
    denied: ['a > server tcp 80 [6]', 'a > server icmp'],
  },
];

const traffic: readonly SupportCase[] = [
  {
    feature: 'ipVersion',
    spec: ingress('{ action: Allow, ipVersion: 6 }'),
    allowed: ['a > server tcp 80 [6]'],
    denied: ['a > server tcp 80 [4]'],
  },
  {
    feature: 'protocol: TCP, UDP',
    spec: `${server}\ningress: [{ action: Allow, protocol: TCP }, { action: Allow, protocol: UDP, source: { ${client} } }]`,
    allowed: ['b > server tcp 80', 'a > server udp 80'],
    denied: ['b > server udp 80', 'a > server sctp 80', 'a > server icmp'],
  },
  {
    feature: 'protocol: SCTP',
    spec: ingress('{ action: Allow, protocol: SCTP, destination: { ports: [443] } }'),
    allowed: ['a > server sctp 443'],
    denied: ['a > server sctp 80', 'a > server tcp 443'],
  },
  {
    feature: 'protocol: ICMP, ICMPv6',
    spec: `${server}\ningress: [{ action: Allow, protocol: ICMP }, { action: Allow, protocol: ICMPv6, source: { ${client} } }]`,
    allowed: ['b > server icmp [4]', 'a > server icmp [6]'],
    denied: ['b > server icmp [6]', 'a > server tcp 80'],
  },
  {
    feature: 'protocol: a number',
    spec: ingress('{ action: Allow, protocol: 99 }'),
    allowed: ['a > server proto 99'],
    denied: ['a > server proto 98', 'a > server tcp 80'],
  },
  {
    feature: 'protocol: UDPLite',
    spec: ingress('{ action: Allow, protocol: UDPLite }'),
    allowed: ['a > server proto 136'],
    denied: ['a > server proto 99', 'a > server udp 80'],
  },
  {
    feature: 'notProtocol',
    spec: ingress('{ action: Allow, notProtocol: TCP }'),
    allowed: ['a > server udp 80', 'a > server icmp'],
    denied: ['a > server tcp 80'],
  },
  {
    feature: 'icmp: type',
    spec: `${server}\ningress: [{ action: Allow, protocol: ICMP, icmp: { type: 8 } }, { action: Allow, protocol: ICMPv6, icmp: { type: 128 } }]`,
    allowed: ['a > server icmp', 'a > server icmp 8/1 [4]'],
    denied: ['a > server icmp 13/0 [4]', 'a > server icmp 139/0 [6]', 'a > server tcp 80'],
  },
  {
    feature: 'icmp: type and code',
    spec: ingress('{ action: Allow, protocol: ICMP, icmp: { type: 8, code: 0 } }'),
    allowed: ['a > server icmp [4]'],
    denied: ['a > server icmp 8/1 [4]', 'a > server icmp [6]'],
  },
  {
    feature: 'notICMP',
    spec: ingress('{ action: Allow, protocol: ICMP, notICMP: { type: 8, code: 0 } }'),
    allowed: ['a > server icmp 8/1 [4]', 'a > server icmp 13/0 [4]'],
    denied: ['a > server icmp [4]', 'a > server tcp 80'],
  },
  {
    feature: 'destination.ports: numbers and ranges',
    spec: ingress(`{ action: Allow, protocol: TCP, destination: { ports: [80, "443:9000"] } }`),
    allowed: ['a > server tcp 80', 'a > server tcp 443', 'a > server tcp 8080'],
    denied: ['a > server tcp 81', 'a > server udp 80'],
  },
  {
    feature: 'destination.ports: names, of ingress',
    spec: `${server}\ningress: [{ action: Allow, protocol: TCP, destination: { ports: [web] } }, { action: Allow, destination: { ports: [stats] } }]`,
    allowed: ['a > server tcp 80', 'a > server udp 81'],
    denied: ['a > server tcp 81', 'a > server udp 80'],
  },
  {
    feature: 'destination.ports: names, of egress',
    spec: egress('{ action: Allow, protocol: TCP, destination: { namespaceSelector: all(), ports: [web] } }'),
    allowed: ['a > server tcp 80', 'a > c tcp 8080'],
    denied: ['a > server tcp 8080', 'a > c tcp 80', 'a > ext tcp 80'],
  },
  {
    feature: 'destination.notPorts: numbers',
    spec: ingress(`{ action: Allow, protocol: TCP, destination: { notPorts: [81, "443:9000"] } }`),
    allowed: ['a > server tcp 80'],
    denied: ['a > server tcp 81', 'a > server tcp 443', 'a > server udp 80'],
  },
  {
    feature: 'destination.notPorts: names, of ingress',
    spec: ingress('{ action: Allow, protocol: TCP, destination: { notPorts: [web] } }'),
    allowed: ['a > server tcp 81'],
    denied: ['a > server tcp 80', 'a > server udp 81'],
  },
  {
    feature: 'destination.notPorts: names, of egress',
    spec: egress('{ action: Allow, protocol: TCP, destination: { namespaceSelector: all(), notPorts: [web] } }'),
    allowed: ['a > server tcp 81', 'a > c tcp 80'],
    denied: ['a > server tcp 80', 'a > c tcp 8080', 'a > server udp 81'],
  },
  {
    feature: 'destination.notPorts: names without a protocol',
    spec: ingress('{ action: Allow, destination: { notPorts: [web] } }'),
    allowed: ['server > a tcp 80'],
    denied: ['a > server tcp 80', 'a > server tcp 81', 'a > server icmp'],
    isRefused: true,
  },
  {
    feature: 'source.ports',
    spec: ingress(`{ action: Allow, protocol: TCP, source: { ports: ["1000:1999"] } }`),
    allowed: ['a > server tcp 80 from 1000-1999'],
    denied: ['a > server tcp 80 from 2000-2999', 'a > server udp 80 from 1000-1999'],
  },
  {
    feature: 'source.notPorts',
    spec: ingress(`{ action: Allow, protocol: UDP, source: { notPorts: ["1000:1999"] } }`),
    allowed: ['a > server udp 80 from 2000-2999'],
    denied: ['a > server udp 80 from 1000-1999', 'a > server tcp 80 from 2000-2999'],
  },
  {
    feature: 'source.ports: names, of ingress',
    spec: ingress('{ action: Allow, protocol: TCP, source: { ports: [web] } }'),
    allowed: ['c > server tcp 80 from 8080-8080'],
    denied: ['c > server tcp 80 from 1000-1999', 'a > server tcp 80 from 8080-8080'],
  },
  {
    feature: 'source.notPorts: names, of ingress',
    spec: ingress('{ action: Allow, protocol: TCP, source: { notPorts: [web] } }'),
    allowed: ['c > server tcp 80 from 1000-1999', 'a > server tcp 80 from 8080-8080'],
    denied: ['c > server tcp 80 from 8080-8080'],
  },
  {
    feature: 'http',
    spec: `${server}\ningress: [{ action: Allow, protocol: TCP, http: { methods: [GET], paths: [{ exact: /a }, { prefix: /b }] } }]`,
    allowed: ['server > a tcp 80'],
    denied: ['a > server tcp 80', 'a > server udp 80'],
    isRefused: true,
  },
  {
    feature: 'metadata.annotations of a rule, which mean nothing',
    spec: ingress('{ action: Allow, protocol: TCP, metadata: { annotations: { why: shown } } }'),
    allowed: ['a > server tcp 80'],
    denied: ['a > server udp 80'],
  },
];

/** Of all rules. */
export const calicoRuleCases: readonly SupportCase[] = [...actions, ...peers, ...traffic];
