/**
 * Subjects: the label sets of local endpoints, with the policies that select them.
 *
 * There are as many subjects as the node has kinds of pods, however large the cluster is; while policies ask for
 * addresses of those that they select, as many as it has endpoints. A new subject asks the index of policies once; a new
 * policy asks the subjects.
 */
import { type Address, defined, formatAddress } from '@weir/net';
import type { LocalEndpoint } from '../delta/delta.ts';
import type { LabelSet, LocalEntry, PolicyEntry, PolicyGroup, PolicySource, Selection, Subject } from '../entries.ts';
import type { HostSubjects } from '../hosts/host-subjects.ts';
import type { Programs } from '../programs/programs.ts';
import type { RuleIds } from '../programs/rule-ids.ts';
import type { Policies } from './policies.ts';
import { PolicyGroups } from './policy-groups.ts';
import { type UnorderedDiagnostic, unorderedObjects } from './unordered-objects.ts';

/** What decides the programs of subjects. */
export interface SubjectSources {
  readonly policies: Policies;
  readonly programs: Programs;
  readonly ruleIds: RuleIds<PolicyEntry>;
  readonly hosts: HostSubjects;
}

/** All subjects. */
export class Subjects {
  readonly #subjects: Set<Subject> = new Set();
  readonly #orphans: Set<LocalEntry> = new Set();
  /** Subjects whose policies are to be looked up from nothing. */
  readonly #stale: Set<Subject> = new Set();
  readonly #groups: PolicyGroups = new PolicyGroups();
  readonly #sources: SubjectSources;
  #closed: Selection | undefined;
  #changes = 0;

  constructor(sources: SubjectSources) {
    this.#sources = sources;
  }

  /** How many subjects exist. */
  get size(): number {
    return this.#subjects.size;
  }

  /** How many groups of policies select them. */
  get groups(): number {
    return this.#groups.size;
  }

  /** Grows whenever a {@link settle} changes which policies select whom. */
  get changes(): number {
    return this.#changes;
  }

