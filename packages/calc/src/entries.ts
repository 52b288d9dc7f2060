/**
 * The records that the engine keeps, from pods to programs.
 *
 * They refer to each other in circles (a label set knows its pods, a pod its label set), so they
 * are declared together; each is made and changed by one table, named after it.
 */
import type { PlacedPolicy, TierPlace } from '@weir/compile';
import type { AddressGroupName, Direction, HostFamily, LabelSpace, Policy, PolicyOrder, Selector } from '@weir/model';
import type { Address } from '@weir/net';
import type { EndpointClass, LocalEndpoint, Membership, PeerSet, Program, ProgramRule, ProtocolPort } from './delta/delta.ts';
import type { SetSpec } from './delta/set-spec.ts';
import type { OwnAddresses } from './policies/own-addresses.ts';
import type { PlannedPolicy } from './policies/planned-rule.ts';
import type { PolicyMentions } from './policies/policy-mentions.ts';
import type { HostAudience } from './policies/policy-parts.ts';
import type { NamedPortList } from './population/named-port-lists.ts';
import type { KeyedRule, RuleRun } from './programs/rule-runs.ts';

/** A label key in its space, with the values that are in use. */
export interface LabelKeyEntry {
  /** No key and no pair share one. */
  readonly id: number;
  readonly space: LabelSpace;
  readonly key: string;
  readonly pairs: Map<string, LabelPair>;
}

/** A label. Unique labels are the common case, so a single holder is kept without a set. */
export interface LabelPair {
  readonly id: number;
  readonly key: LabelKeyEntry;
  readonly value: string;
  labelSets: LabelSet | Set<LabelSet> | undefined;
  namespaces: Set<NamespaceEntry> | undefined;
}

/** One namespace; it goes when it is neither known nor used. */
export interface NamespaceEntry {
  readonly name: string;
  known: boolean;
  pairs: readonly LabelPair[];
  readonly pods: Map<string, PodEntry>;
  /** By {@link LabelSet.lookup}. */
  readonly labelSets: Map<string, LabelSet>;
}

/** One label set with the pods that have it. */
export interface LabelSet {
  /** Its key among the label sets of its namespace. */
  readonly lookup: string;
  readonly namespace: NamespaceEntry;
  /** The labels that are not the namespace's. */
  readonly pairs: readonly LabelPair[];
  readonly namedPorts: NamedPortList;
  members: PodEntry[];
  /** The class of its members' addresses; undefined while they are in no set in use. */
  class: ClassEntry | undefined;
  /** Present exactly while local endpoints have this label set: by {@link Subject.key}. */
  subjects: Map<string, Subject> | undefined;
}

/** Whether a selector matches: yes, no, or undefined when that is not known. */
export type Verdict = boolean | undefined;

/** A compiled selector. */
export type Matcher = (labelSet: LabelSet) => Verdict;

/** A local endpoint as the start gate announces it: before the pod's status has an address. */
export interface Attachment {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly interface?: string;
  readonly addresses: readonly Address[];
}

/** One pod that is an endpoint (not on the host's network, not finished). */
export interface PodEntry {
  readonly kind: 'pod';
  readonly uid: string;
  readonly name: string;
  readonly namespace: NamespaceEntry;
  labelSet: LabelSet;
  /** Its place among the members of its label set. */
  position: number;
  /** Whether `spec.nodeName` is this node. */
  onNode: boolean;
  /** See `claimPrecedence`. */
  precedence: number;
  /** The addresses of its status. */
  addresses: readonly Address[];
  attachment: Attachment | undefined;
  /** The addresses that it claims now. */
  slots: readonly AddressSlot[];
}

/** An attachment whose pod is not known (or no endpoint). */
export interface OrphanEntry {
  readonly kind: 'orphan';
  readonly uid: string;
  readonly attachment: Attachment;
  slots: readonly AddressSlot[];
}

/** Who can claim an address. */
export type Claimant = PodEntry | OrphanEntry;

/** One address that somebody claims or that the last flush emitted. */
export interface AddressSlot {
  readonly address: Address;
  readonly claims: Claimant[];
  /** The class that the address has in the emitted state. */
  emitted: ClassEntry | undefined;
  /** The uid of the pod that owned the address at the last flush. */
  owner: string | undefined;
}

/** What a group in use says of an address: that it is in it, and on which ports. Equal ones of a group are one object. */
export interface GroupPlace {
  readonly id: number;
  readonly name: AddressGroupName;
  readonly ports: readonly ProtocolPort[];
}

/** A selector that at least one set in use is made of. */
export interface UsedSelector {
  readonly key: string;
  readonly selector: Selector;
  readonly matcher: Matcher;
  readonly sets: Set<SetEntry>;
  /** Sets made since the last flush's classes, and sets that are gone since then. */
  added: SetEntry[];
  removed: SetEntry[];
}

/** A set in use. */
export interface SetEntry {
  readonly spec: SetSpec;
  readonly set: PeerSet;
  readonly used: UsedSelector | undefined;
  refs: number;
  /** Its members in classes: one for an address set, one per list of ports for an address-port set. */
  readonly members: Map<string, Member>;
}

