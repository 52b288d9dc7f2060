/**
 * The policies of `cilium.io/v2` as data: CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup.
 *
 * Fields and meanings are those of the API's Go types (`pkg/policy/api`, `pkg/k8s/apis/cilium.io/v2`, Cilium 1.18).
 */
import type { KubeObject, LabelSelector } from '@weir/kube';
import type { PolicyKind } from '../../policy-api.ts';

/** A block of addresses with exceptions, or the blocks of groups by name or by labels. */
export interface CiliumCidrRule {
  readonly cidr?: string;
  readonly cidrGroupRef?: string;
  readonly cidrGroupSelector?: LabelSelector;
  readonly except?: readonly string[];
}

/** Services by name, or by their labels; no namespace means all of them. */
export interface CiliumServiceReference {
  readonly k8sService?: { readonly serviceName?: string; readonly namespace?: string };
  readonly k8sServiceSelector?: { readonly selector?: LabelSelector; readonly namespace?: string };
}

/** A name of the domain name system, or a pattern of names. */
export interface CiliumDomain {
  readonly matchName?: string;
  readonly matchPattern?: string;
}

/** A port by number or name, as text; without a protocol all that have ports. */
export interface CiliumPort {
  readonly port?: string;
  readonly endPort?: number;
  readonly protocol?: string;
}

/** Ports, and what a proxy would have to ask beyond them. */
export interface CiliumPortRule {
  readonly ports?: readonly CiliumPort[];
  readonly rules?: {
    readonly http?: readonly object[];
    readonly kafka?: readonly object[];
    readonly dns?: readonly CiliumDomain[];
    readonly l7proto?: string;
    readonly l7?: readonly object[];
  };
  readonly terminatingTLS?: object;
  readonly originatingTLS?: object;
  readonly serverNames?: readonly string[];
  readonly listener?: { readonly name?: string };
}

/** A type of message, by number or name; IPv4 where no family is named. */
export interface CiliumIcmpField {
  readonly family?: string;
  readonly type?: number | string;
}

/** What rules of both directions have, under the names of ingress. */
interface CommonRule {
  readonly toPorts?: readonly CiliumPortRule[];
  readonly icmps?: readonly { readonly fields?: readonly CiliumIcmpField[] }[];
  readonly authentication?: { readonly mode?: string };
}

/** One rule of `ingress` or `ingressDeny`. */
export interface CiliumIngressRule extends CommonRule {
  readonly fromEndpoints?: readonly LabelSelector[];
  readonly fromRequires?: readonly LabelSelector[];
  readonly fromCIDR?: readonly string[];
  readonly fromCIDRSet?: readonly CiliumCidrRule[];
  readonly fromEntities?: readonly string[];
  readonly fromGroups?: readonly object[];
  readonly fromNodes?: readonly LabelSelector[];
}

/** One rule of `egress` or `egressDeny`. */
export interface CiliumEgressRule extends CommonRule {
  readonly toEndpoints?: readonly LabelSelector[];
  readonly toRequires?: readonly LabelSelector[];
  readonly toCIDR?: readonly string[];
  readonly toCIDRSet?: readonly CiliumCidrRule[];
  readonly toEntities?: readonly string[];
  readonly toGroups?: readonly object[];
  readonly toNodes?: readonly LabelSelector[];
  readonly toServices?: readonly CiliumServiceReference[];
  readonly toFQDNs?: readonly CiliumDomain[];
}

/** What is said for the endpoints that one selector selects. */
export interface CiliumSpec {
  readonly endpointSelector?: LabelSelector;
  readonly nodeSelector?: LabelSelector;
  readonly ingress?: readonly CiliumIngressRule[];
  readonly ingressDeny?: readonly CiliumIngressRule[];
  readonly egress?: readonly CiliumEgressRule[];
  readonly egressDeny?: readonly CiliumEgressRule[];
  readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean };
  readonly labels?: readonly object[];
  readonly description?: string;
  readonly log?: { readonly value?: string };
}

/** A policy of one namespace or of the cluster; what `spec` and each of `specs` say counts together. */
export interface CiliumPolicy extends KubeObject {
  readonly spec?: CiliumSpec;
  readonly specs?: readonly CiliumSpec[];
}

/** Blocks of addresses under one name. */
export interface CiliumCidrGroup extends KubeObject {
  readonly spec?: { readonly externalCIDRs?: readonly string[] };
}

const group = 'cilium.io';

/** Policies of one namespace. */
export const ciliumNetworkPolicyKind: PolicyKind = {
  group,
  versions: ['v2'],
  kind: 'CiliumNetworkPolicy',
  plural: 'ciliumnetworkpolicies',
  namespaced: true,
  condition: 'Valid',
};

/** Policies of the cluster. */
export const ciliumClusterwideNetworkPolicyKind: PolicyKind = {
  group,
  versions: ['v2'],
  kind: 'CiliumClusterwideNetworkPolicy',
  plural: 'ciliumclusterwidenetworkpolicies',
  namespaced: false,
  condition: 'Valid',
};

/** Blocks that rules refer to. */
export const ciliumCidrGroupKind: PolicyKind = {
  group,
  versions: ['v2', 'v2alpha1'],
  kind: 'CiliumCIDRGroup',
  plural: 'ciliumcidrgroups',
  namespaced: false,
};

/** The namespace that a policy speaks of; undefined for policies of the cluster. */
export function namespaceOfPolicy({ kind, metadata }: CiliumPolicy): string | undefined {
  return kind === ciliumClusterwideNetworkPolicyKind.kind ? undefined : (metadata.namespace ?? 'default');
}

/** The specs of a policy with the path of each. */
export function specsOf({ spec, specs = [] }: CiliumPolicy): readonly { readonly spec: CiliumSpec; readonly path: string }[] {
  return [...(spec === undefined ? [] : [{ spec, path: 'spec' }]), ...specs.map((each, i) => ({ spec: each, path: `specs[${i}]` }))];
}

/** The annotation by which a policy is computed and not enforced; Cilium itself has no such mode of one policy. */
export const auditAnnotation = 'weir/audit-mode';
