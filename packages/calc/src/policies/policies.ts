/**
 * The policies in force, and the last accepted version of each.
 *
 * Each version of a policy is an entry of its own that never changes: an update is one entry that
 * goes and one that comes. A version that cannot be compiled is refused: the version that was last
 * accepted under the same uid stays in force, and without one the policy is closed.
 */

import { type CompiledPolicy, defaultTier } from '@weir/compile';
import type { NetworkPolicy } from '@weir/kube';
import { defined, TightMap } from '@weir/net';
import { type Policy, type Selector, selectorKey } from '@weir/policy';
import type { LabelSet, PolicyEntry, SubjectSelector } from '../entries.ts';
import { compileMatcher } from '../peer-sets/matcher.ts';
import { SelectorIndex } from '../peer-sets/selector-index.ts';
import { LabelInterest } from '../population/label-interest.ts';
import type { Work } from '../work.ts';
import { type PlannedPolicy, policyIdentity } from './plan-policy.ts';
import type { PolicyReading, RefusedInForce } from './policy-reading.ts';

/** Why a version of a policy was refused, and what is in force instead. */
export interface RefusedPolicy {
  readonly object: NetworkPolicy;
  readonly diagnostics: CompiledPolicy['diagnostics'];
  readonly inForce: RefusedInForce;
}

interface PolicyRecord {
  readonly uid: string;
  /** The newest version's, also of one that was refused. */
  readonly spec: NetworkPolicy['spec'];
  readonly entry: PolicyEntry;
}

/** What is in force for a version of a policy. */
interface Decision {
  readonly policy: Policy;
  /** The object that `policy` was compiled from. */
  readonly object: NetworkPolicy;
  readonly generation: number | undefined;
  readonly refused: RefusedPolicy | undefined;
}

const { policies: _none, ...networkPolicyTier } = defaultTier([]);

/** So many new versions keep what they were compiled to until it is known whether they select anybody here. */
const freshLimit = 64;

/** All policies. */
export class Policies {
  readonly #records: Map<string, PolicyRecord> = new TightMap();
  /** The records whose newest version was refused. */
  readonly #refused: Map<string, RefusedPolicy> = new Map();
  /** Versions that came since the last {@link settled} and are still compiled. */
  #fresh: PolicyEntry[] = [];
  /** The last accepted version by uid; an entry without a record was restored and not yet listed. */
  readonly #accepted: Map<string, NetworkPolicy> = new TightMap();
  readonly #selectors: Map<string, SubjectSelector> = new TightMap();
  readonly #index: SelectorIndex<SubjectSelector> = new SelectorIndex();
  /** What the selectors of subjects ask for. */
  readonly #interest: LabelInterest = new LabelInterest();
  readonly #work: Work;
  readonly #reading: PolicyReading;
  /** Entries that came and that went since the last flush; an entry is in one of them at most. */
  readonly added: Set<PolicyEntry> = new Set();
  readonly removed: Set<PolicyEntry> = new Set();
  #nextId = 1;
  #changes = 0;

  constructor(work: Work, reading: PolicyReading) {
    this.#work = work;
    this.#reading = reading;
  }

  /** How many policies exist. */
  get size(): number {
    return this.#records.size;
  }

  /** How many different selectors of subjects exist. */
  get selectors(): number {
    return this.#selectors.size;
  }

  /** Grows whenever a policy comes, changes or goes. */
  get changes(): number {
    return this.#changes;
  }

  /** How many label keys they ask for. */
  get keysAsked(): number {
    return this.#interest.size;
  }

