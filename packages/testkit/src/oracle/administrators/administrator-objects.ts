/** The policies of a cluster's administrators as plain objects, for the oracle and the generators. */
import type { KubeObject, LabelSelector } from '@weir/kube';
import type { World } from '../world.ts';

/** Pods: all of some namespaces, or some of them. */
export interface PodChoice {
  readonly namespaces?: LabelSelector;
  readonly pods?: { readonly namespaceSelector?: LabelSelector; readonly podSelector: LabelSelector };
}

/** The other end of a rule. */
export interface PeerChoice extends PodChoice {
  readonly nodes?: LabelSelector;
  readonly networks?: readonly string[];
}

/** A port or a range of them, as ClusterNetworkPolicy has it. */
export interface PortChoice {
  readonly destinationPort: { readonly number?: number; readonly range?: { readonly start: number; readonly end: number } };
}

/** Traffic, as ClusterNetworkPolicy has it. */
export interface ProtocolChoice {
  readonly tcp?: PortChoice;
  readonly udp?: PortChoice;
  readonly sctp?: PortChoice;
  readonly destinationNamedPort?: string;
}

/** Traffic, as AdminNetworkPolicy has it. */
export interface AdminPortChoice {
  readonly portNumber?: { readonly protocol?: string; readonly port: number };
  readonly portRange?: { readonly protocol?: string; readonly start: number; readonly end: number };
  readonly namedPort?: string;
}

/** One rule of any of the kinds. */
export interface AdministratorRuleObject {
  readonly action: 'Accept' | 'Allow' | 'Deny' | 'Pass';
  readonly from?: readonly PeerChoice[];
  readonly to?: readonly PeerChoice[];
  readonly protocols?: readonly ProtocolChoice[];
  readonly ports?: readonly AdminPortChoice[];
}

/** A ClusterNetworkPolicy, an AdminNetworkPolicy or the baseline. */
export interface AdministratorObject extends KubeObject {
  readonly kind: 'ClusterNetworkPolicy' | 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy';
  readonly spec: {
    readonly tier?: 'Admin' | 'Baseline';
    readonly priority?: number;
    readonly subject: PodChoice;
    readonly ingress?: readonly AdministratorRuleObject[];
    readonly egress?: readonly AdministratorRuleObject[];
  };
}

/** A cluster with such policies. */
export interface AdministratorWorld extends World {
  readonly policyObjects: readonly AdministratorObject[];
}
