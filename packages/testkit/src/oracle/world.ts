/**
 * What the oracle and the generators talk about: a cluster as plain Kubernetes objects, and a
 * connection attempt in it. Only object types are shared with the engine, never code.
 */
import type { KubeObject, Namespace, NetworkPolicy, Node, Pod } from '@weir/kube';

/** A cluster at one instant, as its API server would list it. */
export interface World {
  readonly namespaces: readonly Namespace[];
  readonly pods: readonly Pod[];
  readonly networkPolicies: readonly NetworkPolicy[];
  readonly nodes?: readonly Node[];
  /** Policies of other APIs. */
  readonly policyObjects?: readonly KubeObject[];
  /** Those whose labels policies ask for. */
  readonly serviceAccounts?: readonly KubeObject[];
  /** What names have resolved to, by the name or the pattern in a policy. */
  readonly resolved?: Readonly<Record<string, readonly string[]>>;
}

/** The protocols that a flow can have; `ICMP` stands for the ICMP of the flow's family and has no port. */
export type FlowProtocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP';

/**
 * One end of a flow: a pod with the family of the address that it uses (default: its first
 * address), or an address as text. An address that a pod has means that pod.
 */
export type FlowEnd =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string; readonly family?: 4 | 6 }
  | { readonly kind: 'address'; readonly address: string };

/** One attempted connection, as a node sees it after service translation. */
export interface WorldFlow {
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly protocol: FlowProtocol;
  /** The destination port; absent for ICMP. */
  readonly port?: number;
}

/** Whether a flow may pass: both ends must agree. */
export interface OracleVerdict {
  readonly allowed: boolean;
  /** Whether the source's policies let it out; true when the source is no pod. */
  readonly egressAllowed: boolean;
  /** Whether the destination's policies let it in; true when the destination is no pod. */
  readonly ingressAllowed: boolean;
}