/** A membership that classes share: equal memberships are one object. */
export interface Member {
  readonly id: number;
  readonly entry: SetEntry;
  readonly membership: Membership;
  /** How many classes have it. */
  refs: number;
}

/** One class. */
export interface ClassEntry {
  readonly id: number;
  readonly hash: number;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** How many label sets have it. */
  refs: number;
  /** How many addresses of the emitted state are in it. */
  addresses: number;
  /** Whether the emitted state has it. */
  isEmitted: boolean;
  /** What the delta says of it; made when first asked for. */
  public: EndpointClass | undefined;
  /** See `ViewMemo`. */
  readonly views: string[];
}

/** A selector of subjects and the policies that have it. */
export interface SubjectSelector {
  readonly key: string;
  readonly selector: Selector;
  /** Made when it is first asked; most selectors of a large cluster never are. */
  matcher: Matcher | undefined;
  readonly policies: Set<PolicyEntry>;
}

/** The version of an object that is in force, of which policies are made. */
export interface PolicySource {
  /** `metadata.uid`, or what stands for it. */
  readonly uid: string;
  /** `metadata.generation` of the version that this is; undefined for one that stands in for a refused version. */
  readonly generation: number | undefined;
  /** What it says; between two flushes the same each time. */
  placed(): readonly PlacedPolicy[];
}

/** One policy of one version of an object, in force. */
export interface PolicyEntry {
  /** No two entries share one. */
  readonly id: number;
  readonly source: PolicySource;
  /** Which of the source's policies it is, and which part of that one: see `partsOf`. */
  readonly place: number;
  readonly part: number;
  readonly mentions: PolicyMentions;
  readonly order: number;
  readonly tier: TierPlace;
  /** Tells policies of one order apart: see `policyTieText`. */
  readonly tie: string;
  readonly subject: SubjectSelector;
  /** What it asks of the addresses of endpoints with that; undefined: nothing. */
  readonly addresses: OwnAddresses | undefined;
  /** For which host endpoints it is; undefined: it is for pods. */
  readonly hosts: HostAudience | undefined;
  /** How many groups it is in. */
  groups: number;
  /** What it says, and its rules as programs want them; both only while it selects somebody. */
  policy: Policy | undefined;
  plan: PlannedPolicy | undefined;
}

/** What a stretch of policies says in one tier and direction. */
export interface RenderedTier {
  readonly name: string;
  readonly rules: KeyedRule[];
  /** The same rules, as programs have them. */
  readonly content: ProgramRule[];
  /** See `orderedBy` of policies. */
  readonly orders: Set<PolicyOrder>;
  end: 'deny' | 'pass';
}

/** What a stretch of policies says, tier by tier, by direction and by the named ports that it is said for. */
type StretchTiers = Readonly<Record<Direction, WeakMap<NamedPortList, readonly RenderedTier[]>>>;

/** Policies that follow each other in groups, which share it. */
export interface PolicyStretch {
  readonly items: readonly PolicyEntry[];
  /** Undefined until somebody asks. */
  usesLocalNames: boolean | undefined;
  tiers: StretchTiers | undefined;
}

/** The policies that select some local label sets. */
export interface PolicyGroup {
  readonly id: number;
  readonly hash: number;
  /** In order of evaluation. */
  readonly policies: readonly PolicyEntry[];
  /** The same in pieces. */
  readonly stretches: readonly PolicyStretch[];
  /** By the text of the named ports of endpoints, where rules use those. */
  readonly selections: Map<string, Selection>;
  /** See `ViewMemo`. */
  readonly views: string[];
  /** How many local label sets have it. */
  refs: number;
}

/** One local label set; while policies ask for addresses of endpoints, one for each endpoint. */
export interface Subject {
  readonly labelSet: LabelSet;
  /** The addresses of its endpoint, sorted; empty while nobody asks. */
  readonly addresses: readonly Address[];
  /** The same as text. */
  readonly key: string;
  readonly locals: Set<LocalEntry>;
  /** Undefined until it has been looked up. */
  group: PolicyGroup | undefined;
  /** Whether a policy may select it, depending on labels of its namespace that are not known: it is closed then, and in no group with policies. */
  isUndecided: boolean;
  selection: Selection | undefined;
}

/** One local endpoint, by uid, until its removal has been emitted. */
export interface LocalEntry {
  readonly uid: string;
  claimant: Claimant | undefined;
  /** The label set under which it is a subject. */
  labelSet: LabelSet | undefined;
  /** Undefined while its pod is not known. */
  subject: Subject | undefined;
  emitted: LocalEndpoint | undefined;
}

/** A program in use. */
export interface ProgramEntry {
  readonly program: Program;
  readonly runs: readonly RuleRun[];
  refs: number;
}

/** The programs of a host endpoint, by family and direction. */
export type HostSelection = Readonly<Partial<Record<HostFamily, Readonly<Partial<Record<Direction, ProgramEntry>>>>>>;

/** The programs of equal local label sets. */
export interface Selection {
  /** None for pods of which nothing is known. */
  readonly group: PolicyGroup | undefined;
  readonly portsText: string;
  readonly ingress: ProgramEntry | undefined;
  readonly egress: ProgramEntry | undefined;
  refs: number;
}
