/**
 * The clusters that analysis is measured on: Kubernetes objects in memory, as a list from an API server holds them.
 *
 * They are of the kind that the engine is measured on (`calc/bench/world.ts`), with a seed of their own: 10 000 pods in
 * deployments of two with equal labels, 5 000 label sets, in 500 namespaces of 20 teams; and 10 000 policies. With unique
 * labels each pod has its name and a template hash of its own besides. In the mutual world all pods are in one namespace,
 * and every policy selects every pod as its subject and as its peer, each by selectors of its own.
 */
import type { KubeObject, Namespace, NetworkPolicy, Pod } from '@weir/kube';
import { podOf as factsOf, namespaceOf, nodeName, pick, policyOf as plainPolicyOf, type World } from '../../calc/bench/world.ts';

export type { World } from '../../calc/bench/world.ts';

/** Of all worlds. */
export const seed = 20_261_126;

const ordinary = { namespaces: 500, pods: 10_000, policies: 10_000, nodes: 100, replicas: 2, isMutual: false, seed };

/** All worlds. */
export const worlds: readonly World[] = [
  { ...ordinary, name: 'shared', isUnique: false },
  { ...ordinary, name: 'unique', isUnique: true },
  { ...ordinary, name: 'mutual', namespaces: 1, isMutual: true, isUnique: true },
];

/** All objects but the policies. */
export function clusterOf(world: World): KubeObject[] {
  const namespaces = Array.from({ length: world.namespaces }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    ...namespaceOf(index),
  }));
  const nodes = Array.from({ length: world.nodes }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName(index), labels: { 'kubernetes.io/os': 'linux' } },
    status: { addresses: [{ type: 'InternalIP', address: `172.16.${index >> 8}.${index & 255}` }] },
  }));
  return [...namespaces, ...nodes, ...Array.from({ length: world.pods }, (_, index) => podOf(world, index))];
}

function podOf(world: World, index: number): Pod {
  const { namespace, name, uid, node, ip, labels, portNumber } = factsOf(world, index);
  const ports = [
    { name: 'http', containerPort: portNumber, protocol: 'TCP' as const },
    { name: 'metrics', containerPort: 9090, protocol: 'TCP' as const },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid, labels },
    spec: { nodeName: node, containers: [{ name: 'main', ports }] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

/** The policy with this number; `port` is what the bench changes. */
export function policyOf(world: World, index: number, port?: number): NetworkPolicy {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', ...plainPolicyOf(world, index, port) };
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
      from: [{ ipBlock: { cidr: `${20 + (block >> 8)}.${block & 255}.0.0/${16 + pick(seed, block, 1, 9)}` } }],
      ports: [{ port: 8000 + pick(seed, block, 2, 40) }],
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
