import type { KubeObject } from '@weir/kube';
import type { FlowQuestion } from '@weir/model';
import { protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { clusterNetworkPolicyCompiler } from '../../src/index.ts';
import { address, compileAll, outcomeOf, referred, stranger } from './administrator-world.ts';

type Spec = Readonly<Record<string, unknown>>;

const everyPod = { namespaces: {} };
const labelled = (name: string): object => ({ pods: { podSelector: { matchLabels: { app: name } } } });

/** A policy of the Admin tier for the server, unless `spec` says otherwise. */
function policy(name: string, spec: Spec): KubeObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { tier: 'Admin', priority: 10, subject: labelled('server'), ...spec },
  } as KubeObject;
}

const from = (action: string, peer: object = everyPod, more: object = {}): object => ({ action, from: [peer], ...more });
const to = (action: string, peer: object, more: object = {}): object => ({ action, to: [peer], ...more });
const tcp = (number: number): object => ({ protocols: [{ tcp: { destinationPort: { number } } }] });
const allowsNothing = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'none', namespace: 'n' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
} as KubeObject;
const fromStranger: Partial<FlowQuestion> = { source: { kind: 'endpoint', endpoint: stranger, address: address('10.0.0.3') } };
const toNode: Partial<FlowQuestion> = {
  destination: { kind: 'node', node: { name: 'node2', addresses: [address('10.9.0.2')] }, address: address('10.9.0.2') },
};
const ofClient = { subject: labelled('client') };

