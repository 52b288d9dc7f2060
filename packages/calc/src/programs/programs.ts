/**
 * Programs, shared by content, and the selections of policies that lead to them.
 *
 * A selection is "the policies of this group, for an endpoint with these named ports", so a program's content
 * is put together once however many local label sets come to the same policies. A program that follows
 * another one shares with it the runs of rules in which they agree; the sets in use are those of the runs in use.
 */

import type { Direction, HostEndpoint, HostFamily, PolicyOrder } from '@weir/model';
import { keyOfRuns } from '../delta/content-text.ts';
import type { Program, ProgramRule } from '../delta/delta.ts';
import type { HostSelection, PolicyEntry, PolicyGroup, ProgramEntry, RenderedTier, Selection, SetEntry } from '../entries.ts';
import { type HostProgramManner, hostPrograms } from '../hosts/host-programs.ts';
import type { PeerSets } from '../peer-sets/peer-sets.ts';
import type { Policies } from '../policies/policies.ts';
import { type NamedPortList, noPorts } from '../population/named-port-lists.ts';
import type { Work } from '../work.ts';
import { byFirstItem } from './pieces.ts';
import { RenderedPolicies } from './rendered-policies.ts';
import type { RuleIds } from './rule-ids.ts';
import { type KeyedRule, type RuleRun, runsOf } from './rule-runs.ts';

/** What programs are made from. */
export interface ProgramSources {
  readonly policies: Policies;
  readonly ruleIds: RuleIds<PolicyEntry>;
  readonly sets: PeerSets;
  readonly work: Work;
}

/** What a selection is made of. */
export interface SelectionParts {
  readonly group: PolicyGroup;
  readonly namedPorts: NamedPortList;
  /** The one whose place it takes: its programs are likely to be much the same. */
  readonly before: Selection | undefined;
}

/** What the programs of a host endpoint are made of. */
export interface HostSelectionParts {
  readonly group: PolicyGroup;
  readonly host: HostEndpoint;
  readonly before: HostSelection | undefined;
}

/** A tier that is being put together. */
interface OpenTier {
  readonly name: string;
  readonly rules: KeyedRule[][];
  readonly content: ProgramRule[][];
  end: 'deny' | 'pass';
}

/** All programs in use. */
export class Programs {
  readonly #programs: Map<string, ProgramEntry> = new Map();
  readonly #runs: Map<RuleRun, { refs: number; readonly sets: readonly SetEntry[] }> = new Map();
  readonly #fresh: Set<ProgramEntry> = new Set();
  readonly #unused: Set<ProgramEntry> = new Set();
  readonly #sources: ProgramSources;
  readonly #rendered: RenderedPolicies;
  #closed: Selection | undefined;
  #selections = 0;

  constructor(sources: ProgramSources) {
    this.#sources = sources;
    this.#rendered = new RenderedPolicies(sources.policies, sources.ruleIds);
  }

  /** How many programs are in use. */
  get size(): number {
    return this.#programs.size;
  }

  /** How many selections, and runs of rules, are in use. */
  get parts(): number {
    return this.#selections + this.#runs.size;
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
  acquire({ group, namedPorts, before }: SelectionParts): Selection {
    const usesNames = group.stretches.some((stretch) => this.#rendered.usesLocalNames(stretch));
    const portsText = usesNames ? namedPorts.text : '';
    let selection = group.selections.get(portsText);
    if (selection === undefined) {
      const build = (direction: Direction): ProgramEntry | undefined =>
        this.#build(direction, { group, namedPorts, known: before?.[direction] });
      selection = this.#select({ group, portsText, ingress: build('ingress'), egress: build('egress') });
      group.selections.set(portsText, selection);
    }
    selection.refs++;
    return selection;
  }

  /** The programs of an endpoint about which nothing is known: closed. Counts one more use. */
  acquireClosed(): Selection {
    this.#closed ??= this.#select({
      group: undefined,
      portsText: '',
      ingress: this.#closedProgram('ingress'),
      egress: this.#closedProgram('egress'),
    });
    this.#closed.refs++;
    return this.#closed;
  }

