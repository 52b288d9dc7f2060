/** networking.k8s.io/v1 NetworkPolicy, field by field. */
import type { LabelSelector } from './label-selector.ts';
import type { IntOrString, KubeObject } from './object-meta.ts';

/** An address block with holes. */
export interface IPBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

/** One peer: an ipBlock alone, or a pod and/or a namespace selector (both together: AND). */
export interface NetworkPolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: IPBlock;
}

/** A port by number, number range or name; without `port` all ports of the protocol. */
export interface NetworkPolicyPort {
  readonly protocol?: string;
  readonly port?: IntOrString;
  readonly endPort?: number;
}

/** Traffic from any of `from` (absent or empty: anywhere) to any of `ports` (absent or empty: all). */
export interface NetworkPolicyIngressRule {
  readonly from?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

/** Traffic to any of `to` (absent or empty: anywhere) on any of `ports` (absent or empty: all). */
export interface NetworkPolicyEgressRule {
  readonly to?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

/** The directions that a policy isolates. */
export type PolicyType = 'Ingress' | 'Egress';

/** networking.k8s.io/v1 NetworkPolicySpec. */
export interface NetworkPolicySpec {
  readonly podSelector?: LabelSelector;
  readonly ingress?: readonly NetworkPolicyIngressRule[];
  readonly egress?: readonly NetworkPolicyEgressRule[];
  readonly policyTypes?: readonly PolicyType[];
}

/** networking.k8s.io/v1 NetworkPolicy. */
export interface NetworkPolicy extends KubeObject {
  readonly spec?: NetworkPolicySpec;
}
