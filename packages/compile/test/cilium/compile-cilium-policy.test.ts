import type { Outcome } from '@weir/model';
import { defined, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { type CiliumPolicy, type CiliumSpec, closedCiliumPolicy, compileNetworkPolicy, type PlacedPolicy } from '../../src/index.ts';
import { any, clusterwide, compile, egress, type Flow, ingress, onServer, outcome, policy } from './cilium-world.ts';

const { UDP, SCTP, ICMP } = protocolNumber;

type Row = readonly [string, readonly CiliumPolicy[], string, Flow, Outcome];

function judges(rows: readonly Row[]): void {
  it.each(rows)('%s', (_title, policies, peer, flow, expected) => {
    expect(outcome(compile(policies), peer, flow)).toBe(expected);
  });
}

describe('isolation by a policy of Cilium', () => {
  judges([
    ['a rule of nothing isolates', [ingress({})], 'client', {}, 'deny'],
    ['and only in its direction', [ingress({})], 'client', { direction: 'egress' }, 'allow'],
    ['an empty section says nothing', [policy({ ...onServer, ingress: [], egress: [{}] })], 'client', {}, 'allow'],
    ['a denial isolates too', [policy({ ...onServer, ingressDeny: [{ fromEntities: ['world'] }] })], 'client', {}, 'deny'],
    [
      'unless default deny is off',
      [policy({ ...onServer, ingressDeny: [{ fromEntities: ['world'] }], enableDefaultDeny: { ingress: false } })],
      'client',
      {},
      'allow',
    ],
    [
      'default deny of another policy counts',
      [policy({ ...onServer, ingress: [{}], enableDefaultDeny: { ingress: false } }), ingress({})],
      'client',
      {},
      'deny',
    ],
    [
      'it selects in its own namespace',
      [policy({ endpointSelector: {}, ingress: [{}] }, { metadata: { name: 'p', namespace: 'other' } })],
      'client',
      {},
      'allow',
    ],
    [
      'whatever namespace its selector names',
      [policy({ endpointSelector: { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'other' } }, ingress: [{}] })],
      'client',
      {},
      'deny',
    ],
    ['a policy of the cluster selects everywhere', [policy({ endpointSelector: {}, ingress: [{}] }, clusterwide)], 'client', {}, 'deny'],
    [
      'each of specs counts',
      [
        policy(undefined, {
          specs: [
            { ...onServer, egress: [{}] },
            { ...onServer, ingress: [{}] },
          ],
        }),
      ],
      'client',
      {},
      'deny',
    ],
    [
      'a policy in audit mode is not enforced',
      [policy({ ...onServer, ingress: [{}] }, { metadata: { name: 'p', namespace: 'n', annotations: { 'weir/audit-mode': 'true' } } })],
      'client',
      {},
      'allow',
    ],
  ]);
});

