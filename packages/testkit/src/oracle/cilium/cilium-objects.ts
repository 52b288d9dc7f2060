/** Cilium's policies and a world that has them, as plain objects: the fields that the oracle and the generator know. */
import type { EndpointSlice, KubeObject, LabelSelector, Service } from '@weir/kube';
import type { World, WorldFlow } from '../world.ts';

/** A member of `toPorts`. */
export interface PortSection {
  readonly ports?: readonly { readonly port: string; readonly endPort?: number; readonly protocol?: string }[];
}

/** One rule; those of ingress have the fields with `from`, those of egress the ones with `to`. */
export interface RuleSection {
  readonly fromEndpoints?: readonly LabelSelector[];
  readonly toEndpoints?: readonly LabelSelector[];
  readonly fromCIDR?: readonly string[];
  readonly toCIDR?: readonly string[];
  readonly fromCIDRSet?: readonly BlockSection[];
  readonly toCIDRSet?: readonly BlockSection[];
  readonly fromEntities?: readonly string[];
  readonly toEntities?: readonly string[];
  readonly fromNodes?: readonly LabelSelector[];
  readonly toNodes?: readonly LabelSelector[];
  readonly toServices?: readonly { readonly k8sService: { readonly serviceName: string; readonly namespace?: string } }[];
  readonly toFQDNs?: readonly { readonly matchName?: string; readonly matchPattern?: string }[];
  readonly toPorts?: readonly PortSection[];
  readonly icmps?: readonly { readonly fields: readonly { readonly family?: string; readonly type: number }[] }[];
}

/** A member of `fromCIDRSet` or `toCIDRSet`. */
export interface BlockSection {
  readonly cidr?: string;
  readonly cidrGroupRef?: string;
  readonly except?: readonly string[];
}

/** A spec, or one of specs. */
export interface PolicySection {
  /** One of both: of pods, or of nodes in a policy of the cluster. */
  readonly endpointSelector?: LabelSelector;
  readonly nodeSelector?: LabelSelector;
  readonly ingress?: readonly RuleSection[];
  readonly ingressDeny?: readonly RuleSection[];
  readonly egress?: readonly RuleSection[];
  readonly egressDeny?: readonly RuleSection[];
  readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean };
}

/** A policy of a namespace, or without one of the cluster. */
export interface CiliumPolicyObject extends KubeObject {
  readonly spec?: PolicySection;
  readonly specs?: readonly PolicySection[];
}

/** A CiliumCIDRGroup. */
export interface CidrGroupObject extends KubeObject {
  readonly spec: { readonly externalCIDRs: readonly string[] };
}

/** A cluster with Cilium, and what names have resolved to, by the name or the pattern in a policy. */
export interface CiliumWorld extends World {
  readonly ciliumPolicies: readonly CiliumPolicyObject[];
  readonly cidrGroups: readonly CidrGroupObject[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly resolved: Readonly<Record<string, readonly string[]>>;
}

/** A flow that may be a message of ICMP of this type. */
export interface CiliumFlow extends WorldFlow {
  readonly icmpType?: number;
}
