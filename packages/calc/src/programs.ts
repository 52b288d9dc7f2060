/**
 * Programs, shared by content, and the selections of policies that lead to them.
 *
 * A selection is "these versions of these policies, for an endpoint with these named ports". It is
 * found by numbers alone, so a program's content is put together once however many local label sets
 * come to the same policies.
 */

import type { Direction, NamedPort } from '@weir/policy';
import { programKey } from './content-text.ts';
import type { Program, ProgramRule, ProgramTier } from './delta.ts';
import type { PolicyEntry, ProgramEntry, Selection } from './entries.ts';
import type { NamedPortList } from './named-port-lists.ts';
import type { PeerSets } from './peer-sets.ts';
import type { PlannedRule } from './plan-policy.ts';
import type { Policies } from './policies.ts';
import { renderRule } from './render-rule.ts';
import type { RuleIds } from './rule-ids.ts';
import type { SetSpec } from './set-spec.ts';
import type { Work } from './work.ts';

/** What programs are made from. */
export interface ProgramSources {
  readonly policies: Policies;
  readonly ruleIds: RuleIds<PolicyEntry>;
  readonly sets: PeerSets;
  readonly work: Work;
}

/** The rules and sets of a program that is being put together. */
interface Assembly {
  readonly tiers: ProgramTier[];
  readonly specs: Map<string, SetSpec>;
}

const closedName = 'closed';

/** All programs in use. */
export class Programs {
  readonly #selections: Map<string, Selection> = new Map();
  readonly #programs: Map<string, ProgramEntry> = new Map();
  readonly #fresh: Set<ProgramEntry> = new Set();
  readonly #unused: Set<ProgramEntry> = new Set();
  readonly #sources: ProgramSources;

  constructor(sources: ProgramSources) {
    this.#sources = sources;
  }

  /** How many programs are in use. */
  get size(): number {
    return this.#programs.size;
  }

  /** How many selections are in use. */
  get selections(): number {
    return this.#selections.size;
  }

  /** A program in use, also one that goes with the next {@link settle}. */
  get(key: string): Program | undefined {
    return this.#programs.get(key)?.program;
  }

  /** The programs that have been emitted. */
  *emitted(): Iterable<Program> {
    for (const entry of this.#programs.values()) if (!this.#fresh.has(entry)) yield entry.program;
  }

  /** Finds or makes the programs for an endpoint with these policies, and counts one more use. */
  acquire(selecting: ReadonlySet<PolicyEntry>, namedPorts: NamedPortList): Selection {
    const name = this.#nameOf(selecting, namedPorts);
    let selection = this.#selections.get(name);
    if (selection === undefined) {
      const policies = [...selecting].sort(comparePolicies);
      selection = this.#select({ name, policies }, (direction) => this.#build(direction, policies, namedPorts.ports));
    }
    selection.refs++;
    return selection;
  }

  /** The programs of an endpoint about which nothing is known: closed. Counts one more use. */
  acquireClosed(): Selection {
    const closed = (direction: Direction): ProgramEntry => {
      const content = closedProgram(direction);
      return this.#intern({ key: programKey(content), ...content }, []);
    };
    const selection = this.#selections.get(closedName) ?? this.#select({ name: closedName, policies: [] }, closed);
    selection.refs++;
    return selection;
  }

  /** Counts one use less; unused programs go at {@link settle}. */
  release(selection: Selection): void {
    selection.refs--;
    if (selection.refs > 0) return;
    this.#selections.delete(selection.name);
    for (const entry of [selection.ingress, selection.egress]) {
      if (entry !== undefined && --entry.refs === 0) this.#unused.add(entry);
    }
  }

  /** Drops the programs that nobody uses any more and says what changed since the last call. */
  settle(): { added: Program[]; removed: string[] } {
    const removed: string[] = [];
    for (const entry of this.#unused) {
      if (entry.refs > 0) continue;
      this.#programs.delete(entry.program.key);
      for (const set of entry.sets) this.#sources.sets.release(set);
      if (!this.#fresh.delete(entry)) removed.push(entry.program.key);
    }
    const added = [...this.#fresh].map(({ program }) => program);
    this.#unused.clear();
    this.#fresh.clear();
    return { added, removed };
  }

  /** The policies by their numbers, which sort faster than the policies do. */
  #nameOf(selecting: ReadonlySet<PolicyEntry>, { text }: NamedPortList): string {
    const revisions = new Float64Array(selecting.size);
    let count = 0;
    let usesNames = false;
    for (const entry of selecting) {
      revisions[count++] = entry.revision;
      usesNames ||= this.#sources.policies.planOf(entry).usesLocalNames;
    }
    return `${revisions.sort().join()}|${usesNames ? text : ''}`;
  }

  #select(of: Pick<Selection, 'name' | 'policies'>, make: (direction: Direction) => ProgramEntry | undefined): Selection {
    const selection: Selection = { ...of, ingress: make('ingress'), egress: make('egress'), refs: 0 };
    for (const entry of [selection.ingress, selection.egress]) if (entry !== undefined) entry.refs++;
    this.#selections.set(of.name, selection);
    return selection;
  }

  #build(direction: Direction, policies: readonly PolicyEntry[], namedPorts: readonly NamedPort[]): ProgramEntry | undefined {
    const assembly: Assembly = { tiers: [], specs: new Map() };
    let tier: { name: string; rules: ProgramRule[]; end: 'deny' | 'pass' } | undefined;
    for (const entry of policies) {
      const policy = this.#sources.policies.policyOf(entry);
      const rules = policy[direction];
      if (rules === undefined || policy.staged) continue;
      if (tier?.name !== entry.tier.name) assembly.tiers.push((tier = { name: entry.tier.name, rules: [], end: 'pass' }));
      if (rules.isolates) tier.end = entry.tier.end;
      for (const planned of this.#sources.policies.planOf(entry)[direction] ?? []) {
        const rule = this.#render(planned, namedPorts, assembly);
        if (rule !== undefined) tier.rules.push(rule);
      }
    }
    if (assembly.tiers.length === 0) return undefined;
    const content: Omit<Program, 'key'> = { direction, tiers: assembly.tiers, otherwise: 'allow' };
    return this.#intern({ key: programKey(content), ...content }, [...assembly.specs.values()]);
  }

  #render(planned: PlannedRule, namedPorts: readonly NamedPort[], { specs }: Assembly): ProgramRule | undefined {
    const rule = renderRule(planned, this.#sources.ruleIds.idOf(planned.identity), namedPorts);
    if (rule !== undefined) for (const { spec } of planned.peer) specs.set(spec.key, spec);
    return rule;
  }

  #intern(program: Program, specs: readonly SetSpec[]): ProgramEntry {
    let entry = this.#programs.get(program.key);
    if (entry === undefined) {
      entry = { program, sets: specs.map((spec) => this.#sources.sets.acquire(spec)), refs: 0 };
      this.#programs.set(program.key, entry);
      this.#fresh.add(entry);
      this.#sources.work.programsBuilt++;
    }
    return entry;
  }
}

/** The program that lets nothing through. */
function closedProgram(direction: Direction): Omit<Program, 'key'> {
  return { direction, tiers: [], otherwise: 'deny' };
}

/** Tiers by order, policies in a tier by order, then by name: the order of the model. */
function comparePolicies(a: PolicyEntry, b: PolicyEntry): number {
  if (a.tier.order !== b.tier.order) return a.tier.order - b.tier.order;
  if (a.order !== b.order) return a.order - b.order;
  return a.identity < b.identity ? -1 : Number(a.identity > b.identity);
}