describe('a ClusterNetworkPolicy compiled', () => {
  it.each<[string, readonly KubeObject[], Partial<FlowQuestion>, string]>([
    ['isolates nobody', [policy('p', { ingress: [from('Accept', labelled('nobody'))] })], {}, 'allow'],
    ['says nothing of a direction without rules', [policy('p', { egress: [to('Deny', everyPod)] })], {}, 'allow'],
    ['denies whom it names', [policy('p', { ingress: [from('Deny', labelled('client'))] })], {}, 'deny'],
    ['denies nobody else', [policy('p', { ingress: [from('Deny', labelled('client'))] })], fromStranger, 'allow'],
    [
      'names pods by the labels of their namespace',
      [policy('p', { ingress: [from('Deny', { namespaces: { matchLabels: { team: 'other' } } })] })],
      fromStranger,
      'deny',
    ],
    [
      'names pods by both labels',
      [policy('p', { ingress: [from('Deny', { pods: { namespaceSelector: { matchLabels: { team: 'n' } }, podSelector: {} } })] })],
      fromStranger,
      'allow',
    ],
    ['selects its subject by namespaces', [policy('p', { subject: everyPod, egress: [to('Deny', labelled('server'))] })], {}, 'deny'],
    ['takes the first rule that matches', [policy('p', { ingress: [from('Accept'), from('Deny')] })], {}, 'allow'],
    [
      'of lower priority value is asked first',
      [policy('a', { priority: 20, ingress: [from('Accept')] }), policy('b', { priority: 10, ingress: [from('Deny')] })],
      {},
      'deny',
    ],
    [
      'of the Admin tier lets through what a NetworkPolicy would not',
      [policy('p', { ingress: [from('Accept')] }), allowsNothing],
      {},
      'allow',
    ],
    ['passes on to NetworkPolicies', [policy('p', { ingress: [from('Pass'), from('Deny')] }), allowsNothing], {}, 'deny'],
    ['passes on to nobody, and the pod is open', [policy('p', { ingress: [from('Pass'), from('Deny')] })], {}, 'allow'],
    [
      'passes on past others of its tier',
      [policy('a', { priority: 1, ingress: [from('Pass')] }), policy('b', { ingress: [from('Deny')] })],
      {},
      'allow',
    ],
    [
      'of the Baseline tier is asked when no NetworkPolicy selects the pod',
      [policy('p', { tier: 'Baseline', ingress: [from('Deny')] })],
      {},
      'deny',
    ],
    [
      'of the Baseline tier is not asked when one does',
      [policy('p', { tier: 'Baseline', ingress: [from('Accept')] }), allowsNothing],
      {},
      'deny',
    ],
    ['matches a port', [policy('p', { ingress: [from('Deny', everyPod, tcp(80))] })], {}, 'deny'],
    ['matches no other port', [policy('p', { ingress: [from('Deny', everyPod, tcp(81))] })], {}, 'allow'],
    [
      'matches a range of ports',
      [
        policy('p', {
          ingress: [from('Deny', everyPod, { protocols: [{ tcp: { destinationPort: { range: { start: 79, end: 80 } } } }] })],
        }),
      ],
      {},
      'deny',
    ],
    [
      'matches no other protocol',
      [policy('p', { ingress: [from('Deny', everyPod, { protocols: [{ udp: { destinationPort: { number: 80 } } }] })] })],
      {},
      'allow',
    ],
    [
      'matches ports of several protocols',
      [
        policy('p', {
          ingress: [
            from('Deny', everyPod, {
              protocols: [{ sctp: { destinationPort: { number: 80 } } }, { tcp: { destinationPort: { number: 80 } } }],
            }),
          ],
        }),
      ],
      {},
      'deny',
    ],
    [
      'matches named ports of whatever protocol',
      [policy('p', { ingress: [from('Deny', everyPod, { protocols: [{ destinationNamedPort: 'dns' }] })] })],
      { protocol: protocolNumber.UDP, destinationPort: 53 },
      'deny',
    ],
    [
      'matches named ports of their own protocol alone',
      [policy('p', { ingress: [from('Deny', everyPod, { protocols: [{ destinationNamedPort: 'dns' }] })] })],
      { protocol: protocolNumber.TCP, destinationPort: 53 },
      'allow',
    ],
    ['matches all protocols without ports', [policy('p', { ingress: [from('Deny')] })], { protocol: protocolNumber.ICMP }, 'deny'],
    [
      'denies blocks, in which pods are, too',
      [policy('p', { ...ofClient, egress: [to('Deny', { networks: ['10.0.0.0/24'] })] })],
      {},
      'deny',
    ],
    ['denies nodes', [policy('p', { ...ofClient, egress: [to('Deny', { nodes: { matchLabels: { pool: 'a' } } })] })], toNode, 'deny'],
    [
      'denies no nodes with other labels',
      [policy('p', { ...ofClient, egress: [to('Deny', { nodes: { matchLabels: { pool: 'b' } } })] })],
      toNode,
      'allow',
    ],
  ])('%s', (_name, policies, flow, expected) => {
    expect(outcomeOf(compileAll(policies), flow)).toBe(expected);
  });

  it('asks for the group of a name, and with `*.` for all names below', () => {
    const [placed] = compileAll([policy('p', { egress: [to('Accept', { domainNames: ['Kubernetes.IO.', '*.example.com'] })] })]);
    expect(placed?.policy.egress?.rules.map(({ match }) => match.destination)).toEqual([
      { groups: ['domain/kubernetes.io', 'domain/**.example.com'] },
    ]);
  });
});

const notChecked =
  '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
const refusals = (spec: Spec): readonly string[] =>
  clusterNetworkPolicyCompiler.compile(policy('p', spec), referred).diagnostics.map(({ field, message }) => `${field}: ${message}`);

