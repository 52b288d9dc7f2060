import type { KubeObject } from '@weir/kube';
import type { FlowQuestion } from '@weir/model';
import { protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { adminNetworkPolicyCompiler } from '../../src/index.ts';
import { address, compileAll, outcomeOf, referred } from '../cluster-network-policy/administrator-world.ts';

type Spec = Readonly<Record<string, unknown>>;

const everyPod = { namespaces: {} };
const server = { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'server' } } } };

function ofKind(kind: string, name: string, spec: Spec): KubeObject {
  return { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind, metadata: { name }, spec: { subject: server, ...spec } } as KubeObject;
}
const admin = (name: string, spec: Spec): KubeObject => ofKind('AdminNetworkPolicy', name, { priority: 10, ...spec });
const baseline = (spec: Spec, name = 'default'): KubeObject => ofKind('BaselineAdminNetworkPolicy', name, spec);
const from = (action: string, more: object = {}): object => ({ action, from: [everyPod], ...more });
const allowsNothing = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'none', namespace: 'n' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
} as KubeObject;
const toNode: Partial<FlowQuestion> = {
  destination: { kind: 'node', node: { name: 'node2', addresses: [address('10.9.0.2')] }, address: address('10.9.0.2') },
};

describe('AdminNetworkPolicies and their baseline compiled', () => {
  it.each<[string, readonly KubeObject[], Partial<FlowQuestion>, string]>([
    ['an Allow lets through what a NetworkPolicy would not', [admin('a', { ingress: [from('Allow')] }), allowsNothing], {}, 'allow'],
    ['a Deny is final', [admin('a', { ingress: [from('Deny')] })], {}, 'deny'],
    ['a Pass goes on to NetworkPolicies', [admin('a', { ingress: [from('Pass'), from('Allow')] }), allowsNothing], {}, 'deny'],
    ['a Pass goes on to the baseline', [admin('a', { ingress: [from('Pass')] }), baseline({ ingress: [from('Deny')] })], {}, 'deny'],
    ['the baseline is not asked for pods of NetworkPolicies', [baseline({ ingress: [from('Allow')] }), allowsNothing], {}, 'deny'],
    [
      'lower priority values come first',
      [admin('a', { priority: 2, ingress: [from('Deny')] }), admin('b', { priority: 1, ingress: [from('Allow')] })],
      {},
      'allow',
    ],
    [
      'a port without protocol is one of TCP',
      [admin('a', { ingress: [from('Deny', { ports: [{ portNumber: { port: 80 } }] })] })],
      {},
      'deny',
    ],
    [
      'ports have a protocol',
      [admin('a', { ingress: [from('Deny', { ports: [{ portRange: { protocol: 'UDP', start: 79, end: 81 } }] })] })],
      {},
      'allow',
    ],
    [
      'ports have names',
      [admin('a', { ingress: [from('Deny', { ports: [{ namedPort: 'dns' }] })] })],
      { protocol: protocolNumber.UDP, destinationPort: 53 },
      'deny',
    ],
    ['nodes are peers of egress', [admin('a', { subject: everyPod, egress: [{ action: 'Deny', to: [{ nodes: {} }] }] })], toNode, 'deny'],
  ])('%s', (_name, policies, flow, expected) => {
    expect(outcomeOf(compileAll(policies), flow)).toBe(expected);
  });
});

describe('an AdminNetworkPolicy is refused', () => {
  it.each<[string, KubeObject, readonly string[]]>([
    ['for a field that is not known', admin('a', { tier: 'Admin' }), ['spec.tier: Forbidden: unknown field']],
    [
      'for a protocol that there is not',
      admin('a', { ingress: [from('Deny', { ports: [{ portNumber: { protocol: 'tcp', port: 80 } }] })] }),
      ['spec.ingress[0].ports[0]: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"'],
    ],
    [
      'for a baseline that is not called default',
      baseline({}, 'other'),
      ['<nil>: Invalid value: Only one baseline admin network policy with metadata.name="default" can be created in the cluster'],
    ],
    [
      'for a baseline that names domains',
      baseline({ egress: [{ action: 'Allow', to: [{ domainNames: ['a.b'] }] }] }),
      [
        'spec.egress[0].to[0].domainNames: Forbidden: unknown field',
        'spec.egress[0].to[0]: Invalid value: 0: spec.egress[0].to[0] in body should have at least 1 properties',
      ],
    ],
  ])('%s', (_name, object, expected) => {
    const { policies, diagnostics } = adminNetworkPolicyCompiler.compile(object, referred);
    expect(policies).toEqual([]);
    expect(diagnostics.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected);
  });

  it('and denies what its rules may have denied, when it was never accepted', () => {
    const object = admin('a', { ingress: [from('Deny', { unknown: 1 })] });
    expect(outcomeOf(adminNetworkPolicyCompiler.closed(object, referred))).toBe('deny');
    expect(outcomeOf(adminNetworkPolicyCompiler.closed(baseline({ ingress: [from('Allow', { unknown: 1 })] }), referred))).toBe('allow');
  });
});
