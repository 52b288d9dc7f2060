/**
 * Subjects: the label sets of local endpoints, with the policies that select them.
 *
 * There are as many subjects as the node has kinds of pods, however large the cluster is. A new
 * subject asks the index of policies once; a new policy asks the subjects.
 */
import type { LocalEndpoint } from './delta.ts';
import type { LabelSet, LocalEntry, PolicyEntry, Selection, Subject } from './entries.ts';
import type { Policies } from './policies.ts';
import type { Programs } from './programs.ts';
import type { RuleIds } from './rule-ids.ts';

/** What decides the programs of subjects. */
export interface SubjectSources {
  readonly policies: Policies;
  readonly programs: Programs;
  readonly ruleIds: RuleIds<PolicyEntry>;
}

/** All subjects. */
export class Subjects {
  readonly #subjects: Set<Subject> = new Set();
  readonly #orphans: Set<LocalEntry> = new Set();
  /** Subjects whose policies are to be looked up from nothing. */
  readonly #stale: Set<Subject> = new Set();
  /** Policies that may have begun or ceased to select somebody. */
  readonly #touched: Set<PolicyEntry> = new Set();
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

  /** Grows whenever a {@link settle} changes which policies select whom. */
  get changes(): number {
    return this.#changes;
  }

  /** The policies that select endpoints which the last flush emitted, each with how many of them. */
  localPolicies(): Map<PolicyEntry, number> {
    const found = new Map<PolicyEntry, number>();
    for (const { locals, policies, selection } of this.#subjects) {
      let endpoints = 0;
      for (const { emitted } of locals) if (emitted !== undefined && hasPrograms(emitted, selection)) endpoints++;
      if (endpoints > 0) for (const entry of policies) found.set(entry, (found.get(entry) ?? 0) + endpoints);
    }
    return found;
  }

  /** A local endpoint has the label set; undefined: it has none, since its pod is not known. */
  join(local: LocalEntry, labelSet: LabelSet | undefined): void {
    if (labelSet === undefined) {
      this.#orphans.add(local);
      return;
    }
    let { subject } = labelSet;
    if (subject === undefined) {
      subject = { labelSet, locals: new Set(), policies: new Set(), selection: undefined };
      labelSet.subject = subject;
      this.#subjects.add(subject);
      this.#stale.add(subject);
    }
    subject.locals.add(local);
  }

  /** Takes back {@link join}. */
  leave(local: LocalEntry, labelSet: LabelSet | undefined): void {
    if (labelSet === undefined) {
      this.#orphans.delete(local);
      return;
    }
    const { subject } = labelSet;
    if (subject === undefined) return;
    subject.locals.delete(local);
    if (subject.locals.size > 0) return;
    labelSet.subject = undefined;
    this.#subjects.delete(subject);
    this.#stale.delete(subject);
    this.#setPolicies(subject, new Set());
    if (subject.selection !== undefined) this.#sources.programs.release(subject.selection);
  }

  /** The labels of the label set's namespace changed. */
  relabelled(labelSet: LabelSet): void {
    if (labelSet.subject !== undefined) this.#stale.add(labelSet.subject);
  }

  /** The programs that are in force for a label set's endpoints, once {@link settle} has run. */
  selectionOf(labelSet: LabelSet | undefined): Selection | undefined {
    return labelSet === undefined ? this.#closed : labelSet.subject?.selection;
  }

  /** Brings every subject's policies and programs up to date; gives the endpoints that this changed. */
  settle(): Set<LocalEntry> {
    const dirty = new Set<Subject>();
    this.#takePolicyChanges(dirty);
    const selecting = this.#sources.policies.selector();
    for (const subject of this.#stale) {
      this.#setPolicies(subject, selecting(subject.labelSet));
      dirty.add(subject);
    }
    this.#stale.clear();
    this.#updateRuleIds(dirty);
    this.#sources.policies.settled();
    this.#changes += dirty.size;
    const changed = new Set<LocalEntry>();
    for (const subject of dirty) this.#select(subject, changed);
    this.#settleClosed();
    return changed;
  }

  #takePolicyChanges(dirty: Set<Subject>): void {
    const { added, removed } = this.#sources.policies;
    if (this.#stale.size < this.#subjects.size) {
      for (const subject of this.#subjects) {
        if (this.#stale.has(subject)) continue;
        for (const entry of removed) if (subject.policies.has(entry)) this.#deselect(subject, entry, dirty);
        for (const entry of added) {
          if (!this.#sources.policies.matches(entry.subject, subject.labelSet)) continue;
          subject.policies.add(entry);
          entry.subjects++;
          this.#touched.add(entry);
          dirty.add(subject);
        }
      }
    }
    added.clear();
    removed.clear();
  }

  #deselect(subject: Subject, entry: PolicyEntry, dirty: Set<Subject>): void {
    subject.policies.delete(entry);
    entry.subjects--;
    this.#touched.add(entry);
    dirty.add(subject);
  }

  #setPolicies(subject: Subject, policies: Set<PolicyEntry>): void {
    for (const entry of policies) {
      entry.subjects++;
      this.#touched.add(entry);
    }
    for (const entry of subject.policies) {
      entry.subjects--;
      this.#touched.add(entry);
    }
    subject.policies = policies;
  }

  /** Rules have ids while their policy selects somebody here; ids go before others come. */
  #updateRuleIds(dirty: Set<Subject>): void {
    const { ruleIds, policies } = this.#sources;
    const renamed = new Set<PolicyEntry>();
    for (const entry of this.#touched) {
      if (entry.subjects > 0 || entry.plan === undefined) continue;
      for (const identity of identitiesOf(policies, entry)) ruleIds.delete(identity, renamed);
      entry.policy = undefined;
      entry.plan = undefined;
    }
    for (const entry of this.#touched) {
      if (entry.subjects === 0 || entry.plan !== undefined) continue;
      for (const identity of identitiesOf(policies, entry)) ruleIds.add(identity, entry, renamed);
    }
    this.#touched.clear();
    if (renamed.size === 0) return;
    for (const entry of renamed) policies.renew(entry);
    for (const subject of this.#subjects) for (const entry of renamed) if (subject.policies.has(entry)) dirty.add(subject);
  }

  #select(subject: Subject, changed: Set<LocalEntry>): void {
    const { programs } = this.#sources;
    const before = subject.selection;
    const after = programs.acquire(subject.policies, subject.labelSet.namedPorts);
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
