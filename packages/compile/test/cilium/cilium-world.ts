/** A small cluster in which policies of Cilium are compiled and flows are judged: pods, nodes, and what policies refer to. */
import type { KubeObject } from '@weir/kube';
import {
  type AddressGroupName,
  createPolicyWorld,
  type Endpoint,
  engineProfiles,
  type FlowEnd,
  type GroupMember,
  judgeQuestion,
  type Outcome,
  type Tier,
} from '@weir/model';
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import { expect } from 'vitest';
import { type CiliumPolicy, type CiliumSpec, compileCiliumPolicy, type PlacedPolicy, type ReferredObjects } from '../../src/index.ts';

const address = (text: string): Address => defined(parseAddress(text), text);

function pod(name: string, ip: string, labels: Record<string, string> = {}, namespace = 'n'): Endpoint {
  return {
    uid: name,
    namespace,
    name,
    node: 'own',
    addresses: [address(ip)],
    labels: {
      pod: { name, ...labels },
      namespace: { 'kubernetes.io/metadata.name': namespace, team: namespace },
      serviceAccount: {},
      reserved: { namespace, name, serviceAccount: `${name}-account` },
    },
    namedPorts: [{ name: 'web', protocol: protocolNumber.TCP, port: 8080 }],
  };
}

const server = pod('server', '10.0.0.1', { app: 'server' });
const pods = [server, pod('client', '10.0.0.2', { app: 'client' }), pod('stranger', '10.0.0.3', { app: 'client' }, 'other')];
const nodes = ['own', 'other'].map((name, i) => ({ name, addresses: [address(`10.0.1.${i + 1}`)] }));

/** Who talks with `server`, by name or by address. */
function end(name: string): FlowEnd {
  const endpoint = pods.find((each) => each.name === name);
  if (endpoint !== undefined) return { kind: 'endpoint', endpoint, address: defined(endpoint.addresses[0], name) };
  const node = nodes.find((each) => `${each.name} node` === name);
  if (node !== undefined) return { kind: 'node', node, address: defined(node.addresses[0], name) };
  return { kind: 'address', address: address(name) };
}

/** A policy of namespace `n`, or one of the cluster. */
export function policy(spec: CiliumSpec | undefined, more: Partial<CiliumPolicy> = {}): CiliumPolicy {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'p', ...(more.kind === 'CiliumClusterwideNetworkPolicy' ? {} : { namespace: 'n' }) },
    ...(spec === undefined ? {} : { spec }),
    ...more,
  };
}

export const clusterwide = { kind: 'CiliumClusterwideNetworkPolicy' };
export const onServer: CiliumSpec = { endpointSelector: { matchLabels: { app: 'server' } } };
export const ingress = (...rules: NonNullable<CiliumSpec['ingress']>): CiliumPolicy => policy({ ...onServer, ingress: rules });
export const egress = (...rules: NonNullable<CiliumSpec['egress']>): CiliumPolicy => policy({ ...onServer, egress: rules });
export const any = { matchLabels: {} };

/** What policies may refer to. */
const referred: Record<string, readonly KubeObject[]> = {
  CiliumCIDRGroup: [
    {
      metadata: { name: 'partners', labels: { kind: 'partner' } },
      spec: { externalCIDRs: ['203.0.113.0/28', '203.0.113.64/28'] },
    } as KubeObject,
  ],
  Node: [
    {
      metadata: { name: 'own', labels: { role: 'worker' } },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.1.1' }] },
    } as KubeObject,
    {
      metadata: { name: 'other', labels: { role: 'worker' } },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.1.2' }] },
    } as KubeObject,
  ],
  EndpointSlice: [
    { metadata: { name: 'kubernetes', namespace: 'default' }, endpoints: [{ addresses: ['198.51.100.7'] }] } as unknown as KubeObject,
    {
      metadata: { name: 'outside-x', namespace: 'n', labels: { 'kubernetes.io/service-name': 'outside' } },
      endpoints: [{ addresses: ['198.51.100.9'] }],
    } as unknown as KubeObject,
  ],
  Service: [
    { metadata: { name: 'clients', namespace: 'other', labels: { tier: 'front' } }, spec: { selector: { app: 'client' } } } as KubeObject,
    { metadata: { name: 'outside', namespace: 'n' }, spec: {} } as KubeObject,
  ],
};

const referredObjects: ReferredObjects = {
  get: ({ kind }, name, namespace) =>
    (referred[kind] ?? []).find(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
  list: ({ kind }, namespace) =>
    (referred[kind] ?? []).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
};

/** What names resolved to, and what the service without a selector serves; pods and nodes among the answers count for nothing. */
const groups: ReadonlyMap<AddressGroupName, readonly GroupMember[]> = new Map([
  ['domain/www.example.com', ['203.0.113.9', '10.0.0.2', '10.0.1.2'].map((text) => ({ address: address(text) }))],
  ['domain/*.example.com', [{ address: address('203.0.113.9') }, { address: address('203.0.113.10') }]],
  ['service/n/outside', [{ address: address('198.51.100.9'), protocol: protocolNumber.TCP, port: 80 }]],
]);

/** What is sent; TCP to port 80 of `server` where nothing is said. */
export interface Flow {
  readonly direction?: 'ingress' | 'egress';
  readonly protocol?: number;
  readonly port?: number;
  readonly icmp?: number;
}

/** The policies of the model; none may be refused. */
export function compile(policies: readonly CiliumPolicy[]): PlacedPolicy[] {
  return policies.flatMap((each) => {
    const { policies: compiled, diagnostics } = compileCiliumPolicy(each, referredObjects);
    expect(diagnostics).toEqual([]);
    return compiled;
  });
}

/** Whether `server` and a peer may talk. */
export function outcome(
  placed: readonly PlacedPolicy[],
  peer: string,
  { direction = 'ingress', protocol = protocolNumber.TCP, port = 80, icmp }: Flow = {},
): Outcome {
  const tiers = new Map<string, Tier>();
  for (const { tier, policy: each } of placed) {
    tiers.set(tier.name, { ...tier, policies: [...(tiers.get(tier.name)?.policies ?? []), each] });
  }
  const world = createPolicyWorld({ endpoints: pods, nodes, tiers: [...tiers.values()], groups, profile: engineProfiles.cilium });
  const ends = direction === 'ingress' ? [end(peer), end('server')] : [end('server'), end(peer)];
  return judgeQuestion(world, {
    source: defined(ends[0], 'source'),
    destination: defined(ends[1], 'destination'),
    protocol,
    ...(icmp === undefined ? { destinationPort: port } : { icmp: { type: icmp, code: 0 } }),
  });
}
