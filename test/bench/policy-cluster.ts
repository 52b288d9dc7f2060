/**
 * A node's part of a cluster for benchmarks, as objects: 250 pods of its own, 1 000 pods elsewhere, and
 * policies that let one app in on one port each.
 */
import type { Namespace, NetworkPolicy, NetworkPolicySpec, Pod } from '@weir/kube';

/** The node whose rules are made. */
export const measuredNode = 'node-0';
/** As many as AKS puts on a node. */
const localPods = 250;
/** Each of the pods elsewhere is of an app of its own. */
const apps = 1_000;
const namespace = 'shop';

/** Everything but policies. */
export interface PolicyCluster {
  readonly namespaces: readonly Namespace[];
  readonly pods: readonly Pod[];
}

/** The pods that policies select and those that they let in. */
export function policyCluster(): PolicyCluster {
  return {
    namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, uid: namespace } }],
    pods: [
      ...Array.from({ length: localPods }, (_, i) =>
        podOf({ name: `server-${i}`, node: measuredNode, ip: address(1, i), app: `server-${i}` }),
      ),
      ...Array.from({ length: apps }, (_, i) => remotePod(i, 0)),
    ],
  };
}

/** A pod elsewhere, one of several of its app. */
export function remotePod(app: number, replica: number): Pod {
  return podOf({ name: `client-${app}-${replica}`, node: 'node-1', ip: address(2 + replica, app), app: `client-${app}` });
}

/** The policy with this number: a local pod lets an app in, on a port. */
export function appPolicy(index: number, port: number = 1_000 + (index % 100)): NetworkPolicy {
  return policyOf(`policy-${index}`, {
    podSelector: { matchLabels: { app: `server-${index % localPods}` } },
    policyTypes: ['Ingress'],
    ingress: [
      { from: [{ podSelector: { matchLabels: { app: `client-${(index * 7 + Math.floor(index / apps)) % apps}` } } }], ports: [{ port }] },
    ],
  });
}

/** One policy for one pod that lets in this many blocks, no two of them neighbours; `shifted` of them are others. */
export function blocksPolicy(count: number, shifted: number = 0): NetworkPolicy {
  const from = Array.from({ length: count }, (_, i) => {
    const start = i * 4 + (i < shifted ? 2 : 0);
    return { ipBlock: { cidr: `${20 + (start >> 24)}.${(start >> 16) & 255}.${(start >> 8) & 255}.${start & 255}/32` } };
  });
  return policyOf('blocks', { podSelector: { matchLabels: { app: 'server-0' } }, policyTypes: ['Ingress'], ingress: [{ from }] });
}

function policyOf(name: string, spec: NetworkPolicySpec): NetworkPolicy {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace, uid: name }, spec };
}

interface PodText {
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly app: string;
}

function podOf({ name, node, ip, app }: PodText): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: name, labels: { app } },
    spec: { nodeName: node, containers: [] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

function address(second: number, index: number): string {
  return `10.${second}.${index >> 8}.${index & 255}`;
}
