/**
 * The cluster that the upstream e2e suite `[sig-network] Netpol` makes: pods a, b, c in each of
 * the namespaces x, y, z, every pod with ports 80 and 81 on all three protocols.
 */
import type { Namespace, NetworkPolicy, NetworkPolicySpec, Node, Pod } from '@weir/kube';
import type { FlowEnd, World } from '../oracle/world.ts';

/** Names of the namespaces of the suite's model. */
export const netpolNamespaces = ['x', 'y', 'z'] as const;

/** Names of the pods in each namespace. */
export const netpolPods = ['a', 'b', 'c'] as const;

/** All pods of the model as `namespace/name`. */
export const netpolEnds: readonly string[] = netpolNamespaces.flatMap((namespace) => netpolPods.map((pod) => `${namespace}/${pod}`));

/** The IPv4 address of a pod given as `namespace/name`. */
export function netpolAddress(pod: string): string {
  return `10.224.1.${netpolEnds.indexOf(pod) + 10}`;
}

/** A pod of the model as the end of a flow. */
export function netpolEnd(pod: string): FlowEnd {
  const [namespace = '', name = ''] = pod.split('/');
  return { kind: 'pod', namespace, name };
}

/** A policy of the suite in a namespace of the model. */
export function netpolPolicy(namespace: string, name: string, spec: NetworkPolicySpec): NetworkPolicy {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace, uid: `${namespace}/${name}` }, spec };
}

/** What a test changes in the model: labels on top of the given ones, and the policies in force. */
export interface NetpolState {
  readonly policies: readonly NetworkPolicy[];
  /** Labels by pod, `namespace/name`, or by namespace, `name`. */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The model's cluster in a state. All pods run on another node than the first, which is empty. */
export function netpolWorld({ policies, labels = {} }: NetpolState): World {
  return {
    namespaces: netpolNamespaces.map((name) => namespaceOf(name, labels[name] ?? {})),
    pods: netpolEnds.map((pod) => podOf(pod, labels[pod] ?? {})),
    networkPolicies: policies,
    nodes: [nodeOf('node-0', '10.224.0.4'), nodeOf('node-1', '10.224.0.5')],
  };
}

function namespaceOf(name: string, labels: Readonly<Record<string, string>>): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: name, labels: { ...labels, 'kubernetes.io/metadata.name': name } } };
}

function nodeOf(name: string, address: string): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name }, status: { addresses: [{ type: 'InternalIP', address }] } };
}

function podOf(pod: string, labels: Readonly<Record<string, string>>): Pod {
  const [namespace = '', name = ''] = pod.split('/');
  const containers = [80, 81].flatMap((containerPort) =>
    ['TCP', 'UDP', 'SCTP'].map((protocol) => ({
      name: `cont-${containerPort}-${protocol.toLowerCase()}`,
      image: 'registry.example/agnhost:2.53',
      ports: [{ name: `serve-${containerPort}-${protocol.toLowerCase()}`, containerPort, protocol }],
    })),
  );
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: pod, labels: { pod: name, ...labels } },
    spec: { nodeName: 'node-1', containers },
    status: { phase: 'Running', hostIP: '10.224.0.5', podIP: netpolAddress(pod), podIPs: [{ ip: netpolAddress(pod) }] },
  };
}
