/**
 * All small worlds of a grammar: two namespaces with two pods each, a node, one address outside,
 * and every policy that the lists below can make, alone and in pairs. Small enough to try
 * completely, so nothing here is left to chance.
 */
import type { LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec, Pod, PolicyType } from '@weir/kube';
import type { FlowEnd, World, WorldFlow } from '../oracle/world.ts';

const subjects: readonly (LabelSelector | undefined)[] = [
  undefined,
  { matchLabels: { app: 'a' } },
  { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] },
  { matchExpressions: [{ key: 'extra', operator: 'DoesNotExist' }] },
];

const policyTypeLists: readonly (readonly PolicyType[] | undefined)[] = [undefined, [], ['Ingress'], ['Egress'], ['Ingress', 'Egress']];

const peers: readonly NetworkPolicyPeer[] = [
  { podSelector: {} },
  { podSelector: { matchLabels: { app: 'b' } } },
  { podSelector: { matchExpressions: [{ key: 'extra', operator: 'NotIn', values: ['yes'] }] } },
  { podSelector: { matchExpressions: [{ key: 'extra', operator: 'Exists' }] } },
  { namespaceSelector: {} },
  { namespaceSelector: { matchLabels: { team: 'blue' } } },
  { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['blue'] }] } },
  { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] } },
  { namespaceSelector: {}, podSelector: { matchLabels: { app: 'b' } } },
  { namespaceSelector: { matchLabels: { team: 'blue' } }, podSelector: { matchExpressions: [{ key: 'extra', operator: 'DoesNotExist' }] } },
  { ipBlock: { cidr: '0.0.0.0/0' } },
  { ipBlock: { cidr: '0.0.0.0/0', except: ['10.224.1.0/31'] } },
  { ipBlock: { cidr: '10.224.1.3/30', except: ['10.224.1.1/32', '10.224.1.1/31'] } },
  { ipBlock: { cidr: '203.0.113.10/32' } },
  { ipBlock: { cidr: '::/0' } },
];

const portLists: readonly (readonly NetworkPolicyPort[] | undefined)[] = [
  undefined,
  [],
  [{ port: 80 }],
  [{ protocol: 'UDP', port: 81 }],
  [{ port: 'web' }],
  [{ protocol: 'UDP', port: 'web' }],
  [{ port: 80, endPort: 81 }],
  [{ protocol: 'UDP' }],
  [
    { protocol: 'TCP', port: 'web' },
    { protocol: 'UDP', port: 80 },
  ],
];

/** The worlds with one policy: every combination of subject, policyTypes, peer list and port list. */
export function* singlePolicyWorlds(): Generator<World> {
  const peerLists: (readonly NetworkPolicyPeer[] | undefined)[] = [undefined, [], ...peers.map((peer) => [peer])];
  for (const podSelector of subjects) {
    for (const policyTypes of policyTypeLists) {
      for (const rules of ruleLists(peerLists)) {
        yield smallWorld([{ ...(podSelector && { podSelector }), ...(policyTypes && { policyTypes }), ...rules }]);
      }
    }
  }
}

/** The worlds with two peers in one rule (OR), each pair in both directions. */
export function* peerPairWorlds(): Generator<World> {
  for (const [i, one] of peers.entries()) {
    for (const other of peers.slice(i)) {
      yield smallWorld([{ policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [one, other] }], egress: [{ to: [other, one] }] }]);
    }
  }
}

/** The worlds with two policies of few shapes each: what they say adds up. */
export function* policyPairWorlds(): Generator<World> {
  const specs: NetworkPolicySpec[] = [];
  for (const podSelector of subjects.slice(0, 3)) {
    const base = podSelector === undefined ? {} : { podSelector };
    specs.push({ ...base, policyTypes: ['Ingress', 'Egress'] });
    for (const peer of [peers[1], peers[5], peers[11]]) {
      if (peer === undefined) continue;
      specs.push({ ...base, policyTypes: ['Ingress'], ingress: [{ from: [peer] }] });
      specs.push({ ...base, policyTypes: ['Egress'], egress: [{ to: [peer], ports: [{ port: 'web' }] }] });
    }
  }
  for (const [i, one] of specs.entries()) {
    for (const other of specs.slice(i)) yield smallWorld([one, other]);
  }
}

