/**
 * The clusters that analysis is measured on: Kubernetes objects in memory, as a list from an API server holds them.
 *
 * Every choice is a hash of a fixed seed and the object's number, so that every run is the same.
 *
 * Pods belong to deployments of two pods with equal labels, of one of 400 apps × 5 versions × 4 tiers in one of 500
 * namespaces of 20 teams: 5 000 label sets of 10 000 pods. With unique labels each pod has its name and a template hash
 * of its own besides.
 *
 * Policies: half select their whole namespace and half one app of it; both directions, two peers in and one out. Of ten
 * peers one is a negation (NotIn), one a block with a hole (except), two are apps in the namespaces of a team, one is a
 * whole team, and five are apps of the own namespace. One policy in ten names its port, the others have one of 100 numbers.
 *
 * In the mutual world all pods are in one namespace, and every policy selects every pod as its subject and as its peer, each
 * by selectors of its own.
 */
import type { KubeObject, Namespace, NetworkPolicy, NetworkPolicyPeer, NetworkPolicySpec, Pod, StringMap } from '@weir/kube';

/** How large a world is, and of which kind. */
export interface World {
  readonly name: string;
  readonly namespaces: number;
  readonly pods: number;
  readonly policies: number;
  readonly nodes: number;
  readonly isMutual: boolean;
  /** Whether no two pods have equal labels. */
  readonly isUnique: boolean;
}

const seed = 20_261_126;
const replicas = 2;
const apps = 400;
const versions = 5;
const tiers = 4;
const teams = 20;

const ordinary = { namespaces: 500, pods: 10_000, policies: 10_000, nodes: 100, isMutual: false };

/** All worlds. */
export const worlds: readonly World[] = [
  { ...ordinary, name: 'shared', isUnique: false },
  { ...ordinary, name: 'unique', isUnique: true },
  { ...ordinary, name: 'mutual', namespaces: 1, isMutual: true, isUnique: true },
];

/** A whole number below `count` that depends on the seed, the object and the question asked of it. */
export function pick(index: number, question: number, count: number): number {
  let hash = Math.imul(index ^ seed, 0x9e3779b1) ^ Math.imul(question + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) % count;
}

/** All objects but the policies. */
export function clusterOf(world: World): KubeObject[] {
  const namespaces = Array.from({ length: world.namespaces }, (_, index): Namespace => {
    const name = namespaceName(index);
    const labels = { 'kubernetes.io/metadata.name': name, team: `team-${index % teams}` };
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `namespace-${index}`, labels } };
  });
  const nodes = Array.from({ length: world.nodes }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName(index), labels: { 'kubernetes.io/os': 'linux' } },
    status: { addresses: [{ type: 'InternalIP', address: `172.16.${index >> 8}.${index & 255}` }] },
  }));
  return [...namespaces, ...nodes, ...Array.from({ length: world.pods }, (_, index) => podOf(world, index))];
}

function podOf(world: World, index: number): Pod {
  const namespace = index % world.namespaces;
  const deployment = Math.floor(Math.floor(index / world.namespaces) / replicas);
  const kind = deployment * world.namespaces + namespace;
  const hash = (Math.imul(index, 0x9e3779b1) >>> 0).toString(36);
  const name = `${appName(kind)}-${hash}-${index}`;
  const own: StringMap = world.isUnique ? { 'apps.kubernetes.io/pod-name': name, 'pod-template-hash': hash } : {};
  const ip = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const ports = [
    { name: 'http', containerPort: 8000 + pick(kind, 4, 3), protocol: 'TCP' as const },
    { name: 'metrics', containerPort: 9090, protocol: 'TCP' as const },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: namespaceName(namespace),
      name,
      uid: `pod-${index}`,
      labels: { app: appName(kind), version: `v${pick(kind, 1, versions)}`, tier: `tier-${pick(kind, 3, tiers)}`, ...own },
    },
    spec: { nodeName: nodeName(pick(index, 2, world.nodes)), containers: [{ name: 'main', ports }] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

/** The policy with this number; `port` is what the bench changes. */
export function policyOf(world: World, index: number, port: number = 8000 + pick(index, 5, 100)): NetworkPolicy {
  const ports = [index % 10 === 7 ? { port: 'http' } : { port }];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: namespaceName(index % world.namespaces), name: `policy-${index}`, uid: `policy-${index}` },
    spec: world.isMutual ? mutualSpec(index, ports) : ordinarySpec(world, index, ports),
  };
}

