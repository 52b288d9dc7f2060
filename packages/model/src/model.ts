/**
 * The model that every policy API compiles into: tiers of policies of rules.
 *
 * Tiers are evaluated in order of `order`, policies in a tier by `order` then name (`policy-order.ts`),
 * rules in the order given. Every rule of every selecting, enforced policy is evaluated; the end of a tier
 * applies only when an isolating policy of that tier selects the endpoint in that direction. After
 * all tiers the endpoint kind's own default decides (pods: allow).
 *
 * All values are immutable.
 */
import type { Address, AddressRange, Family, PortRange, ProtocolNumber } from '@weir/net';

/** Where a label lives; spaces keep a pod from labelling itself into another one. */
export type LabelSpace = 'pod' | 'namespace' | 'serviceAccount' | 'reserved';

/** A label key in its space. `reserved` holds what Weir itself knows: `namespace`, `name`. */
export interface LabelKey {
  readonly space: LabelSpace;
  readonly key: string;
}

/** What a part of a label's value can be asked for (Calico's `contains`, `starts with`, `ends with`). */
export type TextTest = 'contains' | 'startsWith' | 'endsWith';

/**
 * A predicate over the labels of one endpoint.
 *
 * `in`, `text` and `exists` need the key; `notIn` and `absent` hold when the key is absent (the meaning of
 * NotIn and DoesNotExist in apimachinery). Selectors are only ever asked about endpoints: an
 * address that is no endpoint matches none, not even `all`.
 */
export type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'in'; readonly label: LabelKey; readonly values: readonly string[] }
  | { readonly kind: 'notIn'; readonly label: LabelKey; readonly values: readonly string[] }
  | { readonly kind: 'text'; readonly label: LabelKey; readonly test: TextTest; readonly value: string }
  | { readonly kind: 'exists'; readonly label: LabelKey }
  | { readonly kind: 'absent'; readonly label: LabelKey }
  | { readonly kind: 'and'; readonly of: readonly Selector[] }
  | { readonly kind: 'or'; readonly of: readonly Selector[] }
  | { readonly kind: 'not'; readonly of: Selector };

/** The two directions, seen from the endpoint that a policy selects. */
export type Direction = 'ingress' | 'egress';

/** Which object of which API a policy came from. */
export interface PolicyRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** A place in a manifest; `line` counts from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
}

/** Which part of which policy a rule came from; indexes count from 0 as the API's field paths do. */
export interface Origin {
  readonly policy: PolicyRef;
  readonly direction: Direction;
  readonly ruleIndex: number;
  readonly peerIndex?: number;
  /** Where the list of rules stands, unless in `spec` under the name of the direction: `ingressDeny`, `specs[1].egress`. */
  readonly section?: string;
  /** The list that the peer is of, unless `from` or `to`: `fromCIDRSet`. */
  readonly peers?: string;
  readonly source?: SourcePosition;
}

/** What a rule does with a packet that it matches. */
export type Action = 'allow' | 'deny' | 'pass' | 'log';

/**
 * What a rule asks of one end of a flow. Absent members ask nothing; all present members must
 * hold. Ports and named ports are one alternative together (a port in `ports` or named in
 * `namedPorts`), and so they are in the negation, which is asked of protocols with ports only. Address sets are normalised, disjoint ranges with `except` already taken out.
 */
export interface Side {
  readonly selector?: Selector;
  readonly notSelector?: Selector;
  readonly nets?: readonly AddressRange[];
  /** Excluded whoever has such an address, also for engines whose blocks mean no pods or nodes. */
  readonly notNets?: readonly AddressRange[];
  /** In one of these groups. */
  readonly groups?: readonly AddressGroupName[];
  /** A node, and not a pod of it: the one that the selected endpoint is on, or any other. */
  readonly node?: 'own' | 'other';
  /** A node, and not a pod of it, by an address in these ranges, also where blocks mean no nodes. */
  readonly nodes?: readonly AddressRange[];
  /** Neither a pod nor a node, also where blocks mean these. */
  readonly outside?: true;
  readonly ports?: readonly PortRange[];
  readonly namedPorts?: readonly string[];
  readonly notPorts?: readonly PortRange[];
  readonly notNamedPorts?: readonly string[];
  /** Names that the engine takes for one number in the whole cluster: where there is one, it is in `ports`. For explanations alone. */
  readonly clusterPorts?: readonly ClusterPort[];
}

