/**
 * The policies in force: whom they select, and their rules as programs want them.
 *
 * A policy never changes here: an update of its object is one entry that goes and one that comes. Nearly all
 * policies of a large cluster select nobody on this node, so what they say is not kept: it is compiled again
 * when somebody is selected.
 */
import type { PlacedPolicy } from '@weir/compile';
import { type Policy, policyTieText, type Selector, selectorKey } from '@weir/model';
import { type Address, defined, TightMap } from '@weir/net';
import type { LabelSet, Matcher, PolicyEntry, PolicySource, Subject, SubjectSelector } from '../entries.ts';
import { compileMatcher } from '../peer-sets/matcher.ts';
import { SelectorIndex } from '../peer-sets/selector-index.ts';
import { LabelInterest } from '../population/label-interest.ts';
import type { Work } from '../work.ts';
import { haveAsked } from './own-addresses.ts';
import { policyIdentity } from './plan-policy.ts';
import type { PlannedPolicy } from './planned-rule.ts';
import { mentionsOf, type PolicyMentions } from './policy-mentions.ts';
import { type PolicyPart, partsOf } from './policy-parts.ts';
import type { PolicyReading } from './policy-reading.ts';

/** Who is selected. */
export type SelectedEnd = Pick<Subject, 'labelSet' | 'addresses'>;

/** So many new versions keep what they were compiled to until it is known whether they select anybody here. */
const freshLimit = 64;

/** The entries for host endpoints: few, so that each endpoint is asked of all. */
interface HostPolicies {
  readonly all: Set<PolicyEntry>;
  readonly added: Set<PolicyEntry>;
  readonly removed: Set<PolicyEntry>;
}

/** All policies. */
export class Policies {
  /** Versions that came since the last {@link settled} and are still compiled. */
  #fresh: PolicyEntry[] = [];
  /** What was compiled again since the last {@link settled}. */
  readonly #compiled: Map<PolicySource, readonly (readonly PolicyPart[])[]> = new Map();
  readonly #selectors: Map<string, SubjectSelector> = new TightMap();
  /** Those that ask for labels of namespaces. */
  readonly #ofNamespaces: Set<SubjectSelector> = new Set();
  readonly #index: SelectorIndex<SubjectSelector> = new SelectorIndex();
  /** What the selectors of subjects ask for. */
  readonly #interest: LabelInterest = new LabelInterest();
  readonly #work: Work;
  readonly #reading: PolicyReading;
  /** Entries for pods that came and that went since the last flush; an entry is in one of them at most. */
  readonly added: Set<PolicyEntry> = new Set();
  readonly removed: Set<PolicyEntry> = new Set();
  /** Those for host endpoints. */
  readonly ofHosts: HostPolicies = { all: new Set(), added: new Set(), removed: new Set() };
  /** How many policies in force ask for addresses of the endpoints that they select. */
  #asking = 0;
  #nextId = 1;

  constructor(work: Work, reading: PolicyReading) {
    this.#work = work;
    this.#reading = reading;
  }

  /** How many different selectors of subjects exist. */
  get selectors(): number {
    return this.#selectors.size;
  }

  /** How many label keys they ask for. */
  get keysAsked(): number {
    return this.#interest.size;
  }

  /** The policies of an object come into force; `placed` is what the source says. Staged ones are not enforced. */
  enter(source: PolicySource, placed: readonly PlacedPolicy[]): readonly PolicyEntry[] {
    return placed.flatMap(({ tier, policy }, place) =>
      policy.staged ? [] : partsOf(policy).map((part, index) => this.#enter({ source, tier, place, part: index }, part)),
    );
  }

  /** They go. */
  drop(entries: readonly PolicyEntry[]): void {
    for (const entry of entries) this.#drop(entry);
  }

  /** Something outside of policies that plans depend on has changed: those that it concerns are planned anew. Gives the entries in force now. */
  replanned(entries: readonly PolicyEntry[], isConcerned: (mentions: PolicyMentions) => boolean): readonly PolicyEntry[] {
    if (!entries.some(({ mentions }) => isConcerned(mentions))) return entries;
    return entries.map((entry) => {
      if (!isConcerned(entry.mentions)) return entry;
      this.#drop(entry);
      return this.#add({ ...entry, groups: 0, policy: undefined, plan: undefined });
    });
  }

  /** A view of label sets that holds until a policy comes or goes: those with equal texts are selected by the same policies. */
  view(): (labelSet: LabelSet) => string {
    return this.#interest.view();
  }

  /** Whether any policy asks for addresses of endpoints, so that those with equal labels are not all alike. */
  get askForAddresses(): boolean {
    return this.#asking > 0;
  }

  /** Every policy that selects the subject. */
  selecting({ labelSet, addresses }: SelectedEnd): Set<PolicyEntry> {
    const found = new Set<PolicyEntry>();
    this.#index.candidates(labelSet, (subject) => {
      if (!this.#matches(subject, labelSet)) return;
      for (const entry of subject.policies) if (meansAddresses(entry, addresses)) found.add(entry);
    });
    return found;
  }

  /** Whether the policy certainly selects the subject. */
  selects(entry: PolicyEntry, { labelSet, addresses }: SelectedEnd): boolean {
    return this.#matches(entry.subject, labelSet) && meansAddresses(entry, addresses);
  }

