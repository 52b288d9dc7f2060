/** Flows through interfaces of nodes: families in order, failsafe ports, whose interface it is, and pods that reach for their own node. */
import { type Address, cidrRange, defined, parseAddress, parseCidr, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  calicoHostSettings,
  createPolicyWorld,
  type Direction,
  type DirectionRules,
  type Endpoint,
  engineProfiles,
  evaluateFlow,
  explainQuestion,
  type FlowVerdict,
  type HostEndpoint,
  type HostFamily,
  type HostSettings,
  judgeQuestion,
  type Match,
  type Policy,
  type PolicyWorldOptions,
  renderVerdict,
  type Tier,
  verdictToJson,
} from '../src/index.ts';

const { TCP, UDP } = protocolNumber;

function address(text: string): Address {
  return defined(parseAddress(text), text);
}

const noLabels = { pod: {}, namespace: {}, serviceAccount: {}, reserved: {} };

function host(name: string, options: Partial<HostEndpoint> = {}): HostEndpoint {
  const labels = { ...noLabels, pod: { role: 'node' } };
  return { uid: name, name, node: 'one', interfaces: 'all', addresses: [], labels, namedPorts: [], otherwise: 'deny', ...options };
}

function pod(name: string, node: string, ip: string): Endpoint {
  const labels = { ...noLabels, reserved: { namespace: 'n', name } };
  return { uid: name, namespace: 'n', name, node, addresses: [address(ip)], labels, namedPorts: [] };
}

const podOfOne = '10.1.0.1';
const podOfTwo = '10.2.0.1';
const one = '192.0.2.1';
const two = '192.0.2.2';
const outside = '198.51.100.9';