function* ruleLists(
  peerLists: readonly (readonly NetworkPolicyPeer[] | undefined)[],
): Generator<Pick<NetworkPolicySpec, 'ingress' | 'egress'>> {
  yield {};
  yield { ingress: [] };
  yield { egress: [] };
  yield { ingress: [{}], egress: [] };
  yield { ingress: [], egress: [{}] };
  for (const list of peerLists) {
    for (const ports of portLists) {
      yield { ingress: [{ ...(list && { from: list }), ...(ports && { ports }) }] };
      yield { egress: [{ ...(list && { to: list }), ...(ports && { ports }) }] };
    }
  }
}

function smallWorld(specs: readonly NetworkPolicySpec[]): World {
  return { ...cluster, networkPolicies: specs.map(policyOf) };
}

function policyOf(spec: NetworkPolicySpec, index: number): NetworkPolicy {
  const metadata = { name: `policy-${index}`, namespace: 'x', uid: `policy-${index}` };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
}

/** One pod declares `web` as 80/TCP, one as 81/TCP, one as 80/UDP and one not at all. */
function podOf(
  namespace: string,
  app: string,
  details: { last: number; extra?: boolean; web?: { containerPort: number; protocol: string } },
): Pod {
  const address = `10.224.1.${details.last}`;
  const ports = details.web === undefined ? [] : [{ name: 'web', ...details.web }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: app, namespace, uid: `${namespace}/${app}`, labels: { app, ...(details.extra === true ? { extra: 'yes' } : {}) } },
    spec: { nodeName: 'node-0', containers: [{ name: 'main', ports }] },
    status: { phase: 'Running', hostIP: '10.224.0.4', podIP: address, podIPs: [{ ip: address }] },
  };
}

const cluster: Omit<World, 'networkPolicies'> = {
  namespaces: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x', uid: 'x', labels: { 'kubernetes.io/metadata.name': 'x' } } },
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'y', uid: 'y', labels: { 'kubernetes.io/metadata.name': 'y', team: 'blue' } },
    },
  ],
  pods: [
    podOf('x', 'a', { last: 0, web: { containerPort: 80, protocol: 'TCP' } }),
    podOf('x', 'b', { last: 1, extra: true, web: { containerPort: 81, protocol: 'TCP' } }),
    podOf('y', 'a', { last: 2, extra: true, web: { containerPort: 80, protocol: 'UDP' } }),
    podOf('y', 'b', { last: 3 }),
  ],
  nodes: [
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-0', uid: 'node-0' },
      status: { addresses: [{ type: 'InternalIP', address: '10.224.0.4' }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1', uid: 'node-1' },
      status: { addresses: [{ type: 'InternalIP', address: '10.224.0.5' }] },
    },
  ],
};

function makeFlows(): WorldFlow[] {
  const ends: FlowEnd[] = [
    ...cluster.pods.map((pod): FlowEnd => ({ kind: 'pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '' })),
    { kind: 'address', address: '10.224.0.4' },
    { kind: 'address', address: '10.224.0.5' },
    { kind: 'address', address: '203.0.113.10' },
  ];
  const traffics = (['TCP', 'UDP'] as const).flatMap((protocol) => [80, 81].map((port) => ({ protocol, port })));
  return ends.flatMap((source) =>
    ends
      .filter((destination) => source.kind === 'pod' || destination.kind === 'pod')
      .flatMap((destination) => [
        ...traffics.map((traffic) => ({ source, destination, ...traffic })),
        { source, destination, protocol: 'ICMP' as const },
      ]),
  );
}

/** All ordered pairs of the small worlds' ends on two ports of two protocols, and ICMP. */
export const smallWorldFlows: readonly WorldFlow[] = makeFlows();
