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
  NetworkPolicyPort,
  NetworkPolicySpec,
  PolicyType,
} from '../objects/network-policy.ts';
import { withoutNulls } from '../shape/object-shape.ts';
import { networkPolicySpecShape } from './network-policy-shape.ts';

/** A policy whose `spec` is there, with `podSelector`, `policyTypes` and every port's protocol set. */
export interface DefaultedNetworkPolicy extends NetworkPolicy {
  readonly spec: NetworkPolicySpec & Required<Pick<NetworkPolicySpec, 'podSelector' | 'policyTypes'>>;
}

/**
 * The policy with its defaults. Without `policyTypes` it isolates ingress, and egress too when it has
 * egress rules (an empty egress list is none); without `protocol` a port is TCP.
 */
export function defaultNetworkPolicy(policy: NetworkPolicy): DefaultedNetworkPolicy {
  const spec = withoutNulls(policy.spec, networkPolicySpecShape) as NetworkPolicySpec;
  const { podSelector, ingress, egress, policyTypes, ...others } = spec;
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
      podSelector: podSelector ?? {},
      ...(ingress === undefined ? {} : { ingress: ingress.map(withProtocols) }),
      ...(egress === undefined ? {} : { egress: egress.map(withProtocols) }),
      policyTypes: types,
    },
  };
}

function withProtocols<T extends NetworkPolicyIngressRule | NetworkPolicyEgressRule>(rule: T): T {
  return rule.ports === undefined ? rule : { ...rule, ports: rule.ports.map(withProtocol) };
}

function withProtocol(port: NetworkPolicyPort): NetworkPolicyPort {
  return { ...port, protocol: port.protocol ?? 'TCP' };
}