/** One rule that says the same of everything in both directions, in the families given. */
function policy(name: string, action: Action, appliesTo: readonly HostFamily[], match: Partial<Match> = {}): Policy {
  const ref = { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', name };
  const rules = (direction: Direction): DirectionRules => ({
    isolates: true,
    rules: [{ action, match: { source: {}, destination: {}, ...match }, origin: { policy: ref, direction, ruleIndex: 0 } }],
  });
  return {
    ref,
    order: 1,
    subject: { kind: 'in', label: { space: 'pod', key: 'role' }, values: ['node'] },
    appliesTo,
    staged: false,
    ingress: rules('ingress'),
    egress: rules('egress'),
  };
}

const never: Partial<Match> = { protocol: protocolNumber.SCTP };

function explain(
  from: string,
  to: string,
  options: Partial<PolicyWorldOptions> & { readonly policies?: readonly Policy[] },
  port = 80,
): FlowVerdict {
  const { policies = [], ...others } = options;
  const tier: Tier = { name: 'default', order: 1, end: 'deny', policies };
  const world = createPolicyWorld({
    tiers: [tier],
    endpoints: [pod('of-one', 'one', podOfOne), pod('also-of-one', 'one', '10.1.0.2'), pod('of-two', 'two', podOfTwo)],
    nodes: [
      { name: 'one', addresses: [address(one)] },
      { name: 'two', addresses: [address(two)] },
    ],
    profile: engineProfiles.calico,
    ...others,
  });
  const flow = { source: address(from), destination: address(to), protocol: TCP, destinationPort: port };
  const verdict = evaluateFlow(world, flow);
  expect(judgeQuestion(world, verdict.question)).toBe(verdict.verdict);
  return verdict;
}

function heard(verdict: FlowVerdict): string[] {
  return verdict.hosts.map((each) => `${each.node} ${each.family} ${each.direction} ${each.verdict}`);
}

describe('a flow to or from a node', () => {
  it('is judged by the normal family of its host endpoint, else by what its profiles say', () => {
    expect(heard(explain(outside, one, { hosts: [host('h')] }))).toEqual(['one normal ingress deny']);
    expect(heard(explain(one, outside, { hosts: [host('h')] }))).toEqual(['one normal egress deny']);
    expect(explain(one, outside, { hosts: [host('h', { otherwise: 'allow' })] }).verdict).toBe('allow');
    const policies = [policy('open', 'allow', ['normal'])];
    expect(explain(outside, one, { hosts: [host('h')], policies }).hosts[0]?.decidedBy?.reason).toBe('rule');
  });

  it('passes the failsafe ports whatever policies say, from the blocks that they are for', () => {
    const hosts = [host('h')];
    const policies = [policy('closed', 'deny', ['normal']), policy('raw', 'deny', ['untracked', 'preDNAT'])];
    expect(explain(outside, one, { hosts, policies }, 22).verdict).toBe('allow');
    expect(explain(one, outside, { hosts, policies }, 22).verdict).toBe('deny');
    expect(explain(one, outside, { hosts, policies }, 6443).verdict).toBe('allow');
    const block = cidrRange(defined(parseCidr('203.0.113.0/24'), 'a block'));
    const failsafes = [{ direction: 'ingress', protocol: TCP, port: 22, block } as const];
    const hostSettings = (): HostSettings => ({ ...calicoHostSettings, failsafes });
    expect(explain(outside, one, { hosts, policies, hostSettings }, 22).verdict).toBe('deny');
    expect(explain('203.0.113.5', one, { hosts, policies, hostSettings }, 22).verdict).toBe('allow');
  });

  it('skips the later families where an earlier one allows, and goes on where it says nothing', () => {
    const hosts = [host('h')];
    expect(heard(explain(outside, one, { hosts, policies: [policy('p', 'allow', ['preDNAT'])] }))).toEqual(['one preDNAT ingress allow']);
    expect(heard(explain(outside, one, { hosts, policies: [policy('p', 'allow', ['untracked'])] }))).toEqual([
      'one untracked ingress allow',
    ]);
    const silent = [policy('p', 'allow', ['preDNAT', 'untracked'], never)];
    expect(heard(explain(outside, one, { hosts, policies: silent }))).toEqual(['one normal ingress deny']);
    // Nothing is translated on the way out.
    expect(heard(explain(one, outside, { hosts, policies: [policy('p', 'allow', ['preDNAT'])] }))).toEqual(['one normal egress deny']);
  });

  it('passes no interface between a node and itself or its own pods, nor between a pod and itself', () => {
    const policies = [policy('closed', 'deny', ['untracked', 'preDNAT', 'normal', 'forward'])];
    expect(heard(explain(one, one, { hosts: [host('h')], policies }))).toEqual([]);
    expect(heard(explain(one, podOfOne, { hosts: [host('h')], policies }))).toEqual([]);
    expect(heard(explain(podOfOne, podOfOne, { hosts: [host('h')], policies }))).toEqual([]);
  });

  it('finds names of ports at the node that its endpoint gives', () => {
    const web = { source: {}, destination: { namedPorts: ['web'] } };
    const policies = [policy('p', 'allow', ['normal'], web)];
    const hosts = [host('h', { namedPorts: [{ name: 'web', protocol: TCP, port: 80 }] })];
    expect(explain(outside, one, { hosts, policies }).verdict).toBe('allow');
    expect(explain(outside, one, { hosts, policies }, 81).verdict).toBe('deny');
  });
});

describe('a flow through a node', () => {
  it('is allowed where no policy of the family governs the direction, and else only where one allows it', () => {
    const hosts = [host('h')];
    expect(explain(outside, podOfOne, { hosts, policies: [policy('p', 'deny', ['normal'])] }).verdict).toBe('allow');
    const { egress: _egress, ...ingressOnly } = policy('p', 'allow', ['forward'], never);
    const way = heard(explain(outside, podOfOne, { hosts, policies: [ingressOnly] }));
    expect(way).toEqual(['one forward ingress deny', 'one forward egress allow']);
    expect(explain(outside, podOfOne, { hosts, policies: [policy('p', 'allow', ['forward'])] }).verdict).toBe('allow');
    const passing = explain(outside, podOfOne, { hosts, policies: [policy('p', 'pass', ['forward'])] });
    expect(passing.hosts[0]?.decidedBy).toEqual({ reason: 'profile', detail: 'forwarded' });
  });

  it('has no failsafe ports', () => {
    expect(explain(outside, podOfOne, { hosts: [host('h')], policies: [policy('p', 'deny', ['forward'])] }, 22).verdict).toBe('deny');
  });

  it('is asked about at pods, too, by an endpoint for all interfaces, and by one for a single interface is not', () => {
    const policies = [policy('p', 'deny', ['forward'])];
    expect(heard(explain(podOfOne, '10.1.0.2', { hosts: [host('h')], policies }))).toEqual([
      'one forward ingress deny',
      'one forward egress deny',
    ]);
    const named = host('h', { interfaces: { name: 'eth0' } });
    expect(heard(explain(podOfOne, '10.1.0.2', { hosts: [named], policies }))).toEqual([]);
    expect(heard(explain(podOfOne, outside, { hosts: [named], policies }))).toEqual(['one forward egress deny']);
  });

  it('asks the pods and every endpoint on the way', () => {
    const hosts = [host('h1'), host('h2', { node: 'two' })];
    const way = heard(explain(podOfOne, podOfTwo, { hosts, policies: [policy('p', 'allow', ['forward'])] }));
    expect(way).toEqual(['one forward ingress allow', 'one forward egress allow', 'two forward ingress allow', 'two forward egress allow']);
  });
});

describe('which endpoint an interface has', () => {
  const named = host('b-named', { interfaces: { name: 'eth0' }, otherwise: 'allow' });

  it('is the one for it rather than the one for all, and of several the first by name', () => {
    expect(explain(outside, one, { hosts: [host('a-all'), named] }).hosts[0]?.host?.name).toBe('b-named');
    const byAddress = host('a-address', { interfaces: 'by address', addresses: [address(one)] });
    expect(explain(outside, one, { hosts: [named, byAddress] }).hosts[0]?.host?.name).toBe('a-address');
    expect(explain(outside, one, { hosts: [host('z'), host('y')] }).hosts[0]?.host?.name).toBe('y');
  });

  it('is none for an interface with other addresses', () => {
    const elsewhere = host('h', { interfaces: 'by address', addresses: [address('203.0.113.1')] });
    expect(explain(outside, one, { hosts: [elsewhere] }).hosts).toEqual([]);
  });

  it('is not known where the node has several addresses and nobody says whose they are', () => {
    const nodes = [{ name: 'one', addresses: [address(one), address('203.0.113.1')] }];
    const verdict = explain(outside, one, { hosts: [host('h', { interfaces: { name: 'eth0' } })], nodes });
    expect(verdict.verdict).toBe('unknown');
    expect(verdict.missing).toEqual(['the interface of node one that the packet takes: give its host endpoints expectedIPs']);
    expect(explain(outside, one, { hosts: [named], nodes }).verdict).toBe('allow');
    const placed = host('h', { interfaces: { name: 'eth0' }, addresses: [address(one)] });
    expect(explain(outside, one, { hosts: [placed], nodes }).verdict).toBe('deny');
    expect(explain(outside, '203.0.113.1', { hosts: [placed], nodes }).verdict).toBe('allow');
  });
});

describe('a verdict at hosts', () => {
  it('is unknown only where what is not known decides', () => {
    const flowTo = (hosts: readonly HostEndpoint[], policies: readonly Policy[]): string => {
      const tier: Tier = { name: 'default', order: 1, end: 'deny', policies };
      const nodes = [{ name: 'one', addresses: [address(one)] }];
      const world = createPolicyWorld({ tiers: [tier], endpoints: [], nodes, hosts, profile: engineProfiles.calico });
      const client: Endpoint = { ...pod('planned', 'two', podOfTwo), addresses: [] };
      const destination = { kind: 'node', node: defined(nodes[0], 'a node'), address: address(one) } as const;
      return explainQuestion(world, { source: { kind: 'endpoint', endpoint: client }, destination, protocol: UDP, destinationPort: 9 })
        .verdict;
    };
    const nets = [cidrRange(defined(parseCidr('10.0.0.0/8'), 'a block'))];
    const perhaps = policy('p', 'allow', ['preDNAT'], { source: { nets } });
    expect(flowTo([host('h')], [perhaps])).toBe('unknown');
    expect(flowTo([host('h', { otherwise: 'allow' })], [perhaps])).toBe('allow');
    expect(
      flowTo(
        [host('h')],
        [{ ...perhaps, ingress: policy('p', 'deny', ['preDNAT'], { source: { nets } }).ingress ?? { isolates: true, rules: [] } }],
      ),
    ).toBe('deny');
  });

  it('names endpoint, family, tier, policy and rule, for people and for programs', () => {
    const verdict = explain(outside, one, { hosts: [host('eth0-of-one')], policies: [policy('closed', 'deny', ['normal'])] });
    expect(renderVerdict(verdict)).toEqual([
      'deny: 198.51.100.9 → node one (192.0.2.1) TCP/80',
      '  egress of 198.51.100.9: allowed, it is no pod, policies do not apply to it',
      '  ingress of host endpoint eth0-of-one (node one, normal policies): denied, rule ingress[0] of GlobalNetworkPolicy closed matches',
      '    isolated by GlobalNetworkPolicy closed',
      '    GlobalNetworkPolicy closed: its rules:',
      '      deny ingress[0] matches (any peer)',
    ]);
    const { hosts, trace } = verdictToJson(verdict);
    expect(hosts).toMatchObject([
      {
        node: 'one',
        hostEndpoint: 'eth0-of-one',
        direction: 'ingress',
        family: 'normal',
        verdict: 'deny',
        decidedBy: { reason: 'rule', kind: 'GlobalNetworkPolicy', name: 'closed', direction: 'ingress', rule: 0 },
      },
    ]);
    expect(trace).toMatchObject([{ hostEndpoint: 'eth0-of-one', family: 'normal', applies: 'yes' }]);
    expect(verdictToJson(explain(outside, podOfOne, {})).hosts).toBeUndefined();
  });

  it('says nothing with engines that know no host endpoints', () => {
    expect(explain(outside, one, { hosts: [host('h')], profile: engineProfiles.azure }).verdict).toBe('allow');
  });
});