  /** The objects whose policies select endpoints which the last flush emitted, each by one of those, with how many they select. */
  localPolicies(): { readonly entry: PolicyEntry; readonly endpoints: number }[] {
    const byGroup = new Map<PolicyGroup, number>();
    for (const { locals, group, selection } of this.#subjects) {
      let endpoints = 0;
      for (const { emitted } of locals) if (emitted !== undefined && hasPrograms(emitted, selection)) endpoints++;
      if (endpoints > 0 && group !== undefined) byGroup.set(group, (byGroup.get(group) ?? 0) + endpoints);
    }
    for (const group of this.#sources.hosts.selecting()) byGroup.set(group, (byGroup.get(group) ?? 0) + 1);
    const found = new Map<PolicySource, { readonly entry: PolicyEntry; readonly endpoints: number }>();
    for (const [{ policies }, endpoints] of byGroup) {
      // Several policies of one object count an endpoint once.
      for (const [source, entry] of new Map(policies.map((one) => [one.source, one])))
        found.set(source, { entry, endpoints: (found.get(source)?.endpoints ?? 0) + endpoints });
    }
    return [...found.values()];
  }

  /** What is said of objects whose policies have no order with others that select endpoints of the node. */
  unordered(): ReadonlyMap<PolicySource, UnorderedDiagnostic> {
    const selections = [...this.#subjects].flatMap(({ locals, selection }) =>
      locals.size > 0 && selection !== undefined ? [selection] : [],
    );
    return unorderedObjects(new Set(selections), this.#sources.policies);
  }

  /** Whether endpoints with equal labels have to be told apart by their addresses: see {@link join}. */
  get areByAddress(): boolean {
    return this.#sources.policies.askForAddresses;
  }

  /**
   * A local endpoint has the label set; undefined: it has none, since its pod is not known. `addresses`: those that it
   * owns, sorted, while subjects are by address; else none.
   */
  join(local: LocalEntry, labelSet: LabelSet | undefined, addresses: readonly Address[] = []): void {
    if (labelSet === undefined) {
      this.#orphans.add(local);
      return;
    }
    const key = addresses.map(formatAddress).join();
    labelSet.subjects ??= new Map();
    let subject = labelSet.subjects.get(key);
    if (subject === undefined) {
      subject = { labelSet, addresses, key, locals: new Set(), group: undefined, isUndecided: false, selection: undefined };
      labelSet.subjects.set(key, subject);
      this.#subjects.add(subject);
      this.#stale.add(subject);
    }
    subject.locals.add(local);
    local.subject = subject;
  }

  /** Takes back {@link join}. */
  leave(local: LocalEntry): void {
    const { subject } = local;
    this.#orphans.delete(local);
    if (subject === undefined) return;
    local.subject = undefined;
    subject.locals.delete(local);
    if (subject.locals.size > 0) return;
    const { labelSet, key } = subject;
    labelSet.subjects?.delete(key);
    if (labelSet.subjects?.size === 0) labelSet.subjects = undefined;
    this.#subjects.delete(subject);
    this.#stale.delete(subject);
    this.#assign(subject, undefined);
    if (subject.selection !== undefined) this.#sources.programs.release(subject.selection);
  }

  /** The labels of the label set's namespace changed. */
  relabelled(labelSet: LabelSet): void {
    for (const subject of labelSet.subjects?.values() ?? []) this.#stale.add(subject);
  }

  /** The programs that are in force for an endpoint, once {@link settle} has run. */
  selectionOf({ labelSet, subject }: LocalEntry): Selection | undefined {
    return labelSet === undefined ? this.#closed : subject?.selection;
  }

  /** Brings every subject's policies and programs up to date; gives the endpoints that this changed. */
  settle(): Set<LocalEntry> {
    const dirty = new Set<Subject>();
    this.#takePolicyChanges(dirty);
    const view = this.#sources.policies.view();
    for (const subject of this.#stale) {
      const { labelSet } = subject;
      subject.isUndecided = this.#sources.policies.isUndecided(labelSet);
      const find = (): PolicyGroup => this.#groups.of(this.#sources.policies.selecting(subject));
      this.#assign(
        subject,
        subject.isUndecided ? this.#groups.of(new Set()) : this.#groups.byView.of(`${view(labelSet)}@${subject.key}`, find),
      );
      dirty.add(subject);
    }
    this.#stale.clear();
    this.#sources.hosts.regroup(this.#groups);
    this.#groups.settle();
    this.#updateRuleIds(dirty);
    this.#sources.policies.settled();
    this.#changes += dirty.size;
    this.#sources.hosts.select();
    const changed = new Set<LocalEntry>();
    for (const subject of dirty) this.#select(subject, changed);
    this.#settleClosed();
    return changed;
  }

  #takePolicyChanges(dirty: Set<Subject>): void {
    const { policies } = this.#sources;
    const { added, removed } = policies;
    if (added.size === 0 && removed.size === 0) return;
    this.#groups.byView.clear();
    for (const subject of this.#subjects) {
      const { group, labelSet } = subject;
      if (group === undefined || this.#stale.has(subject)) continue;
      if (!labelSet.namespace.known) {
        this.#stale.add(subject);
        continue;
      }
      const change = {
        added: [...added].filter((entry) => policies.selects(entry, subject)),
        removed: [...removed].filter((entry) => this.#groups.has(group, entry)),
      };
      if (change.added.length === 0 && change.removed.length === 0) continue;
      this.#assign(subject, this.#groups.after(group, change));
      dirty.add(subject);
    }
    added.clear();
    removed.clear();
  }

  #assign(subject: Subject, group: PolicyGroup | undefined): void {
    if (group !== undefined) this.#groups.hold(group);
    if (subject.group !== undefined) this.#groups.letGo(subject.group);
    subject.group = group;
  }

  /** Rules have ids while their policy selects somebody here; ids go before others come. */
  #updateRuleIds(dirty: Set<Subject>): void {
    const { ruleIds, policies } = this.#sources;
    const renamed = new Set<PolicyEntry>();
    const { touched } = this.#groups;
    for (const entry of touched) {
      if (entry.groups > 0 || entry.plan === undefined) continue;
      for (const identity of identitiesOf(policies, entry)) ruleIds.delete(identity, renamed);
      entry.policy = undefined;
      entry.plan = undefined;
    }
    for (const entry of touched) {
      if (entry.groups === 0 || entry.plan !== undefined) continue;
      for (const identity of identitiesOf(policies, entry)) ruleIds.add(identity, entry, renamed);
    }
    touched.clear();
    if (renamed.size === 0) return;
    for (const entry of renamed) if (entry.plan !== undefined) policies.planAnew(entry);
    const changed = this.#groups.forgetPrograms(renamed);
    this.#sources.hosts.renamed(changed);
    for (const subject of this.#subjects) if (subject.group !== undefined && changed.has(subject.group)) dirty.add(subject);
  }

  #select(subject: Subject, changed: Set<LocalEntry>): void {
    const { programs } = this.#sources;
    const before = subject.selection;
    const group = defined(subject.group, 'a subject has not been looked up');
    const parts = { group, namedPorts: subject.labelSet.namedPorts, before };
    const after = subject.isUndecided ? programs.acquireClosed() : programs.acquire(parts);
    subject.selection = after;
    if (before !== undefined) programs.release(before);
    if (before?.ingress === after.ingress && before?.egress === after.egress) return;
    for (const local of subject.locals) changed.add(local);
  }

  #settleClosed(): void {
    const { programs } = this.#sources;
    if (this.#orphans.size > 0) {
      this.#closed ??= programs.acquireClosed();
    } else if (this.#closed !== undefined) {
      programs.release(this.#closed);
      this.#closed = undefined;
    }
  }
}

/** An endpoint that got other labels after the last flush still has the programs of its old ones. */
function hasPrograms(emitted: LocalEndpoint, selection: Selection | undefined): boolean {
  return emitted.ingress === selection?.ingress?.program.key && emitted.egress === selection?.egress?.program.key;
}

function* identitiesOf(policies: Policies, entry: PolicyEntry): Iterable<string> {
  const { ingress = [], egress = [] } = policies.planOf(entry);
  for (const { identity } of ingress) yield identity;
  for (const { identity } of egress) yield identity;
}
