/** What is tried of NetworkPolicy. */
import type { SupportedKind } from '../support-case.ts';

const server = 'podSelector: { matchLabels: { app: server } }';
const client = 'podSelector: { matchLabels: { app: a } }';

/** networking.k8s.io/v1. */
export const networkPolicyCases: SupportedKind = {
  kind: 'NetworkPolicy',
  apiVersion: 'networking.k8s.io/v1',
  isNamespaced: true,
  engine: 'kubernetes',
  cases: [
    {
      feature: 'podSelector: matchLabels',
      spec: server,
      allowed: ['server > a tcp 80', 'c > a tcp 80'],
      denied: ['a > server tcp 80', 'a > server udp 81', 'a > server icmp', 'ext > server tcp 80'],
    },
    {
      feature: 'podSelector: matchExpressions In, Exists',
      spec: 'podSelector: { matchExpressions: [{ key: app, operator: In, values: [server, x] }, { key: level, operator: Exists }] }',
      allowed: ['c > a tcp 80'],
      denied: ['a > server tcp 80'],
    },
    {
      feature: 'podSelector: matchExpressions NotIn, DoesNotExist',
      spec: 'podSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [a] }, { key: absent, operator: DoesNotExist }] }',
      allowed: ['c > a tcp 80'],
      denied: ['a > server tcp 80'],
    },
    {
      feature: 'policyTypes: Ingress without rules',
      spec: `${server}\npolicyTypes: [Ingress]`,
      allowed: ['server > a tcp 80'],
      denied: ['a > server tcp 80'],
    },
    {
      feature: 'policyTypes: Egress without rules',
      spec: `${server}\npolicyTypes: [Egress]`,
      allowed: ['a > server tcp 80'],
      denied: ['server > a tcp 80', 'server > ext udp 80', 'server > n1 tcp 80'],
    },
    {
      feature: 'ingress from: podSelector',
      spec: `${server}\ningress: [{ from: [{ ${client} }] }]`,
      allowed: ['a > server tcp 80', 'a > server udp 81', 'a > server icmp', 'a > server sctp 443'],
      denied: ['b > server tcp 80', 'c > server tcp 80', 'ext > server tcp 80'],
    },
    {
      feature: 'ingress from: negative podSelector',
      spec: `${server}\ningress: [{ from: [{ podSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [b] }] } }] }]`,
      allowed: ['a > server tcp 80'],
      denied: ['b > server tcp 80', 'c > server tcp 80', 'ext > server tcp 80'],
    },
    {
      feature: 'ingress from: namespaceSelector',
      spec: `${server}\ningress: [{ from: [{ namespaceSelector: { matchLabels: { team: blue } } }] }]`,
      allowed: ['c > server tcp 80'],
      denied: ['a > server tcp 80', 'ext > server tcp 80'],
    },
    {
      feature: 'ingress from: namespaceSelector and podSelector',
      spec: `${server}\ningress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: c } } }] }]`,
      allowed: ['c > server tcp 80'],
      denied: ['a > server tcp 80', 'b > server tcp 80'],
    },
    {
      feature: 'ingress from: ipBlock',
      spec: `${server}\ningress: [{ from: [{ ipBlock: { cidr: 203.0.113.0/28 } }, { ipBlock: { cidr: 10.224.1.11/32 } }] }]`,
      allowed: ['ext > server tcp 80 [4]', 'a > server tcp 80 [4]'],
      denied: ['far > server tcp 80', 'c > server tcp 80', 'ext > server tcp 80 [6]'],
    },
    {
      feature: 'ingress from: ipBlock of IPv6',
      spec: `${server}\ningress: [{ from: [{ ipBlock: { cidr: "2001:db8::/64" } }] }]`,
      allowed: ['ext > server tcp 80 [6]'],
      denied: ['far > server tcp 80', 'ext > server tcp 80 [4]'],
    },
    {
      feature: 'ipBlock: except',
      spec: `${server}\ningress: [{ from: [{ ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.64/26] } }] }]`,
      allowed: ['ext > server tcp 80 [4]'],
      denied: ['far > server tcp 80 [4]', 'a > server tcp 80'],
    },
    {
      feature: 'ports: numbers of TCP and UDP',
      spec: `${server}\ningress: [{ ports: [{ port: 80 }, { protocol: UDP, port: 81 }] }]`,
      allowed: ['a > server tcp 80', 'ext > server udp 81'],
      denied: ['a > server tcp 81', 'a > server udp 80', 'a > server sctp 80', 'a > server icmp'],
    },
    {
      feature: 'ports: SCTP',
      spec: `${server}\ningress: [{ ports: [{ protocol: SCTP, port: 443 }] }]`,
      allowed: ['a > server sctp 443'],
      denied: ['a > server sctp 80', 'a > server tcp 443'],
    },
    {
      feature: 'ports: a protocol alone',
      spec: `${server}\ningress: [{ ports: [{ protocol: UDP }] }]`,
      allowed: ['a > server udp 80', 'a > server udp 443'],
      denied: ['a > server tcp 80', 'a > server icmp'],
    },
    {
      feature: 'ports: endPort',
      spec: `${server}\ningress: [{ ports: [{ port: 80, endPort: 443 }] }]`,
      allowed: ['a > server tcp 80', 'a > server tcp 81', 'a > server tcp 443'],
      denied: ['a > server tcp 8080', 'a > server udp 81'],
    },
    {
      feature: 'ports: names, of ingress',
      spec: `${server}\ningress: [{ ports: [{ port: web }, { protocol: UDP, port: stats }] }]`,
      allowed: ['a > server tcp 80', 'a > server udp 81'],
      denied: ['a > server tcp 8080', 'a > server udp 80'],
    },
    {
      feature: 'ports: names, of egress',
      spec: `podSelector: { matchLabels: { app: a } }\npolicyTypes: [Egress]\negress: [{ ports: [{ port: web }] }]`,
      allowed: ['a > server tcp 80', 'a > c tcp 8080'],
      denied: ['a > server tcp 8080', 'a > c tcp 80', 'a > ext tcp 80'],
    },
    {
      feature: 'egress to: podSelector, namespaceSelector, ipBlock, ports',
      spec: `podSelector: { matchLabels: { app: a } }
policyTypes: [Egress]
egress:
  - { to: [{ podSelector: { matchLabels: { app: server } } }, { namespaceSelector: { matchLabels: { team: blue } } }], ports: [{ port: 80 }] }
  - { to: [{ ipBlock: { cidr: 203.0.113.10/32 } }] }`,
      allowed: ['a > server tcp 80', 'a > c tcp 80', 'a > ext udp 443 [4]'],
      denied: ['a > server tcp 81', 'a > b tcp 80', 'a > far tcp 80', 'a > ext tcp 80 [6]'],
    },
    {
      feature: 'egress: except, protocols, endPort',
      spec: `podSelector: { matchLabels: { app: a } }
policyTypes: [Egress]
egress: [{ to: [{ ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.64/26] } }], ports: [{ protocol: UDP, port: 80, endPort: 443 }] }]`,
      allowed: ['a > ext udp 80 [4]', 'a > ext udp 443 [4]'],
      denied: ['a > ext tcp 80', 'a > far udp 80', 'a > ext udp 8080'],
    },
    {
      feature: 'policies add up',
      spec: `${server}\ningress: [{ from: [{ podSelector: { matchLabels: { app: a } } }] }]`,
      others: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: other, namespace: shop }
spec: { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: b } } }] }] }`,
      allowed: ['a > server tcp 80', 'b > server tcp 80'],
      denied: ['c > server tcp 80', 'server > a tcp 80'],
    },
  ],
};
