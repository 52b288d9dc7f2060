import type { Outcome } from '@weir/model';
import { describe, expect, it } from 'vitest';
import type { CiliumPolicy } from '../../src/index.ts';
import { compile, egress, type Flow, ingress, onServer, outcome, policy } from './cilium-world.ts';

type Row = readonly [string, readonly CiliumPolicy[], string, Flow, Outcome];

function judges(rows: readonly Row[]): void {
  it.each(rows)('%s', (_title, policies, peer, flow, expected) => {
    expect(outcome(compile(policies), peer, flow)).toBe(expected);
  });
}

describe('entities of a rule of Cilium', () => {
  const entity = (name: string): CiliumPolicy[] => [ingress({ fromEntities: [name] })];
  judges([
    ['all: pods', entity('all'), 'stranger', {}, 'allow'],
    ['all: outside', entity('all'), '203.0.113.1', {}, 'allow'],
    ['world: outside', entity('world'), '203.0.113.1', {}, 'allow'],
    ['world: outside with IPv6', entity('world'), '2001:db8::1', {}, 'allow'],
    ['world: no pods', entity('world'), 'client', {}, 'deny'],
    ['world: no nodes', entity('world'), 'other node', {}, 'deny'],
    ['world-ipv4: IPv4 alone', entity('world-ipv4'), '2001:db8::1', {}, 'deny'],
    ['world-ipv6: IPv6 alone', entity('world-ipv6'), '2001:db8::1', {}, 'allow'],
    ['cluster: pods', entity('cluster'), 'stranger', {}, 'allow'],
    ['cluster: nobody outside', entity('cluster'), '203.0.113.1', {}, 'deny'],
    ['cluster: nodes', entity('cluster'), 'other node', {}, 'allow'],
    ['remote-node: other nodes', entity('remote-node'), 'other node', {}, 'allow'],
    ['remote-node: no pods', entity('remote-node'), 'client', {}, 'deny'],
    ['host: no other nodes', entity('host'), 'other node', {}, 'deny'],
    ['host: the own node', [egress({ toEntities: ['host'] })], 'own node', { direction: 'egress' }, 'allow'],
    ['nobody: not even the own node from a pod', [egress({})], 'own node', { direction: 'egress' }, 'deny'],
    ['nodes by their labels', [ingress({ fromNodes: [{ matchLabels: { role: 'worker' } }] })], 'other node', {}, 'allow'],
    ['nodes by other labels', [ingress({ fromNodes: [{ matchLabels: { role: 'x' } }] })], 'other node', {}, 'deny'],
    [
      'nodes by their labels: not the own one',
      [egress({ toNodes: [{ matchLabels: { role: 'worker' } }] })],
      'own node',
      { direction: 'egress' },
      'deny',
    ],
    ['cluster: the API server', entity('cluster'), '198.51.100.7', {}, 'allow'],
    ['kube-apiserver: where its endpoints are', entity('kube-apiserver'), '198.51.100.7', {}, 'allow'],
    ['kube-apiserver: nobody else', entity('kube-apiserver'), '198.51.100.8', {}, 'deny'],
    ['none: nobody', entity('none'), 'client', {}, 'deny'],
    [
      'init, health, unmanaged and ingress: nobody is',
      [ingress({ fromEntities: ['init', 'health', 'unmanaged', 'ingress'] })],
      'client',
      {},
      'deny',
    ],
  ]);
});

