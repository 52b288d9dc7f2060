import { createPolicyWorld, type Endpoint, type FlowQuestion, judgeQuestion, type Policy, type Tier } from '@weir/model';
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { closedCalicoPolicy } from '../../src/calico/policies/closed-calico-policy.ts';
import { type CalicoPolicy, type CalicoPolicySpec, type CalicoRule, compileCalicoPolicy } from '../../src/index.ts';

const { TCP } = protocolNumber;
const address = (text: string): Address => defined(parseAddress(text), text);

function pod(name: string, ip: string, labels: Record<string, string> = {}, namespace = 'n'): Endpoint {
  return {
    uid: name,
    namespace,
    name,
    node: 'node1',
    addresses: [address(ip)],
    labels: {
      pod: { name, ...labels },
      namespace: { 'kubernetes.io/metadata.name': namespace },
      serviceAccount: {},
      reserved: { namespace, name, serviceAccount: 'default', orchestrator: 'k8s' },
    },
    namedPorts: [{ name: 'web', protocol: TCP, port: 80 }],
  };
}

const client = pod('client', '10.0.0.1', { app: 'client' });
const server = pod('server', '10.0.0.2');
const stranger = pod('stranger', '10.0.0.3', { app: 'client' }, 'other');

type Spec = CalicoPolicySpec & Record<string, unknown>;

/** A policy of namespace `n`, or of the cluster. */
function policy(name: string, spec: Spec, kind: CalicoPolicy['kind'] = 'NetworkPolicy'): CalicoPolicy {
  const namespace = kind.includes('Global') ? {} : { namespace: 'n' };
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...namespace }, spec };
}

interface TierShape {
  readonly order: number;
  readonly end?: 'deny' | 'pass';
}

/** What becomes of TCP to port 80 of `server`. */
function outcome(
  policies: readonly CalicoPolicy[],
  tiers: Readonly<Record<string, TierShape>> = { default: { order: 1_000_000 } },
  flow: Partial<FlowQuestion> = {},
): string {
  const byTier = new Map<string, Policy[]>(Object.keys(tiers).map((name) => [name, []]));
  for (const each of policies) {
    const { tier, policy: compiled, diagnostics } = compileCalicoPolicy(each);
    expect(diagnostics).toEqual([]);
    if (compiled !== undefined) byTier.get(tier)?.push(compiled);
  }
  const world = createPolicyWorld({
    endpoints: [client, server, stranger],
    tiers: [...byTier].map(
      ([name, members]): Tier => ({
        name,
        order: tiers[name]?.order ?? 0,
        end: tiers[name]?.end ?? 'deny',
        policies: members,
      }),
    ),
  });
  return judgeQuestion(world, {
    source: { kind: 'endpoint', endpoint: client, address: address('10.0.0.1') },
    destination: { kind: 'endpoint', endpoint: server, address: address('10.0.0.2') },
    protocol: TCP,
    destinationPort: 80,
    ...flow,
  });
}

const toServer = { selector: `name == 'server'` };
const from = (selector: string, action: CalicoRule['action'] = 'Allow'): CalicoRule => ({ action, source: { selector } });
const fromStranger: Partial<FlowQuestion> = { source: { kind: 'endpoint', endpoint: stranger, address: address('10.0.0.3') } };