describe('a ClusterNetworkPolicy is refused as a whole', () => {
  it.each<[string, Spec, readonly string[]]>([
    [
      'for a field that is not known',
      { ingress: [from('Accept', everyPod, { form: 1 })] },
      ['spec.ingress[0].form: Forbidden: unknown field'],
    ],
    [
      'for a tier that there is not',
      { tier: 'Middle' },
      ['spec.tier: Unsupported value: "Middle": supported values: "Admin", "Baseline"', notChecked],
    ],
    [
      'for a priority above 1000',
      { priority: 1001 },
      ['spec.priority: Invalid value: 1001: spec.priority in body should be less than or equal to 1000'],
    ],
    ['for a rule without peers', { ingress: [{ action: 'Deny' }] }, ['spec.ingress[0].from: Required value', notChecked]],
    [
      'for a peer that is two',
      { ingress: [from('Deny', { namespaces: {}, pods: { podSelector: {} } })] },
      ['spec.ingress[0].from[0]: Too many: 2: must have at most 1 items', notChecked],
    ],
    [
      'for a peer that is none',
      { ingress: [from('Deny', {})] },
      ['spec.ingress[0].from[0]: Invalid value: 0: spec.ingress[0].from[0] in body should have at least 1 properties'],
    ],
    [
      'for a range that ends where it starts',
      { ingress: [from('Deny', everyPod, { protocols: [{ tcp: { destinationPort: { range: { start: 80, end: 80 } } } }] })] },
      ['spec.ingress[0].protocols[0].tcp.destinationPort.range: Invalid value: Start port must be less than End port'],
    ],
    [
      'for a block that is none',
      { egress: [to('Deny', { networks: ['10.0.0.0/33'] })] },
      ['spec.egress[0].to[0].networks[0]: Invalid value: "10.0.0.0/33": Invalid CIDR format provided'],
    ],
    [
      'for named ports of peers that have none',
      { egress: [to('Deny', { networks: ['10.0.0.0/8'] }, { protocols: [{ destinationNamedPort: 'web' }] })] },
      [
        'spec.egress[0]: Invalid value: networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames',
      ],
    ],
    [
      'for domain names that are denied',
      { egress: [to('Deny', { domainNames: ['example.com'] })] },
      ['spec.egress[0].to[0].domainNames: Forbidden: domain names are for rules with action Accept alone'],
    ],
    [
      'for a selector with an operator that there is not',
      { subject: { namespaces: { matchExpressions: [{ key: 'a', operator: 'Is', values: ['b'] }] } } },
      ['spec.subject.namespaces.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
    ],
    [
      'for a named port without a name',
      { ingress: [from('Deny', everyPod, { protocols: [{ destinationNamedPort: '' }] })] },
      ['spec.ingress[0].protocols[0]: Required value: a port needs a name'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(clusterNetworkPolicyCompiler.compile(policy('p', spec), referred).policies).toEqual([]);
    expect(refusals(spec)).toEqual(expected);
  });

  it('names the object and the place of the field', () => {
    const { diagnostics } = clusterNetworkPolicyCompiler.compile(policy('p', { priority: -1 }), referred, {
      positionOf: (path) => (path === 'spec.priority' ? { file: 'p.yaml', line: 7, column: 3 } : undefined),
    });
    expect(diagnostics).toMatchObject([
      { object: 'ClusterNetworkPolicy p', field: 'spec.priority', position: { file: 'p.yaml', line: 7 }, code: 'invalid-policy' },
    ]);
  });
});

describe('a refused ClusterNetworkPolicy of which no version was accepted', () => {
  const closed = (spec: Spec | undefined, flow: Partial<FlowQuestion> = {}): string => {
    const object = { ...policy('p', spec ?? {}), ...(spec === undefined ? { spec: 7 } : {}) };
    return outcomeOf(clusterNetworkPolicyCompiler.closed(object, referred), flow);
  };

  it.each<[string, Spec | undefined, Partial<FlowQuestion>, string]>([
    ['denies a direction with a rule that may deny', { ingress: [from('Accept'), from('Deny', { unknown: {} })] }, {}, 'deny'],
    ['denies a direction with a rule that may pass on', { ingress: [from('Pass', { unknown: {} })] }, {}, 'deny'],
    ['denies a direction that cannot be read', { ingress: { from: 7 } }, {}, 'deny'],
    ['leaves out rules that only accept', { ingress: [from('Accept', { unknown: {} })] }, {}, 'allow'],
    ['leaves a direction alone that has no rules', { priority: 5_000, egress: [to('Deny', everyPod)] }, {}, 'allow'],
    ['denies to its subject alone', { subject: labelled('nobody'), ingress: [from('Deny', { unknown: {} })] }, {}, 'allow'],
    ['denies to every pod when its subject cannot be read', { subject: { unknown: {} }, ingress: [from('Deny')] }, {}, 'deny'],
    ['denies everything when nothing of it can be read', undefined, {}, 'deny'],
  ])('%s', (_name, spec, flow, expected) => {
    expect(closed(spec, flow)).toBe(expected);
  });
});