describe('peers of a rule of Cilium', () => {
  const labels = (matchLabels: Record<string, string>): CiliumPolicy => ingress({ fromEndpoints: [{ matchLabels }] });
  judges([
    ['are pods of its own namespace', [labels({ app: 'client' })], 'client', {}, 'allow'],
    ['and not of others', [labels({ app: 'client' })], 'stranger', {}, 'deny'],
    ['and nobody outside', [ingress({ fromEndpoints: [any] })], '203.0.113.1', {}, 'deny'],
    ['have labels of Kubernetes', [labels({ 'k8s:app': 'client' })], 'client', {}, 'allow'],
    ['or of any source', [labels({ 'any:app': 'client' })], 'client', {}, 'allow'],
    ['and none of containers', [labels({ 'container:app': 'client' })], 'client', {}, 'deny'],
    ['are of another namespace by name', [labels({ 'io.kubernetes.pod.namespace': 'other' })], 'stranger', {}, 'allow'],
    ['which is no label that a pod may give itself', [labels({ 'k8s:io.kubernetes.pod.namespace': 'other' })], 'client', {}, 'deny'],
    ['are of namespaces by their labels', [labels({ 'k8s:io.cilium.k8s.namespace.labels.team': 'other' })], 'stranger', {}, 'allow'],
    ['have service accounts', [labels({ 'io.cilium.k8s.policy.serviceaccount': 'client-account' })], 'client', {}, 'allow'],
    ['are of this cluster', [labels({ 'io.cilium.k8s.policy.cluster': 'default' })], 'client', {}, 'allow'],
    ['and not of another', [labels({ 'io.cilium.k8s.policy.cluster': 'far' })], 'client', {}, 'deny'],
    [
      'of a policy of the cluster are pods of any namespace',
      [policy({ ...onServer, ingress: [{ fromEndpoints: [any] }] }, clusterwide)],
      'stranger',
      {},
      'allow',
    ],
    ['and nobody else', [policy({ ...onServer, ingress: [{ fromEndpoints: [any] }] }, clusterwide)], '203.0.113.1', {}, 'deny'],
    [
      'are also outside when only a namespace is left out',
      [ingress({ fromEndpoints: [{ matchExpressions: [{ key: 'io.kubernetes.pod.namespace', operator: 'NotIn', values: ['other'] }] }] })],
      '203.0.113.1',
      {},
      'allow',
    ],
    ['are the world by its reserved label', [labels({ 'reserved:world': '' })], '203.0.113.1', {}, 'allow'],
    [
      'an empty list means nobody, with ports too',
      [ingress({ fromEndpoints: [], toPorts: [{ ports: [{ port: '80' }] }] })],
      'client',
      {},
      'deny',
    ],
    ['ports alone mean everybody', [ingress({ toPorts: [{ ports: [{ port: '80' }] }] })], '203.0.113.1', {}, 'allow'],
  ]);
});

describe('what a rule of Cilium lets through', () => {
  const ports = (...list: { port: string; endPort?: number; protocol?: string }[]): CiliumPolicy[] => [
    ingress({ toPorts: [{ ports: list }] }),
  ];
  judges([
    ['a port of any protocol', ports({ port: '80' }), 'client', { protocol: SCTP }, 'allow'],
    ['a port of one protocol', ports({ port: '80', protocol: 'TCP' }), 'client', { protocol: UDP }, 'deny'],
    ['a protocol in small letters', ports({ port: '80', protocol: 'tcp' }), 'client', {}, 'allow'],
    ['a range', ports({ port: '70', endPort: 90 }), 'client', {}, 'allow'],
    ['its first port alone when it ends before', ports({ port: '81', endPort: 80 }), 'client', { port: 80 }, 'deny'],
    ['every port by 0', ports({ port: '0', protocol: 'TCP' }), 'client', { port: 9 }, 'allow'],
    ['no messages of ICMP by port 0', ports({ port: '0' }), 'client', { protocol: ICMP, icmp: 8 }, 'deny'],
    ['a named port', ports({ port: 'WEB', protocol: 'TCP' }), 'client', { port: 8080 }, 'allow'],
    ['an octal port', ports({ port: '0120' }), 'client', {}, 'allow'],
    [
      'ports of any member of the list',
      [ingress({ toPorts: [{ ports: [{ port: '1' }] }, { ports: [{ port: '80' }] }] })],
      'client',
      {},
      'allow',
    ],
    ['nothing by a member without ports', [ingress({ fromEndpoints: [any], toPorts: [{}] })], 'client', {}, 'deny'],
    ['all protocols without ports', [ingress({ fromEndpoints: [any] })], 'client', { protocol: ICMP, icmp: 8 }, 'allow'],
    ['messages of a type', [ingress({ icmps: [{ fields: [{ type: 8 }] }] })], 'client', { protocol: ICMP, icmp: 8 }, 'allow'],
    ['and none of another', [ingress({ icmps: [{ fields: [{ type: 'EchoReply' }] }] })], 'client', { protocol: ICMP, icmp: 8 }, 'deny'],
    [
      'and none of another family',
      [ingress({ icmps: [{ fields: [{ type: 8, family: 'IPv6' }] }] })],
      'client',
      { protocol: ICMP, icmp: 8 },
      'deny',
    ],
    ['and no ports', [ingress({ icmps: [{ fields: [{ type: 8 }] }] })], 'client', {}, 'deny'],
    [
      'ports with a query of any name',
      [egress({ toPorts: [{ ports: [{ port: '53' }], rules: { dns: [{ matchPattern: '*' }] } }] })],
      'client',
      { direction: 'egress', port: 53 },
      'allow',
    ],
  ]);
});