describe('a Calico policy compiled', () => {
  it.each<[string, readonly CalicoPolicy[], Partial<FlowQuestion>, string]>([
    ['isolates without a rule', [policy('p', toServer)], {}, 'deny'],
    ['governs no ingress when it has egress alone', [policy('p', { ...toServer, egress: [{ action: 'Deny' }] })], {}, 'allow'],
    ['allows whom it selects', [policy('p', { ...toServer, ingress: [from(`app == 'client'`)] })], {}, 'allow'],
    ['selects in its own namespace', [policy('p', { ...toServer, ingress: [from(`app == 'client'`)] })], fromStranger, 'deny'],
    [
      'selects in others when it says so',
      [policy('p', { ...toServer, ingress: [{ action: 'Allow', source: { selector: `app == 'client'`, namespaceSelector: 'all()' } }] })],
      fromStranger,
      'allow',
    ],
    [
      'of the cluster selects everywhere',
      [policy('p', { ...toServer, ingress: [from(`app == 'client'`)] }, 'GlobalNetworkPolicy')],
      fromStranger,
      'allow',
    ],
    ['of the cluster is limited by its namespaces', [policy('p', { namespaceSelector: `has(x)` }, 'GlobalNetworkPolicy')], {}, 'allow'],
    ['takes the first rule that matches', [policy('p', { ...toServer, ingress: [from('all()', 'Deny'), from('all()')] })], {}, 'deny'],
    ['goes on behind Log', [policy('p', { ...toServer, ingress: [from('all()', 'Log'), from('all()')] })], {}, 'allow'],
    ['that only logs denies at the end', [policy('p', { ...toServer, ingress: [from('all()', 'Log')] })], {}, 'deny'],
    [
      'is asked by order',
      [
        policy('a', { ...toServer, order: 20, ingress: [from('all()')] }),
        policy('b', { ...toServer, order: 10.5, ingress: [from('all()', 'Deny')] }),
      ],
      {},
      'deny',
    ],
    [
      'without order is asked last',
      [policy('a', { ...toServer, ingress: [from('all()', 'Deny')] }), policy('b', { ...toServer, order: 1e9, ingress: [from('all()')] })],
      {},
      'allow',
    ],
    [
      'of equal order is asked by name and namespace as one text, a-b before a',
      [policy('a', { ...toServer, ingress: [from('all()')] }), policy('a-b', { ...toServer, ingress: [from('all()', 'Deny')] })],
      {},
      'deny',
    ],
    [
      'of equal order is asked by name',
      [policy('b', { ...toServer, ingress: [from('all()')] }), policy('a', { ...toServer, ingress: [from('all()', 'Deny')] })],
      {},
      'deny',
    ],
    ['finds ports by name', [policy('p', { ...toServer, ingress: [{ action: 'Allow', destination: { ports: ['web'] } }] })], {}, 'allow'],
    [
      'finds ports by range',
      [policy('p', { ...toServer, ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: ['79:81'] } }] })],
      {},
      'allow',
    ],
    [
      'excludes ports',
      [policy('p', { ...toServer, ingress: [{ action: 'Allow', protocol: 'TCP', destination: { notPorts: [80] } }] })],
      {},
      'deny',
    ],
    ['excludes blocks', [policy('p', { ...toServer, ingress: [{ action: 'Allow', source: { notNets: ['10.0.0.0/30'] } }] })], {}, 'deny'],
    [
      'that excludes blocks of one family says nothing of the other',
      [policy('p', { ...toServer, ingress: [{ action: 'Allow', source: { notNets: ['fd00::/8'] } }] })],
      {},
      'deny',
    ],
    [
      'takes blocks in any spelling',
      [policy('p', { ...toServer, ingress: [{ action: 'Allow', source: { nets: ['FD00:0:0::0/16'] } }] })],
      {},
      'deny',
    ],
    ['that is staged is not enforced', [policy('p', toServer, 'StagedNetworkPolicy')], {}, 'allow'],
  ])('%s', (_name, policies, flow, expected) => {
    expect(outcome(policies, undefined, flow)).toBe(expected);
  });
});

describe('tiers of Calico', () => {
  const tiers = { first: { order: 1 }, second: { order: 2 }, default: { order: 1_000_000 } };
  const allow = { ...toServer, ingress: [from('all()')] };
  const deny = { ...toServer, ingress: [from('all()', 'Deny' as const)] };
  const pass = { ...toServer, ingress: [from('all()', 'Pass' as const)] };

  it.each<[string, readonly CalicoPolicy[], Readonly<Record<string, TierShape>>, string]>([
    ['an Allow of the first tier is final', [policy('a', { ...allow, tier: 'first' }), policy('b', deny)], tiers, 'allow'],
    ['a Pass goes to the next tier', [policy('a', { ...pass, tier: 'first' }), policy('b', { ...deny, tier: 'second' })], tiers, 'deny'],
    ['a Pass of the last tier allows by the profile', [policy('a', { ...pass, tier: 'second' })], tiers, 'allow'],
    [
      'a tier with staged policies alone is skipped',
      [policy('a', { ...pass, tier: 'first' }), policy('s', { ...deny, tier: 'second' }, 'StagedNetworkPolicy'), policy('b', allow)],
      tiers,
      'allow',
    ],
    ['a tier without a match denies', [policy('a', { ...toServer, tier: 'first' }), policy('b', allow)], tiers, 'deny'],
    [
      'a tier without a match that passes goes on',
      [policy('a', { ...toServer, tier: 'first' }), policy('b', allow)],
      { ...tiers, first: { order: 1, end: 'pass' } },
      'allow',
    ],
    [
      'a tier whose policies do not select the pod is skipped',
      [policy('a', { selector: 'has(x)', tier: 'first' }), policy('b', allow)],
      tiers,
      'allow',
    ],
  ])('%s', (_name, policies, shape, expected) => {
    expect(outcome(policies, shape)).toBe(expected);
  });
});