describe('blocks of a rule of Cilium', () => {
  judges([
    ['mean who is outside', [ingress({ fromCIDR: ['203.0.113.0/24'] })], '203.0.113.1', {}, 'allow'],
    ['and no pods', [ingress({ fromCIDR: ['0.0.0.0/0'] })], 'client', {}, 'deny'],
    ['and no nodes', [ingress({ fromCIDR: ['0.0.0.0/0'] })], 'other node', {}, 'deny'],
    ['may be single addresses', [ingress({ fromCIDR: ['203.0.113.1'] })], '203.0.113.1', {}, 'allow'],
    ['have exceptions', [ingress({ fromCIDRSet: [{ cidr: '203.0.113.0/24', except: ['203.0.113.0/28'] }] })], '203.0.113.1', {}, 'deny'],
    ['are in groups by name', [ingress({ fromCIDRSet: [{ cidrGroupRef: 'partners' }] })], '203.0.113.65', {}, 'allow'],
    ['or by labels', [ingress({ fromCIDRSet: [{ cidrGroupSelector: { matchLabels: { kind: 'partner' } } }] })], '203.0.113.1', {}, 'allow'],
    ['a group that is missing has none', [ingress({ fromCIDRSet: [{ cidrGroupRef: 'nobody' }] })], '203.0.113.65', {}, 'deny'],
    [
      'a group has exceptions',
      [ingress({ fromCIDRSet: [{ cidrGroupRef: 'partners', except: ['203.0.113.64/28'] }] })],
      '203.0.113.65',
      {},
      'deny',
    ],
  ]);
});

describe('services of a rule of Cilium', () => {
  const out = { direction: 'egress' } as const;
  judges([
    [
      'mean the pods that they select',
      [egress({ toServices: [{ k8sService: { serviceName: 'clients', namespace: 'other' } }] })],
      'stranger',
      out,
      'allow',
    ],
    [
      'in their own namespace',
      [egress({ toServices: [{ k8sService: { serviceName: 'clients', namespace: 'other' } }] })],
      'client',
      out,
      'deny',
    ],
    [
      'are found by their labels',
      [egress({ toServices: [{ k8sServiceSelector: { selector: { matchLabels: { tier: 'front' } } } }] })],
      'stranger',
      out,
      'allow',
    ],
    ['that are missing mean nobody', [egress({ toServices: [{ k8sService: { serviceName: 'nobody' } }] })], 'stranger', out, 'deny'],
    [
      'without a selector mean the addresses that they serve',
      [egress({ toServices: [{ k8sService: { serviceName: 'outside' } }] })],
      '198.51.100.9',
      out,
      'allow',
    ],
    [
      'without a selector are denied by their addresses',
      [
        policy({
          ...onServer,
          egress: [{ toEntities: ['all'] }],
          egressDeny: [{ toServices: [{ k8sService: { serviceName: 'outside' } }] }],
        }),
      ],
      '198.51.100.9',
      out,
      'deny',
    ],
  ]);
});

describe('names of a rule of Cilium', () => {
  const out = { direction: 'egress' } as const;
  judges([
    ['mean what they resolved to', [egress({ toFQDNs: [{ matchName: 'WWW.example.com.' }] })], '203.0.113.9', out, 'allow'],
    ['and nothing else', [egress({ toFQDNs: [{ matchName: 'www.example.com' }] })], '203.0.113.10', out, 'deny'],
    ['may be patterns', [egress({ toFQDNs: [{ matchPattern: '*.example.com' }] })], '203.0.113.10', out, 'allow'],
    ['never mean pods, whatever an answer says', [egress({ toFQDNs: [{ matchName: 'www.example.com' }] })], 'client', out, 'deny'],
    ['and never nodes', [egress({ toFQDNs: [{ matchName: 'www.example.com' }] })], 'other node', out, 'deny'],
    ['that nobody asked for mean nobody', [egress({ toFQDNs: [{ matchName: 'never.example.com' }] })], '203.0.113.9', out, 'deny'],
    [
      'have names of ports, which are numbers of the cluster',
      [egress({ toFQDNs: [{ matchName: 'www.example.com' }], toPorts: [{ ports: [{ port: 'web' }] }] })],
      '203.0.113.9',
      { ...out, port: 8080 },
      'allow',
    ],
    [
      'have ports',
      [egress({ toFQDNs: [{ matchName: 'www.example.com' }], toPorts: [{ ports: [{ port: '443' }] }] })],
      '203.0.113.9',
      out,
      'deny',
    ],
  ]);
});
