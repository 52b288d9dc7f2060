/** Policies of Cilium for nodes: each node is a host endpoint with its labels, which these policies select and others do not. */
import type { Node } from '@weir/kube';
import { createPolicyWorld, type Endpoint, engineProfiles, evaluateFlow, type Outcome, type Tier } from '@weir/model';
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { type CiliumSpec, ciliumCompiler, type PlacedPolicy } from '../../src/index.ts';
import { clusterwide, compile, onServer, policy } from './cilium-world.ts';

const address = (text: string): Address => defined(parseAddress(text), text);

const addresses = { own: '10.0.1.1', other: '10.0.1.2' };
const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = { own: { role: 'edge' }, other: { role: 'worker' } };
const [client, world] = ['10.0.0.2', '203.0.113.9'];

const pod: Endpoint = {
  uid: 'client',
  namespace: 'n',
  name: 'client',
  node: 'own',
  addresses: [address(client)],
  labels: { pod: { app: 'client', role: 'edge' }, namespace: {}, serviceAccount: {}, reserved: { namespace: 'n', name: 'client' } },
  namedPorts: [],
};

function outcome(specs: readonly CiliumSpec[], source: string, destination: string, port = 80): Outcome {
  const placed: readonly PlacedPolicy[] = compile(specs.map((spec) => policy(spec, clusterwide)));
  const tiers = new Map<string, Tier>();
  for (const { tier, policy: compiled } of placed) {
    tiers.set(tier.name, { ...tier, policies: [...(tiers.get(tier.name)?.policies ?? []), compiled] });
  }
  const nodes = Object.entries(addresses);
  const judged = createPolicyWorld({
    tiers: [...tiers.values()],
    endpoints: [pod],
    nodes: nodes.map(([name, text]) => ({ name, addresses: [address(text)] })),
    hosts: nodes.flatMap(([name, text]) => {
      const status = { addresses: [{ type: 'InternalIP', address: text }] };
      const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: labels[name] ?? {} }, status };
      return ciliumCompiler.hostOfNode?.(node, engineProfiles.cilium) ?? [];
    }),
    profile: engineProfiles.cilium,
  });
  const flow = { source: address(source), destination: address(destination), protocol: protocolNumber.TCP, destinationPort: port };
  return evaluateFlow(judged, flow).verdict;
}

const edge = { nodeSelector: { matchLabels: { role: 'edge' } } };

describe('a policy of Cilium for nodes', () => {
  it.each<[string, readonly CiliumSpec[], string, string, Outcome]>([
    ['says nothing where there is none', [], world, addresses.own, 'allow'],
    ['isolates the nodes that it selects', [{ ...edge, ingress: [{}] }], world, addresses.own, 'deny'],
    ['and no others', [{ ...edge, ingress: [{}] }], world, addresses.other, 'allow'],
    ['selects no pod by labels that the pod has', [{ ...edge, ingress: [{}] }], addresses.other, client, 'allow'],
    ['isolates in its direction', [{ ...edge, ingress: [{}] }], addresses.own, world, 'allow'],
    ['isolates egress', [{ ...edge, egress: [{}] }], addresses.own, world, 'deny'],
    [
      'isolates nobody with default deny off',
      [{ ...edge, ingress: [{}], enableDefaultDeny: { ingress: false } }],
      world,
      addresses.own,
      'allow',
    ],
    ['lets in whom it means', [{ ...edge, ingress: [{ fromEntities: ['world'] }] }], world, addresses.own, 'allow'],
    [
      'knows other nodes as remote-node',
      [{ ...edge, ingress: [{ fromEntities: ['remote-node'] }] }],
      addresses.other,
      addresses.own,
      'allow',
    ],
    [
      'knows other nodes by their labels',
      [{ ...edge, ingress: [{ fromNodes: [{ matchLabels: { role: 'worker' } }] }] }],
      addresses.other,
      addresses.own,
      'allow',
    ],
    [
      'knows pods by theirs',
      [{ ...edge, ingress: [{ fromEndpoints: [{ matchLabels: { app: 'client' } }] }] }],
      client,
      addresses.own,
      'allow',
    ],
    ['is asked about pods of its own node', [{ ...edge, ingress: [{}] }], client, addresses.own, 'deny'],
    ['is not asked about what a node sends to its own pods', [{ ...edge, egress: [{}] }], addresses.own, client, 'allow'],
    ['is not asked about what is forwarded', [{ nodeSelector: {}, ingress: [{}], egress: [{}] }], client, world, 'allow'],
    [
      'denies before all that is allowed',
      [
        { ...edge, ingress: [{ fromEntities: ['all'] }] },
        { nodeSelector: {}, ingressDeny: [{ fromEntities: ['world'] }] },
      ],
      world,
      addresses.own,
      'deny',
    ],
    ['allows by ports', [{ ...edge, ingress: [{ toPorts: [{ ports: [{ port: '81' }] }] }] }], world, addresses.own, 'deny'],
    ['has no failsafe ports', [{ ...edge, egress: [{ toEntities: ['remote-node'] }] }], addresses.own, world, 'deny'],
    [
      'selects every node by being the host',
      [{ nodeSelector: { matchLabels: { 'reserved:host': '' } }, ingress: [{}] }],
      world,
      addresses.other,
      'deny',
    ],
    [
      'selects none by labels of other sources',
      [{ nodeSelector: { matchLabels: { 'container:role': 'edge' } }, ingress: [{}] }],
      world,
      addresses.own,
      'allow',
    ],
    ['of pods says nothing of nodes', [{ endpointSelector: {}, ingress: [{}] }], world, addresses.own, 'allow'],
  ])('%s', (_title, specs, source, destination, expected) => {
    expect(outcome(specs, source, destination)).toBe(expected);
  });

  it('is one with policies for pods in one object', () => {
    const both = policy(undefined, {
      ...clusterwide,
      specs: [
        { ...edge, ingress: [{}] },
        { ...onServer, ingress: [{}] },
      ],
    });
    expect(compile([both]).map(({ policy: each }) => each.appliesTo)).toEqual([['normal'], undefined]);
  });
});
