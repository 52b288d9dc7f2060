/** Objects of small clusters, made by hand; everything lives in namespace `shop`. */
import type { Container, KubeObject, NetworkPolicySpec, Pod, Service } from '@weir/kube';

export function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } };
}

export function node(name: string, address: string, system: 'linux' | 'windows' = 'linux'): KubeObject {
  const status = { addresses: [{ type: 'InternalIP', address }] };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/os': system } }, status } as KubeObject;
}

/** What a pod is like besides its label. */
export interface PodTraits {
  /** Default: the label's value. */
  readonly name?: string;
  readonly ip: string;
  readonly node: string;
  readonly ports?: NonNullable<Container['ports']>;
  readonly hostNetwork?: boolean;
}

/** A running pod with the label `app`. */
export function pod(app: string, { name = app, ip, node: nodeName, ports = [], hostNetwork }: PodTraits): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, labels: { app } },
    spec: {
      nodeName,
      containers: [{ name: 'c', image: 'registry.example/app', ports }],
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
    },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

export function policy(name: string, spec: NetworkPolicySpec | object): KubeObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'shop', name }, spec } as KubeObject;
}

export function service(name: string, spec: Service['spec']): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name }, spec } as KubeObject;
}