type Ports = readonly { readonly port: number | string }[];

function ordinarySpec(world: World, index: number, ports: Ports): NetworkPolicySpec {
  return {
    podSelector: index % 2 === 0 ? {} : { matchLabels: { app: appInNamespace(world, index, 6) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [peerOf(world, index, 10), peerOf(world, index, 20)], ports }],
    egress: [{ to: [peerOf(world, index, 30)], ports }],
  };
}

function peerOf(world: World, index: number, question: number): NetworkPolicyPeer {
  const app = appInNamespace(world, index, question);
  const namespaceSelector = { matchLabels: { team: `team-${pick(index, question + 1, teams)}` } };
  switch (pick(index, question + 2, 10)) {
    case 0:
      return { podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [app] }] } };
    case 1:
      return { ipBlock: { cidr: `192.${index % 200}.0.0/16`, except: [`192.${index % 200}.1.0/24`] } };
    case 2:
    case 3:
      return { namespaceSelector, podSelector: { matchLabels: { app: appName(pick(index, question + 3, apps)) } } };
    case 4:
      return { namespaceSelector };
    default:
      return { podSelector: { matchLabels: { app } } };
  }
}

/** Selectors that match every pod, and are like no other policy's. */
function mutualSpec(index: number, ports: Ports): NetworkPolicySpec {
  const everyone = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [`retired-${index}`] }] } as const;
  const present = {
    matchExpressions: [
      { key: 'app', operator: 'Exists' },
      { key: `retired-${index}`, operator: 'DoesNotExist' },
    ],
  } as const;
  const peer: NetworkPolicyPeer =
    index % 5 === 0
      ? { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] }, podSelector: present }
      : { podSelector: index % 5 === 1 ? everyone : present };
  const cidr = `192.${index % 200}.0.0/16`;
  const block: NetworkPolicyPeer[] = index % 10 === 3 ? [{ ipBlock: { cidr, except: [`192.${index % 200}.1.0/24`] } }] : [];
  return {
    podSelector: everyone,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [peer, ...block], ports }],
    egress: [{ to: [peer], ports }],
  };
}

/** 22 workloads of one namespace with three pods each, of which policies let 638 blocks in: a partition of what is outside. */
export function blocksCluster(): KubeObject[] {
  const workloads = 22;
  const blocks = 638;
  const name = 'shop';
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } };
  const pods = Array.from({ length: workloads * 3 }, (_, index): Pod => {
    const app = `app-${index % workloads}`;
    const status = { phase: 'Running' as const, podIP: `10.1.0.${index + 1}`, podIPs: [{ ip: `10.1.0.${index + 1}` }] };
    const metadata = { namespace: name, name: `${app}-${index}`, uid: `pod-${index}`, labels: { app } };
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'main' }] }, status };
  });
  const policies = Array.from({ length: workloads }, (_, index): NetworkPolicy => {
    const own = Array.from({ length: blocks }, (__, block) => block).filter((block) => block % workloads === index);
    const ingress = own.map((block) => ({
      from: [{ ipBlock: { cidr: `${20 + (block >> 8)}.${block & 255}.0.0/${16 + pick(block, 1, 9)}` } }],
      ports: [{ port: 8000 + pick(block, 2, 40) }],
    }));
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: name, name: `policy-${index}`, uid: `policy-${index}` },
      spec: { podSelector: { matchLabels: { app: `app-${index}` } }, policyTypes: ['Ingress'], ingress },
    };
  });
  return [namespace, ...pods, ...policies];
}

/** An app that runs in the namespace of the policy. */
function appInNamespace(world: World, policy: number, question: number): string {
  const namespace = policy % world.namespaces;
  const deployments = Math.max(1, Math.floor(world.pods / world.namespaces / replicas));
  return appName(pick(policy, question, deployments) * world.namespaces + namespace);
}

function appName(kind: number): string {
  return `app-${pick(kind, 0, apps)}`;
}

function namespaceName(index: number): string {
  return `namespace-${index}`;
}

function nodeName(index: number): string {
  return `node-${index}`;
}
