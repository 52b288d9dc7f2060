/**
 * The policies of `projectcalico.org/v3` as data: NetworkPolicy, GlobalNetworkPolicy, their staged forms and Tier.
 *
 * Fields and meanings are those of the API's Go types (`api/pkg/apis/projectcalico/v3`).
 */
import type { NetworkPolicySpec, ObjectMeta } from '@weir/kube';

/** A protocol by its name (letters of any case) or its number, 1 to 255. */
export type CalicoProtocol = string | number;

/** A number, a range `first:last`, or the name of a port. */
export type CalicoPort = string | number;

/** ICMP and ICMPv6; a code needs a type. */
export interface CalicoIcmp {
  readonly type?: number;
  readonly code?: number;
}

/** What a rule asks of one end; everything that is there must hold. */
export interface CalicoEntity {
  readonly nets?: readonly string[];
  readonly notNets?: readonly string[];
  readonly selector?: string;
  readonly notSelector?: string;
  readonly namespaceSelector?: string;
  readonly ports?: readonly CalicoPort[];
  readonly notPorts?: readonly CalicoPort[];
  readonly serviceAccounts?: { readonly names?: readonly string[]; readonly selector?: string };
  readonly services?: { readonly name?: string; readonly namespace?: string };
}

/** HTTP methods and paths, which need a proxy in the pod. */
export interface CalicoHttp {
  readonly methods?: readonly string[];
  readonly paths?: readonly { readonly exact?: string; readonly prefix?: string }[];
}

/** What a rule does. */
export type CalicoAction = 'Allow' | 'Deny' | 'Log' | 'Pass';

/** One rule. */
export interface CalicoRule {
  readonly action: CalicoAction;
  readonly ipVersion?: number;
  readonly protocol?: CalicoProtocol;
  readonly notProtocol?: CalicoProtocol;
  readonly icmp?: CalicoIcmp;
  readonly notICMP?: CalicoIcmp;
  readonly source?: CalicoEntity;
  readonly destination?: CalicoEntity;
  readonly http?: CalicoHttp;
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

/** The directions that a policy governs. */
export type CalicoPolicyType = 'Ingress' | 'Egress';

/** What becomes of a staged policy when it is enforced. */
export type CalicoStagedAction = 'Set' | 'Delete' | 'Learn' | 'Ignore';

/** All of them, the default first. */
export const calicoStagedActions: readonly CalicoStagedAction[] = ['Set', 'Delete', 'Learn', 'Ignore'];

/** What policies of a namespace and of the cluster have in common. */
export interface CalicoPolicySpec {
  readonly tier?: string;
  /** Smaller ones first; absent: last. */
  readonly order?: number;
  readonly selector?: string;
  readonly serviceAccountSelector?: string;
  readonly ingress?: readonly CalicoRule[];
  readonly egress?: readonly CalicoRule[];
  readonly types?: readonly CalicoPolicyType[];
  readonly performanceHints?: readonly string[];
  /** Of staged policies only. */
  readonly stagedAction?: CalicoStagedAction;
}

/** What policies of the cluster have besides. */
export interface CalicoGlobalPolicySpec extends CalicoPolicySpec {
  readonly namespaceSelector?: string;
  readonly doNotTrack?: boolean;
  readonly preDNAT?: boolean;
  readonly applyOnForward?: boolean;
}

interface CalicoObject<Kind extends string, Spec> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
}

/** A policy of one namespace. */
export type CalicoNetworkPolicy = CalicoObject<'NetworkPolicy' | 'StagedNetworkPolicy', CalicoPolicySpec>;

/** A policy of the cluster. */
export type CalicoGlobalNetworkPolicy = CalicoObject<'GlobalNetworkPolicy' | 'StagedGlobalNetworkPolicy', CalicoGlobalPolicySpec>;

/** A policy whose rules are tiers' and have Calico's shape. */
export type CalicoPolicy = CalicoNetworkPolicy | CalicoGlobalNetworkPolicy;

/** A Kubernetes NetworkPolicy that is not enforced yet. */
export type StagedKubernetesNetworkPolicy = CalicoObject<
  'StagedKubernetesNetworkPolicy',
  Partial<NetworkPolicySpec> & { readonly stagedAction?: CalicoStagedAction }
>;

/** Policies that are evaluated together. */
export type CalicoTier = CalicoObject<'Tier', { readonly order?: number; readonly defaultAction?: 'Deny' | 'Pass' }>;

/** Address blocks with labels, which selectors of rules find. */
export type CalicoNetworkSet = CalicoObject<'NetworkSet' | 'GlobalNetworkSet', { readonly nets?: readonly string[] }>;

/** Interfaces of a node that policies of the cluster select. */
export type CalicoHostEndpoint = CalicoObject<
  'HostEndpoint',
  {
    readonly node?: string;
    /** `*`: all of them. */
    readonly interfaceName?: string;
    readonly expectedIPs?: readonly string[];
    readonly profiles?: readonly string[];
    readonly ports?: readonly { readonly name: string; readonly protocol: CalicoProtocol; readonly port: number }[];
  }
>;

/** The tier of a policy that names none. */
export const defaultCalicoTier = 'default';

/** Tiers that are always there, with what nobody may change (Calico 3.32). */
export const builtInCalicoTiers: Readonly<Record<string, { readonly order: number; readonly defaultAction: 'Deny' | 'Pass' }>> = {
  'kube-admin': { order: 1_000, defaultAction: 'Pass' },
  default: { order: 1_000_000, defaultAction: 'Deny' },
  'kube-baseline': { order: 10_000_000, defaultAction: 'Pass' },
};

/** The order of a tier that says none. */
export const calicoTierOrder = 1_000_000;

/** The directions that a policy governs: as it says, or by the rules that it has. An empty list has no rules. */
export function calicoPolicyTypes({ types = [], ingress = [], egress = [] }: CalicoPolicySpec): readonly CalicoPolicyType[] {
  if (types.length > 0) return types;
  if (egress.length === 0) return ['Ingress'];
  return ingress.length === 0 ? ['Egress'] : ['Ingress', 'Egress'];
}