  /** Whether a policy selects the label set depending on labels of its namespace that are not known. */
  isUndecided(labelSet: LabelSet): boolean {
    if (labelSet.namespace.known) return false;
    for (const subject of this.#ofNamespaces) if (this.#matcherOf(subject)(labelSet) === undefined) return true;
    return false;
  }

  /** Whether the selector certainly matches the label set. */
  #matches(subject: SubjectSelector, labelSet: LabelSet): boolean {
    this.#work.selectorsEvaluated++;
    return this.#matcherOf(subject)(labelSet) === true;
  }

  #matcherOf(subject: SubjectSelector): Matcher {
    subject.matcher ??= compileMatcher(subject.selector);
    return subject.matcher;
  }

  /** What the entry says. Compiled again when somebody is selected here: nearly all policies of a large cluster select others. */
  policyOf(entry: PolicyEntry): Policy {
    entry.policy ??= defined(this.#partsOf(entry)[entry.part], 'a policy has less parts than it had').policy;
    return entry.policy;
  }

  /** The entry's rules as programs want them. */
  planOf(entry: PolicyEntry): PlannedPolicy {
    entry.plan ??= this.#plan(entry);
    return entry.plan;
  }

  /** Makes the entry's plan anew, since the ids of its rules changed: what was made of the old one has the old ids. */
  planAnew(entry: PolicyEntry): void {
    entry.plan = this.#plan(entry);
  }

  #plan(entry: PolicyEntry): PlannedPolicy {
    const policy = this.policyOf(entry);
    return this.#reading.plan({ policy, ...(entry.hosts === undefined ? {} : { hosts: entry.hosts }) }, policyIdentity(policy.ref, entry));
  }

  /** The parts of the entry's policy; those of one object are compiled once for all of its entries. */
  #partsOf({ source, place }: PolicyEntry): readonly PolicyPart[] {
    let said = this.#compiled.get(source);
    if (said === undefined) this.#compiled.set(source, (said = source.placed().map(({ policy }) => partsOf(policy))));
    return defined(said[place], 'an object compiles to less than it did');
  }

  /** It is known whom the new versions select: those that select nobody here need not stay compiled. */
  settled(): void {
    for (const entry of this.#fresh) if (entry.groups === 0) entry.policy = undefined;
    this.#fresh = [];
    this.#compiled.clear();
  }

  #enter(of: Pick<PolicyEntry, 'source' | 'tier' | 'place' | 'part'>, { policy, addresses, hosts }: PolicyPart): PolicyEntry {
    const entry = this.#add({
      ...of,
      mentions: mentionsOf(policy),
      order: policy.order,
      tie: policyTieText(policy.ref),
      subject: hosts === undefined ? this.#subjectSelector(policy.subject) : ofHosts(policy.subject),
      addresses,
      hosts,
      groups: 0,
      policy: undefined,
      plan: undefined,
    });
    if (this.#fresh.length < freshLimit) {
      entry.policy = policy;
      this.#fresh.push(entry);
    }
    return entry;
  }

  /** Makes the entry one that comes. */
  #add(entry: Omit<PolicyEntry, 'id'>): PolicyEntry {
    if (entry.hosts !== undefined) {
      const added: PolicyEntry = { ...entry, id: this.#nextId++ };
      this.ofHosts.all.add(added);
      this.ofHosts.added.add(added);
      return added;
    }
    const subject = this.#subjectSelector(entry.subject.selector);
    const added: PolicyEntry = { ...entry, id: this.#nextId++, subject };
    subject.policies.add(added);
    this.added.add(added);
    if (added.addresses !== undefined) this.#asking++;
    return added;
  }

  #subjectSelector(selector: Selector): SubjectSelector {
    const key = selectorKey(selector);
    let subject = this.#selectors.get(key);
    if (subject === undefined) {
      subject = { key, selector, matcher: undefined, policies: new Set() };
      this.#selectors.set(key, subject);
      this.#index.add(subject);
      if (asksOfNamespaces(selector)) this.#ofNamespaces.add(subject);
      this.#interest.add(selector);
    }
    return subject;
  }

  #drop(entry: PolicyEntry): void {
    if (entry.hosts !== undefined) {
      this.ofHosts.all.delete(entry);
      if (!this.ofHosts.added.delete(entry)) this.ofHosts.removed.add(entry);
      return;
    }
    if (!this.added.delete(entry)) this.removed.add(entry);
    if (entry.addresses !== undefined) this.#asking--;
    const { subject } = entry;
    subject.policies.delete(entry);
    if (subject.policies.size > 0) return;
    this.#selectors.delete(subject.key);
    this.#index.delete(subject);
    this.#ofNamespaces.delete(subject);
    this.#interest.delete(subject.selector);
  }
}

/** Host endpoints are not found by an index: their policies are asked one by one. */
function ofHosts(selector: Selector): SubjectSelector {
  return { key: '', selector, matcher: undefined, policies: new Set() };
}

function meansAddresses({ addresses: asked }: PolicyEntry, addresses: readonly Address[]): boolean {
  return asked === undefined || haveAsked(addresses, asked);
}

function asksOfNamespaces(selector: Selector): boolean {
  if ('label' in selector) return selector.label.space === 'namespace';
  if (selector.kind === 'not') return asksOfNamespaces(selector.of);
  return (selector.kind === 'and' || selector.kind === 'or') && selector.of.some(asksOfNamespaces);
}