  /** A policy appeared or changed. */
  upsert(object: NetworkPolicy): void {
    const place = placeOf(object);
    const uid = uidOf(object);
    const old = this.#records.get(place);
    if (old !== undefined && old.uid === uid && sameJson(old.spec, object.spec) && !this.#refused.has(place)) return;
    if (old !== undefined && old.uid !== uid) this.#accepted.delete(old.uid);
    const decision = this.#decide(object, uid);
    const { refused } = decision;
    if (old !== undefined) this.#drop(old.entry);
    this.#changes++;
    if (refused === undefined) this.#refused.delete(place);
    else this.#refused.set(place, refused);
    this.#records.set(place, { uid, spec: object.spec, entry: this.#enter(decision) });
  }

  /** A policy is gone. */
  delete(namespace: string, name: string): void {
    const place = `${namespace}/${name}`;
    const old = this.#records.get(place);
    if (old === undefined) return;
    this.#records.delete(place);
    this.#refused.delete(place);
    this.#changes++;
    this.#accepted.delete(old.uid);
    this.#drop(old.entry);
  }

  /** The last accepted versions: what {@link restore} wants at the next start. */
  accepted(): NetworkPolicy[] {
    return [...this.#accepted.values()];
  }

  /** Gives accepted versions of an earlier process; those of listed, accepted policies are newer and stay. */
  restore(policies: readonly NetworkPolicy[]): void {
    for (const object of policies) {
      const uid = uidOf(object);
      if (!this.#accepted.has(uid)) this.#accepted.set(uid, slim(object));
    }
    for (const { object, inForce } of this.refused()) if (inForce !== 'accepted') this.upsert(object);
  }

  /** All policies have been listed: accepted versions of others belong to policies that are gone. */
  dropUnlisted(): void {
    const listed = new Set([...this.#records.values()].map(({ uid }) => uid));
    for (const uid of this.#accepted.keys()) if (!listed.has(uid)) this.#accepted.delete(uid);
  }

  /** The policies whose newest version was refused. */
  refused(): RefusedPolicy[] {
    return [...this.#refused.values()];
  }

  /** A view of label sets that holds until a policy comes or goes: those with equal texts are selected by the same policies. */
  view(): (labelSet: LabelSet) => string {
    return this.#interest.view();
  }

  /** Every policy that selects the label set. */
  selecting(labelSet: LabelSet): Set<PolicyEntry> {
    const found = new Set<PolicyEntry>();
    this.#index.candidates(labelSet, (subject) => {
      if (this.matches(subject, labelSet)) for (const entry of subject.policies) found.add(entry);
    });
    return found;
  }

  /** Whether the selector certainly matches the label set. */
  matches(subject: SubjectSelector, labelSet: LabelSet): boolean {
    this.#work.selectorsEvaluated++;
    subject.matcher ??= compileMatcher(subject.selector);
    return subject.matcher(labelSet) === true;
  }

  /** What the entry says. Compiled again when somebody is selected here: nearly all policies of a large cluster select others. */
  policyOf(entry: PolicyEntry): Policy {
    if (entry.policy === undefined) {
      this.#work.policiesCompiled++;
      const { policy, diagnostics } = this.#reading.compile(entry.object);
      const compiled = entry.isClosed ? this.#reading.standIn(entry.object, diagnostics).policy : policy;
      entry.policy = defined(compiled, 'a policy that was accepted does not compile');
    }
    return entry.policy;
  }

  /** The entry's rules as programs want them. */
  planOf(entry: PolicyEntry): PlannedPolicy {
    entry.plan ??= this.#reading.plan(this.policyOf(entry));
    return entry.plan;
  }

  /** Something outside of policies that plans depend on has changed: policies that it concerns are planned anew. */
  replan(isConcerned: (object: NetworkPolicy) => boolean): void {
    for (const [place, record] of this.#records) {
      const { entry } = record;
      if (entry.isClosed || !isConcerned(entry.object)) continue;
      this.#drop(entry);
      this.#records.set(place, { ...record, entry: this.#add({ ...entry, groups: 0, policy: undefined, plan: undefined }) });
    }
  }

  /** Makes the entry's plan anew, since the ids of its rules changed: what was made of the old one has the old ids. */
  planAnew(entry: PolicyEntry): void {
    entry.plan = this.#reading.plan(this.policyOf(entry));
  }

  #decide(object: NetworkPolicy, uid: string): Decision {
    this.#work.policiesCompiled++;
    const { policy, diagnostics } = this.#reading.compile(object);
    if (policy !== undefined) {
      const slimmed = slim(object);
      this.#accepted.set(uid, slimmed);
      return { policy, object: slimmed, generation: object.metadata.generation, refused: undefined };
    }
    const accepted = this.#accepted.get(uid);
    // A uid belongs to one object for ever; a server that gives it to two does not lend one the rules of the other.
    if (accepted !== undefined && placeOf(accepted) === placeOf(object)) {
      const earlier = this.#reading.compile(accepted).policy;
      const { generation } = accepted.metadata;
      if (earlier !== undefined)
        return { policy: earlier, object: accepted, generation, refused: { object, diagnostics, inForce: 'accepted' } };
    }
    const { policy: standIn, inForce } = this.#reading.standIn(object, diagnostics);
    return { policy: standIn, object, generation: undefined, refused: { object, diagnostics, inForce } };
  }

  /** It is known whom the new versions select: those that select nobody here need not stay compiled. */
  settled(): void {
    for (const entry of this.#fresh) if (entry.groups === 0) entry.policy = undefined;
    this.#fresh = [];
  }

  #enter({ policy, object, generation, refused }: Decision): PolicyEntry {
    const entry = this.#add({
      object,
      isClosed: refused !== undefined && refused.inForce !== 'accepted',
      order: policy.order,
      generation,
      tier: networkPolicyTier,
      identity: policyIdentity(policy.ref),
      subject: this.#subjectSelector(policy.subject),
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
    const subject = this.#subjectSelector(entry.subject.selector);
    const added: PolicyEntry = { ...entry, id: this.#nextId++, subject };
    subject.policies.add(added);
    this.added.add(added);
    return added;
  }

  #subjectSelector(selector: Selector): SubjectSelector {
    const key = selectorKey(selector);
    let subject = this.#selectors.get(key);
    if (subject === undefined) {
      subject = { key, selector, matcher: undefined, policies: new Set() };
      this.#selectors.set(key, subject);
      this.#index.add(subject);
      this.#interest.add(selector);
    }
    return subject;
  }

  #drop(entry: PolicyEntry): void {
    if (!this.added.delete(entry)) this.removed.add(entry);
    const { subject } = entry;
    subject.policies.delete(entry);
    if (subject.policies.size > 0) return;
    this.#selectors.delete(subject.key);
    this.#index.delete(subject);
    this.#interest.delete(subject.selector);
  }
}

/** The uid of a policy; one that has none (it comes from a file) is known by its place. */
function uidOf(object: NetworkPolicy): string {
  return object.metadata.uid ?? placeOf(object);
}

function placeOf({ metadata }: NetworkPolicy): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
}

/** The policy without what compiling does not read. */
function slim(policy: NetworkPolicy): NetworkPolicy {
  const metadata = picked(policy.metadata, ['name', 'namespace', 'uid', 'generation']);
  // Not by a literal that spreads: each such object would have a shape of its own, which takes more room than the object.
  return Object.assign(picked(policy, ['apiVersion', 'kind', 'spec']), { metadata });
}

/** These members, as far as they are there. */
function picked<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  const result: Partial<T> = {};
  for (const key of keys) if (from[key] !== undefined) result[key] = from[key];
  return result as Pick<T, K>;
}

/** Whether two values are the same JSON, members in the same order. */
function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