describe('a Calico policy is refused as a whole', () => {
  const messages = (spec: Spec): readonly string[] =>
    compileCalicoPolicy(policy('p', spec)).diagnostics.map(({ object, field, message }) => `${object} ${field}: ${message}`);

  it.each<[string, Spec, string]>([
    [
      'for a field that is not known',
      { ingress: [{ action: 'Allow', form: {} } as unknown as CalicoRule] },
      'NetworkPolicy n/p spec.ingress[0].form: Forbidden: unknown field',
    ],
    [
      'for a value of another type',
      { order: '5' as unknown as number },
      'NetworkPolicy n/p spec.order: Invalid value: "5": must be a number',
    ],
    [
      'for HTTP, which would be wide without a proxy',
      { ingress: [{ action: 'Allow', http: { methods: ['GET'] } }] },
      'NetworkPolicy n/p spec.ingress[0].http: HTTP methods and paths need a proxy in the pod; enforced by the kernel alone, the rule would allow every request',
    ],
  ])('%s', (_name, spec, expected) => {
    const { policy: compiled } = compileCalicoPolicy(policy('p', spec));
    expect(compiled).toBeUndefined();
    expect(messages(spec)).toEqual([expected]);
  });

  it('mean the endpoints of a service, in the namespace of the policy unless they name another', () => {
    const spec: Spec = {
      egress: [{ action: 'Allow', destination: { services: { name: 's' } } }],
      ingress: [{ action: 'Allow', source: { services: { name: 's', namespace: 'other' } } }],
    };
    const { policy: compiled } = compileCalicoPolicy(policy('p', spec));
    expect(compiled?.egress?.rules[0]?.match.destination.groups).toEqual(['service/n/s']);
    expect(compiled?.ingress?.rules[0]?.match.source.groups).toEqual(['service/other/s']);
  });
});

it('a Calico policy that excludes names of ports without a protocol is refused', () => {
  const ingress = [{ action: 'Deny', destination: { notPorts: ['web'] } }] as const;
  const { policy: compiled, diagnostics } = compileCalicoPolicy(policy('p', { ...toServer, ingress }));
  expect(compiled).toBeUndefined();
  expect(diagnostics.map(({ code, field }) => [code, field])).toEqual([['unsupported-policy', 'spec.ingress[0].destination.notPorts']]);
});

describe('the endpoints that a policy selects among', () => {
  const appliesTo = (spec: Spec, kind: CalicoPolicy['kind'] = 'GlobalNetworkPolicy'): readonly string[] | undefined =>
    compileCalicoPolicy(policy('p', spec, kind)).policy?.appliesTo;

  it('are pods alone for policies of a namespace, and for those that select namespaces or service accounts', () => {
    expect(appliesTo({}, 'NetworkPolicy')).toBeUndefined();
    expect(appliesTo({ namespaceSelector: 'all()' })).toBeUndefined();
    expect(appliesTo({ serviceAccountSelector: 'all()' })).toBeUndefined();
  });

  it('are pods and hosts for policies of the cluster, on forward where they say so', () => {
    expect(appliesTo({})).toEqual(['pods', 'normal']);
    expect(appliesTo({ applyOnForward: true })).toEqual(['pods', 'normal', 'forward']);
    expect(appliesTo({ applyOnForward: true }, 'StagedGlobalNetworkPolicy')).toEqual(['pods', 'normal', 'forward']);
  });

  it('are hosts alone before translation and before connection tracking', () => {
    expect(appliesTo({ applyOnForward: true, preDNAT: true, namespaceSelector: 'all()' })).toEqual(['preDNAT']);
    expect(appliesTo({ applyOnForward: true, doNotTrack: true })).toEqual(['untracked']);
  });

  it('are the same for the stand-in of a refused policy, which denies only what comes in before translation', () => {
    const http = [{ action: 'Allow', http: { methods: ['GET'] } }] as const;
    const { policy: closed } = closedCalicoPolicy(
      policy('p', { preDNAT: true, applyOnForward: true, types: ['Ingress', 'Egress'], ingress: http }, 'GlobalNetworkPolicy'),
    );
    expect([closed.appliesTo, closed.ingress?.rules[0]?.action, closed.egress]).toEqual([['preDNAT'], 'deny', undefined]);
  });
});
