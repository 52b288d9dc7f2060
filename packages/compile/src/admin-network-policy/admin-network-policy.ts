/**
 * AdminNetworkPolicy and BaselineAdminNetworkPolicy of `policy.networking.k8s.io/v1alpha1` as data: the ancestors of
 * ClusterNetworkPolicy.
 *
 * Fields and meanings are those of the API's Go types (kubernetes-sigs/network-policy-api v0.1.7, `apis/v1alpha1`, with the
 * experimental ones).
 */
import type { KubeObject } from '@weir/kube';
import type { AdministratorPeer, PodSelection } from '../cluster-network-policy/cluster-network-policy.ts';

/** Ports of one protocol, or ports of the pod by their name, whatever their protocol; exactly one is there. */
export interface AdminNetworkPolicyPort {
  readonly portNumber?: { readonly protocol: string; readonly port: number };
  readonly portRange?: { readonly protocol: string; readonly start: number; readonly end: number };
  readonly namedPort?: string;
}

/** One rule; `from` in ingress, `to` in egress. A baseline has no Pass. */
export interface AdminNetworkPolicyRule {
  readonly name?: string;
  readonly action: 'Allow' | 'Deny' | 'Pass';
  readonly from?: readonly AdministratorPeer[];
  readonly to?: readonly AdministratorPeer[];
  readonly ports?: readonly AdminNetworkPolicyPort[];
}

/** A policy before those of namespaces, or the one behind them, which has no priority. */
export interface AdminNetworkPolicy extends KubeObject {
  readonly spec: {
    /** 0 to 1000, smaller ones first. */
    readonly priority?: number;
    readonly subject: PodSelection;
    readonly ingress?: readonly AdminNetworkPolicyRule[];
    readonly egress?: readonly AdminNetworkPolicyRule[];
  };
}
