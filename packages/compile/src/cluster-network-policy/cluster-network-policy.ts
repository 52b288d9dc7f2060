/**
 * ClusterNetworkPolicy of `policy.networking.k8s.io/v1alpha2` as data.
 *
 * Fields and meanings are those of the API's Go types (kubernetes-sigs/network-policy-api v0.2.0, `apis/v1alpha2`, with the
 * experimental ones).
 */
import type { KubeObject, LabelSelector } from '@weir/kube';

/** The group of this API and of its ancestors. */
export const administratorGroup = 'policy.networking.k8s.io';

/** Pods by their labels, in namespaces by theirs; without a selector of namespaces in all of them. */
interface NamespacedPods {
  readonly namespaceSelector?: LabelSelector;
  readonly podSelector: LabelSelector;
}

/** Pods of the pod network: all of some namespaces, or some of them. Exactly one is there. */
export interface PodSelection {
  readonly namespaces?: LabelSelector;
  readonly pods?: NamespacedPods;
}

/** The other end of a rule; exactly one is there. Sources are pods alone. */
export interface AdministratorPeer extends PodSelection {
  /** Nodes by their labels, at the addresses that their status has. */
  readonly nodes?: LabelSelector;
  /** Address blocks; pods are in them, too. */
  readonly networks?: readonly string[];
  /** Names, or `*.` and a name for all names below it. */
  readonly domainNames?: readonly string[];
}

/** A port, or a range whose ends belong to it. */
export interface DestinationPort {
  readonly number?: number;
  readonly range?: { readonly start: number; readonly end: number };
}

interface PortsOfProtocol {
  readonly destinationPort?: DestinationPort;
}

/** Traffic of one protocol to a port, or to a port of the pod by its name, whatever its protocol; exactly one is there. */
export interface ClusterNetworkPolicyProtocol {
  readonly tcp?: PortsOfProtocol;
  readonly udp?: PortsOfProtocol;
  readonly sctp?: PortsOfProtocol;
  readonly destinationNamedPort?: string;
}

/** One rule; `from` in ingress, `to` in egress. */
export interface ClusterNetworkPolicyRule {
  readonly name?: string;
  readonly action: 'Accept' | 'Deny' | 'Pass';
  readonly from?: readonly AdministratorPeer[];
  readonly to?: readonly AdministratorPeer[];
  readonly protocols?: readonly ClusterNetworkPolicyProtocol[];
}

/** A policy of the cluster's administrators. */
export interface ClusterNetworkPolicy extends KubeObject {
  readonly spec: {
    readonly tier: 'Admin' | 'Baseline';
    /** 0 to 1000, smaller ones first. */
    readonly priority: number;
    readonly subject: PodSelection;
    readonly ingress?: readonly ClusterNetworkPolicyRule[];
    readonly egress?: readonly ClusterNetworkPolicyRule[];
  };
}
