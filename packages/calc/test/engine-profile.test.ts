import type { NetworkPolicy, NetworkPolicySpec, Node } from '@weir/kube';
import { type EngineName, enforcementTarget, engineProfiles } from '@weir/model';
import { compareAddresses, defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { type FlowJudgement, judgeFlow } from '../src/index.ts';
import { Follower, type World } from './follower.ts';
import { addressOf, namespaceOf, podOf, policyOf } from './objects.ts';

const policy = (spec: NetworkPolicySpec): NetworkPolicy => policyOf('x/p', spec);

function node(name: string, address: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
    },
  };
}

const base: World = {
  namespaces: [namespaceOf('x')],
  pods: [podOf('x/local', { node: 'n1', ip: '10.0.1.1' }), podOf('x/remote', { node: 'n2', ip: '10.0.2.1' })],
  nodes: [node('n1', '10.0.0.1'), node('n2', '10.0.0.2')],
};
const egressTo = (cidr: string): NetworkPolicy =>
  policy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr } }] }] });

function started(engine: EngineName, world: World): Follower {
  const follower = new Follower({ target: enforcementTarget(engine) });
  follower.go(world);
  return follower;
}

function out({ engine }: Follower, destination: string): NonNullable<FlowJudgement['egress']> {
  const flow = { source: addressOf('10.0.1.1'), destination: addressOf(destination), protocol: 6, sourcePort: 1, destinationPort: 80 };
  return defined(judgeFlow(engine.emittedState, flow, (address) => compareAddresses(address, addressOf('10.0.0.1')) === 0).egress, 'local');
}

describe.each(Object.values(engineProfiles))('an engine that behaves like $name', (profile) => {
  it('lets an ipBlock mean pods and nodes as the table says, and addresses of others always', () => {
    const follower = started(profile.name, { ...base, policies: [egressTo('10.0.0.0/8')] });
    expect(out(follower, '10.0.2.1').verdict).toBe(profile.ipBlockMatchesPods ? 'allow' : 'deny');
    expect(out(follower, '10.0.0.2').verdict).toBe(profile.ipBlockMatchesNodes ? 'allow' : 'deny');
    expect(out(follower, '10.9.9.9').verdict).toBe('allow');
  });

  it('lets a pod reach its own node as the table says', () => {
    const follower = started(profile.name, { ...base, policies: [policy({ podSelector: {}, policyTypes: ['Egress'] })] });
    expect(out(follower, '10.0.0.1').verdict).toBe(profile.podReachesOwnNode.includes('linux') ? 'allow' : 'deny');
    expect(out(follower, '10.0.0.2').verdict).toBe('deny');
  });

  it('refuses a policy with an IPv6 block as the table says, and closes the pods or leaves them alone', () => {
    const gap = profile.unsupported.find(({ feature, operatingSystem }) => feature === 'ipv6' && operatingSystem === 'any');
    const follower = started(profile.name, { ...base, policies: [egressTo('fd00::/8')] });
    const refused = follower.engine.refusedPolicies();
    expect(refused.map(({ inForce }) => inForce)).toEqual(
      gap === undefined ? [] : [profile.unsupportedPolicies === 'isolate' ? 'closed' : 'nothing'],
    );
    expect(out(follower, '10.9.9.9').verdict).toBe(refused[0]?.inForce === 'nothing' ? 'allow' : 'deny');
  });

  it('keeps the accepted version of a policy in force while a newer one has something unsupported', () => {
    const follower = started(profile.name, { ...base, policies: [egressTo('10.9.0.0/16')] });
    follower.go({ ...base, policies: [egressTo('fd00::/8')] });
    const isRefused = follower.engine.refusedPolicies().length > 0;
    expect(out(follower, '10.9.9.9').verdict).toBe(isRefused ? 'allow' : 'deny');
    expect(out(follower, '10.8.8.8').verdict).toBe('deny');
    follower.expectNothingLeft();
  });

  it('closes the pods of a policy that is not valid', () => {
    const follower = started(profile.name, {
      ...base,
      policies: [policy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{}] }] })],
    });
    expect(out(follower, '10.9.9.9').verdict).toBe('deny');
  });
});

describe('an engine for which a port name in an egress rule is one number in the cluster', () => {
  const http = (port: number): { ports: { name: string; port: number }[] } => ({ ports: [{ name: 'http', port }] });
  const world = (...numbers: readonly number[]): World => ({
    ...base,
    pods: [
      base.pods?.[0] ?? podOf('x/none'),
      ...numbers.map((port, i) => podOf(`x/server-${i}`, { node: 'n2', ip: `10.0.2.${i + 1}`, ...http(port) })),
    ],
    policies: [policy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] })],
  });

  it('opens that port of every destination, and none while pods give the name several numbers', () => {
    const follower = started('cilium', world(80));
    const verdicts = (): string[] => ['10.0.2.1', '10.9.9.9'].map((address) => out(follower, address).verdict);
    expect(verdicts()).toEqual(['allow', 'allow']);
    follower.go(world(80, 8080));
    expect(verdicts()).toEqual(['deny', 'deny']);
    follower.go(world(8080, 8080));
    expect(verdicts()).toEqual(['deny', 'deny']);
    follower.go(world(80, 80));
    expect(verdicts()).toEqual(['allow', 'allow']);
    follower.go({ ...world(), policies: world().policies ?? [] });
    expect(verdicts()).toEqual(['deny', 'deny']);
    follower.expectNothingLeft();
  });
});

describe('an engine whose blocks do not mean nodes', () => {
  it('follows nodes that come, change their address and go', () => {
    const world: World = { ...base, policies: [egressTo('10.0.0.0/8')] };
    const follower = started('cilium', world);
    follower.go({ ...world, nodes: [node('n1', '10.0.0.1'), node('n2', '10.0.0.3'), node('n3', '10.0.0.4')] });
    const verdicts = (): string[] => ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((address) => out(follower, address).verdict);
    expect(verdicts()).toEqual(['allow', 'deny', 'deny']);
    follower.go({ ...world, nodes: [] });
    expect(verdicts()).toEqual(['allow', 'allow', 'allow']);
    follower.expectNothingLeft();
  });

  it('says nothing before the nodes are known', () => {
    const follower = new Follower({ inSync: false, target: enforcementTarget('cilium') });
    for (const source of follower.engine.sources.filter((name) => name !== 'nodes')) follower.engine.setInSync(source);
    expect(follower.engine.isInSync).toBe(false);
  });
});
