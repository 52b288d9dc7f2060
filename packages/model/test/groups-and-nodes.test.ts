/** Ends of rules that are groups of addresses or nodes, and the order of policies with equal numbers. */
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import {
  type AddressGroupName,
  createPolicyWorld,
  type Direction,
  type Endpoint,
  evaluateFlow,
  type GroupMember,
  type Policy,
  type PolicyWorld,
  type Side,
  verdictToJson,
} from '../src/index.ts';

const { TCP, UDP } = protocolNumber;

function address(text: string): Address {
  return defined(parseAddress(text), text);
}

const pod: Endpoint = {
  uid: 'p',
  namespace: 'n',
  name: 'p',
  node: 'one',
  addresses: [address('10.0.0.1')],
  labels: { pod: {}, namespace: {}, serviceAccount: {}, reserved: { namespace: 'n', name: 'p' } },
  namedPorts: [],
};

const groups = new Map<AddressGroupName, readonly GroupMember[]>([
  ['service/n/web', [{ address: address('10.0.0.7'), protocol: TCP, port: 8080 }]],
  ['domain/example.org', [{ address: address('192.0.2.7') }]],
]);

function worldOf(direction: Direction, remote: Side): PolicyWorld {
  const ref = { apiVersion: 'projectcalico.org', kind: 'NetworkPolicy', namespace: 'n', name: 'x' };
  const match = direction === 'ingress' ? { source: remote, destination: {} } : { source: {}, destination: remote };
  const rules = [{ action: 'allow', match, origin: { policy: ref, direction, ruleIndex: 0 } } as const];
  const policy: Policy = { ref, order: 1, subject: { kind: 'all' }, staged: false, [direction]: { isolates: true, rules } };
  return createPolicyWorld({
    tiers: [{ name: 'default', order: 1, end: 'deny', policies: [policy] }],
    endpoints: [pod],
    nodes: [
      { name: 'one', addresses: [address('10.1.0.1')] },
      { name: 'two', addresses: [address('10.1.0.2')] },
    ],
    groups,
  });
}

function out(remote: Side, destination: string, port: number, protocol: number = TCP): string {
  const flow = { source: address('10.0.0.1'), destination: address(destination), protocol, destinationPort: port };
  return evaluateFlow(worldOf('egress', remote), flow).verdict;
}

function into(remote: Side, source: string): string {
  const flow = { source: address(source), destination: address('10.0.0.1'), protocol: TCP, destinationPort: 80 };
  return evaluateFlow(worldOf('ingress', remote), flow).verdict;
}

describe('groups of addresses', () => {
  it('of services are destinations on the ports that they serve alone', () => {
    const web: Side = { groups: ['service/n/web'] };
    expect(out(web, '10.0.0.7', 8080)).toBe('allow');
    expect([out(web, '10.0.0.7', 80), out(web, '10.0.0.7', 8080, UDP), out(web, '10.0.0.8', 8080)]).toEqual(['deny', 'deny', 'deny']);
  });

  it('of services are sources from any port', () => {
    expect([into({ groups: ['service/n/web'] }, '10.0.0.7'), into({ groups: ['service/n/web'] }, '10.0.0.8')]).toEqual(['allow', 'deny']);
  });

  it('of domain names are destinations on any port, and one that nobody told is empty', () => {
    expect(out({ groups: ['service/n/web', 'domain/example.org'] }, '192.0.2.7', 1)).toBe('allow');
    expect(out({ groups: ['domain/example.com'] }, '192.0.2.7', 1)).toBe('deny');
  });

  it('are named where they are the reason', () => {
    const flow = { source: address('10.0.0.1'), destination: address('192.0.2.8'), protocol: TCP, destinationPort: 1 };
    const { trace } = verdictToJson(evaluateFlow(worldOf('egress', { groups: ['domain/example.org'] }), flow));
    expect(JSON.stringify(trace)).toContain('192.0.2.8 is not among those of domain/example.org');
  });
});

describe('nodes', () => {
  it('other than the own one are told apart by the node that the selected pod is on', () => {
    expect([out({ node: 'other' }, '10.1.0.2', 1), out({ node: 'other' }, '10.1.0.1', 1), out({ node: 'other' }, '192.0.2.1', 1)]).toEqual([
      'allow',
      'deny',
      'deny',
    ]);
    expect([out({ node: 'own' }, '10.1.0.1', 1), out({ node: 'own' }, '10.1.0.2', 1)]).toEqual(['allow', 'deny']);
  });

  it('in ranges are nodes and no pods that have such an address', () => {
    const nodes = [{ first: address('10.0.0.0'), last: address('10.1.0.1') }];
    expect([out({ nodes }, '10.1.0.1', 1), out({ nodes }, '10.1.0.2', 1), out({ nodes }, '10.0.0.7', 1)]).toEqual([
      'allow',
      'deny',
      'deny',
    ]);
  });
});

describe('what is outside', () => {
  const everywhere = [{ first: address('0.0.0.0'), last: address('255.255.255.255') }];

  it('is neither a pod nor a node, in a block or not, also where blocks mean these', () => {
    for (const side of [{ outside: true }, { outside: true, nets: everywhere }] as const) {
      expect(['192.0.2.1', '10.1.0.1', '10.1.0.2', '10.0.0.1'].map((each) => into(side, each))).toEqual([
        'allow',
        'allow',
        'deny',
        'allow',
      ]);
      expect(['192.0.2.1', '10.1.0.1', '10.1.0.2'].map((each) => out(side, each, 1))).toEqual(['allow', 'deny', 'deny']);
    }
  });

  it('is named where it is the reason', () => {
    const flow = { source: address('10.0.0.1'), destination: address('10.1.0.2'), protocol: TCP, destinationPort: 1 };
    const { trace } = verdictToJson(evaluateFlow(worldOf('egress', { outside: true }), flow));
    expect(JSON.stringify(trace)).toContain('node two (10.1.0.2) is one of the cluster, and what is outside of it is meant');
  });
});

it('policies of one tier with one order are asked by name, namespace and kind; tiers by name', () => {
  const policyOf = (kind: string, namespace: string | undefined, name: string): Policy => ({
    ref: { apiVersion: 'a', kind, name, ...(namespace === undefined ? {} : { namespace }) },
    order: Number.POSITIVE_INFINITY,
    subject: { kind: 'all' },
    staged: false,
  });
  const policies = [policyOf('A', 'b', 'y'), policyOf('B', 'a', 'x'), policyOf('A', 'a', 'x'), policyOf('Z', undefined, 'x')];
  const tier = (name: string): { name: string; order: number; end: 'deny'; policies: readonly Policy[] } => ({
    name,
    order: Number.POSITIVE_INFINITY,
    end: 'deny',
    policies,
  });
  const { tiers } = createPolicyWorld({ tiers: [tier('z'), tier('b')], endpoints: [] });
  expect(tiers.map(({ name }) => name)).toEqual(['b', 'z']);
  expect(tiers[0]?.policies.map(({ ref }) => `${ref.name}/${ref.namespace ?? ''}/${ref.kind}`)).toEqual([
    'x//Z',
    'x/a/A',
    'x/a/B',
    'y/b/A',
  ]);
});