describe('denials of Cilium', () => {
  const everything: CiliumSpec['ingress'] = [{ fromEntities: ['all'] }];
  const denying = (rule: NonNullable<CiliumSpec['ingressDeny']>[number]): CiliumPolicy => policy({ ...onServer, ingressDeny: [rule] });
  judges([
    [
      'come before what the same policy allows',
      [policy({ ...onServer, ingress: everything, ingressDeny: [{ fromEndpoints: [any] }] })],
      'client',
      {},
      'deny',
    ],
    ['come before what others allow', [ingress({ fromEntities: ['all'] }), denying({ fromEndpoints: [any] })], 'client', {}, 'deny'],
    ['leave the rest', [ingress({ fromEntities: ['all'] }), denying({ fromEndpoints: [any] })], 'stranger', {}, 'allow'],
    [
      'may be of ports alone',
      [ingress({ fromEntities: ['all'] }), denying({ toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] })],
      'stranger',
      {},
      'deny',
    ],
    ['of nothing deny nothing', [ingress({ fromEntities: ['all'] }), denying({})], 'stranger', {}, 'allow'],
    [
      'of a policy without default deny are enforced',
      [policy({ ...onServer, ingressDeny: [{ fromEndpoints: [any] }], enableDefaultDeny: { ingress: false } })],
      'client',
      {},
      'deny',
    ],
  ]);

  it('come before what a Kubernetes NetworkPolicy allows', () => {
    const { policy: kubernetes } = compileNetworkPolicy({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'k', namespace: 'n' },
      spec: { podSelector: {}, ingress: [{}] },
    });
    const network: PlacedPolicy = {
      tier: { name: 'default', order: 1_000_000, end: 'deny' },
      policy: defined(kubernetes, 'a valid policy'),
    };
    expect(outcome([network, ...compile([denying({ fromEndpoints: [any] })])], 'client')).toBe('deny');
    expect(outcome([network, ...compile([denying({ fromEndpoints: [any] })])], 'stranger')).toBe('allow');
  });
});

describe('a refused policy of Cilium that was never accepted', () => {
  const refused = (spec: unknown, kind?: string): readonly PlacedPolicy[] =>
    closedCiliumPolicy({ ...policy(undefined, kind === undefined ? {} : { kind }), spec } as CiliumPolicy);

  it('isolates whom it selects in the directions that it speaks of', () => {
    const closed = refused({ ...onServer, ingress: [{ fromEndpoints: 'x' }] });
    expect(outcome(closed, 'client')).toBe('deny');
    expect(outcome(closed, 'client', { direction: 'egress' })).toBe('allow');
  });

  it('denies what others allow when it has denials', () => {
    expect(outcome([...refused({ ...onServer, ingressDeny: 7 }), ...compile([ingress({ fromEntities: ['all'] })])], 'client')).toBe('deny');
  });

  it('selects every pod of its namespace when its selector cannot be read', () => {
    expect(outcome(refused({ endpointSelector: 'x', ingress: [{}] }), 'client')).toBe('deny');
  });

  it('speaks of both directions when nothing can be read', () => {
    expect(outcome(refused('x'), 'client')).toBe('deny');
    expect(outcome(refused('x'), 'client', { direction: 'egress' })).toBe('deny');
  });

  it('leaves pods alone when it is about nodes', () => {
    expect(refused({ nodeSelector: {}, ingress: [{}] }, 'CiliumClusterwideNetworkPolicy')).toEqual([]);
  });
});