/** A port name with the only number that pods of the cluster give it; absent where they give it none, or several. */
export interface ClusterPort {
  readonly name: string;
  readonly port?: number;
}

/**
 * A group of addresses that somebody else keeps: `service/<namespace>/<name>` are the endpoints of a service
 * (as a destination only on the ports that they serve), `domain/<pattern>` what names that fit it resolved to.
 */
export type AddressGroupName = `service/${string}/${string}` | `domain/${string}`;

/** An address of a group, with a port that it serves there where it serves some. */
export interface GroupMember {
  readonly address: Address;
  readonly protocol?: ProtocolNumber;
  readonly port?: number;
}

/** Whether the group counts as a destination only on the ports of its members. */
export function isGroupOfPorts(name: AddressGroupName): name is AddressGroupName & `service/${string}` {
  return name.startsWith('service/');
}

/** Messages of ICMP or ICMPv6: of one type, or of one type and code (RFC 792, RFC 4443). */
export interface IcmpMessages {
  readonly type: number;
  readonly code?: number;
}

/** What a rule matches. A named port is resolved on the end that carries it, with `protocol`. */
export interface Match {
  readonly protocol?: ProtocolNumber;
  readonly notProtocol?: ProtocolNumber;
  /** With a protocol that is ICMP or ICMPv6; so is the negation. */
  readonly icmp?: IcmpMessages;
  readonly notIcmp?: IcmpMessages;
  readonly family?: Family;
  readonly source: Side;
  readonly destination: Side;
}

/** One rule of one policy in one direction. */
export interface Rule {
  readonly action: Action;
  readonly match: Match;
  readonly origin: Origin;
}

/** The rules of a policy in one direction; only an isolating policy makes the tier's end apply. */
export interface DirectionRules {
  readonly isolates: boolean;
  readonly rules: readonly Rule[];
}

/**
 * What of a host endpoint's traffic a policy can be about: every packet before connection tracking; new connections before
 * the translation of their destination; those of the node's own processes; those that go through the interface to and from others.
 */
export type HostFamily = 'untracked' | 'preDNAT' | 'normal' | 'forward';

/** An API that orders its policies among each other, and those of Kubernetes, but not those of other such APIs. */
export type PolicyOrder = 'Calico' | 'Cilium';

/** A policy: whom it selects and what it says. `staged` policies are computed and not enforced. */
export interface Policy {
  readonly ref: PolicyRef;
  readonly order: number;
  readonly subject: Selector;
  /** The endpoints among which the subject selects: pods, and host endpoints in these families. Absent: pods alone. */
  readonly appliesTo?: readonly ('pods' | HostFamily)[];
  /** Among whose policies it has its place; those of two such orders have none among each other. Absent: it has one among all. */
  readonly orderedBy?: PolicyOrder;
  readonly staged: boolean;
  readonly ingress?: DirectionRules;
  readonly egress?: DirectionRules;
  readonly source?: SourcePosition;
}

/** A tier; `end` is what happens to an isolated endpoint's traffic that no rule decided. */
export interface Tier {
  readonly name: string;
  readonly order: number;
  readonly end: 'deny' | 'pass';
  readonly policies: readonly Policy[];
}

/** The policies of one tier that select an endpoint, in order of evaluation, staged ones left out. */
export interface SelectingTier {
  readonly tier: Tier;
  readonly policies: readonly Policy[];
}

/** Whether the policy can select pods. */
export function appliesToPods({ appliesTo }: Pick<Policy, 'appliesTo'>): boolean {
  return appliesTo === undefined || appliesTo.includes('pods');
}

/** Whether the policy can select host endpoints in a family. */
export function appliesToHosts({ appliesTo }: Pick<Policy, 'appliesTo'>, family: HostFamily): boolean {
  return appliesTo?.includes(family) === true;
}

/** The order of the tier of Kubernetes NetworkPolicies, and of those policies in it. */
export const defaultTierOrder = 1_000_000;
export const networkPolicyOrder = 1_000;
