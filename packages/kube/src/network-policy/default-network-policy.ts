/**
 * Defaulting of networking.k8s.io/v1 NetworkPolicy, as the API server does it on every write and read
 * (`pkg/apis/networking/v1/defaults.go`).
 *
 * A field that is null counts as absent, and a null entry of a list as an empty one: that is how the
 * API server's decoder reads them.
 */
import type {
  NetworkPolicy,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
  PolicyType,
} from '../objects/network-policy.ts';

/** A policy whose `spec` is there, with `podSelector`, `policyTypes` and every port's protocol set. */
export interface DefaultedNetworkPolicy extends NetworkPolicy {
  readonly spec: NetworkPolicySpec & Required<Pick<NetworkPolicySpec, 'podSelector' | 'policyTypes'>>;
}

/**
 * The policy with its defaults. Without `policyTypes` it isolates ingress, and egress too when it has
 * egress rules (an empty egress list is none); without `protocol` a port is TCP.
 */
export function defaultNetworkPolicy(policy: NetworkPolicy): DefaultedNetworkPolicy {
  const { podSelector, ingress, egress, policyTypes, ...others } = withoutNulls<NetworkPolicySpec>(policy.spec ?? {});
  const types: readonly PolicyType[] =
    policyTypes !== undefined && policyTypes.length > 0
      ? policyTypes
      : egress !== undefined && egress.length > 0
        ? ['Ingress', 'Egress']
        : ['Ingress'];
  return {
    ...policy,
    spec: {
      ...others,
      podSelector: withoutNulls(podSelector ?? {}),
      ...(ingress === undefined ? {} : { ingress: ingress.map(defaultIngressRule) }),
      ...(egress === undefined ? {} : { egress: egress.map(defaultEgressRule) }),
      policyTypes: types,
    },
  };
}

function defaultIngressRule(rule: NetworkPolicyIngressRule | null): NetworkPolicyIngressRule {
  const { from, ports, ...others } = withoutNulls<NetworkPolicyIngressRule>(rule ?? {});
  return {
    ...others,
    ...(ports === undefined ? {} : { ports: ports.map(defaultPort) }),
    ...(from === undefined ? {} : { from: from.map(defaultPeer) }),
  };
}

function defaultEgressRule(rule: NetworkPolicyEgressRule | null): NetworkPolicyEgressRule {
  const { to, ports, ...others } = withoutNulls<NetworkPolicyEgressRule>(rule ?? {});
  return {
    ...others,
    ...(ports === undefined ? {} : { ports: ports.map(defaultPort) }),
    ...(to === undefined ? {} : { to: to.map(defaultPeer) }),
  };
}

function defaultPeer(peer: NetworkPolicyPeer | null): NetworkPolicyPeer {
  const { podSelector, namespaceSelector, ipBlock, ...others } = withoutNulls<NetworkPolicyPeer>(peer ?? {});
  return {
    ...others,
    ...(podSelector === undefined ? {} : { podSelector: withoutNulls(podSelector) }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector: withoutNulls(namespaceSelector) }),
    ...(ipBlock === undefined ? {} : { ipBlock: withoutNulls(ipBlock) }),
  };
}

function defaultPort(port: NetworkPolicyPort | null): NetworkPolicyPort {
  const present = withoutNulls<NetworkPolicyPort>(port ?? {});
  return { ...present, protocol: present.protocol ?? 'TCP' };
}

/** The object without its null members, which is what the types promise and manifests break. */
function withoutNulls<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null)) as T;
}