  /** Counts one use less; unused programs go at {@link settle}. */
  release(selection: Selection): void {
    selection.refs--;
    if (selection.refs > 0) return;
    this.#selections--;
    const { group, portsText } = selection;
    if (group === undefined) this.#closed = undefined;
    else if (group.selections.get(portsText) === selection) group.selections.delete(portsText);
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
      for (const run of entry.runs) this.#letGo(run);
      if (!this.#fresh.delete(entry)) removed.push(entry.program.key);
    }
    const added = [...this.#fresh].map(({ program }) => program);
    this.#unused.clear();
    this.#fresh.clear();
    return { added, removed };
  }

  /** The programs of a host endpoint, each counted as one more use; see `host-programs.ts`. */
  acquireHost({ group, host, before }: HostSelectionParts): HostSelection {
    const namedPorts: NamedPortList = { ...noPorts, ports: host.namedPorts };
    const programs = hostPrograms(host).map(({ family, direction, ...says }) => {
      const items = group.policies.filter(({ hosts }) => hosts?.families.includes(family) === true);
      const tiers = this.#rendered.render(items, direction, namedPorts);
      const known = before?.[family]?.[direction];
      return { family, direction, program: this.#buildHost(direction, { tiers, known, ...says }) };
    });
    const selection: Partial<Record<HostFamily, Partial<Record<Direction, ProgramEntry>>>> = {};
    for (const { family, direction, program } of programs) {
      if (program === undefined) continue;
      program.refs++;
      selection[family] = { ...selection[family], [direction]: program };
    }
    return selection;
  }

  /** Takes back {@link acquireHost}. */
  releaseHost(selection: HostSelection): void {
    for (const entry of Object.values(selection).flatMap((programs) => Object.values(programs)))
      if (--entry.refs === 0) this.#unused.add(entry);
  }

  #buildHost(
    direction: Direction,
    { tiers, known, end, silent, otherwise }: { tiers: readonly RenderedTier[]; known: ProgramEntry | undefined } & HostProgramManner,
  ): ProgramEntry | undefined {
    if (tiers.length === 0 && silent === 'no program') return undefined;
    const knownRuns = byFirstItem<KeyedRule, RuleRun>(known?.runs ?? []);
    return this.#intern(
      { direction, tiers: tiers.map((tier) => ({ name: tier.name, rules: tier.content, end: end ?? tier.end })), otherwise },
      tiers.map(({ rules }) => runsOf(rules, knownRuns)),
    );
  }

  #select(of: Omit<Selection, 'refs'>): Selection {
    for (const entry of [of.ingress, of.egress]) if (entry !== undefined) entry.refs++;
    this.#selections++;
    return { ...of, refs: 0 };
  }

  #build(
    direction: Direction,
    { group, namedPorts, known }: { group: PolicyGroup; namedPorts: NamedPortList; known: ProgramEntry | undefined },
  ): ProgramEntry | undefined {
    const tiers: OpenTier[] = [];
    const orders = new Set<PolicyOrder>();
    let open: OpenTier | undefined;
    for (const stretch of group.stretches) {
      for (const { name, rules, content, orders: own, end } of this.#rendered.tiersOf(stretch, direction, namedPorts)) {
        if (open?.name !== name) tiers.push((open = { name, rules: [], content: [], end: 'pass' }));
        open.rules.push(rules);
        open.content.push(content);
        for (const order of own) orders.add(order);
        if (end !== 'pass') open.end = end;
      }
    }
    if (orders.size > 1) return this.#closedProgram(direction);
    if (tiers.length === 0) return undefined;
    const knownRuns = byFirstItem<KeyedRule, RuleRun>(known?.runs ?? []);
    return this.#intern(
      { direction, tiers: tiers.map(({ name, content, end }) => ({ name, rules: joined(content), end })), otherwise: 'allow' },
      tiers.map(({ rules }) => runsOf(joined(rules), knownRuns)),
    );
  }

  #closedProgram(direction: Direction): ProgramEntry {
    return this.#intern({ direction, tiers: [], otherwise: 'deny' }, []);
  }

  #intern(content: Omit<Program, 'key'>, runs: readonly (readonly RuleRun[])[]): ProgramEntry {
    const key = keyOfRuns({ content, runs });
    let entry = this.#programs.get(key);
    if (entry === undefined) {
      entry = { program: { key, ...content }, runs: runs.flat(), refs: 0 };
      for (const run of entry.runs) this.#hold(run);
      this.#programs.set(key, entry);
      this.#fresh.add(entry);
      this.#sources.work.programsBuilt++;
    }
    return entry;
  }

  #hold(run: RuleRun): void {
    let used = this.#runs.get(run);
    if (used === undefined) {
      const sets = run.items.flatMap(({ specs }) => specs.map((spec) => this.#sources.sets.acquire(spec)));
      this.#runs.set(run, (used = { refs: 0, sets }));
    }
    used.refs++;
  }

  #letGo(run: RuleRun): void {
    const used = this.#runs.get(run);
    if (used === undefined || --used.refs > 0) return;
    this.#runs.delete(run);
    for (const set of used.sets) this.#sources.sets.release(set);
  }
}

/** One list; `flat` looks at each item on the way. */
function joined<T>(lists: readonly (readonly T[])[]): T[] {
  return ([] as T[]).concat(...lists);
}
