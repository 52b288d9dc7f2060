/**
 * Programs in force and the entries of `policies` that they make with the classes of peers.
 *
 * An entry is of a program's and a class's number, and what it says never changes while both live: it goes
 * ahead of the generation that first meets it, and stays until no packet sees the last one that did. The map
 * takes so many entries and no more: what would not fit is never begun.
 */
import type { ContentKey, Program } from '@weir/calc';
import type { BpfElement } from '@weir/kernel';
import type { NumberPool } from '../classification/number-pool.ts';
import type { PeerClass } from '../classification/peer-class-table.ts';
import { ClassIndex } from '../programs/class-index.ts';
import { isUndecided, type PortVerdict } from '../programs/resolve-verdicts.ts';
import { type VerdictProgram, verdictsForAnyPeer, verdictsForClass } from '../programs/verdict-program.ts';
import { type CountedRule, CountedRules } from './counted-rules.ts';
import { policyKey, policyValue, portPrefixes } from './records.ts';

/**
 * A program in force. `listed`: the state has it. `pending`: classes that there was no room for, with the
 * number of their entries; they get what any peer gets.
 */
export interface ProgramEntry {
  readonly number: number;
  readonly source: Program;
  readonly compiled: VerdictProgram;
  readonly wanted: VerdictProgram['wanted'];
  readonly asksEveryClass: boolean;
  readonly pending: Map<PeerClass, number>;
  listed: boolean;
}

/** What comes into `policies` and `counts`, and what goes when it is not met any more. */
export interface PolicyChanges {
  readonly added: BpfElement[];
  readonly removed: Uint8Array[];
  /** Numbers of rules and programs that are counted from now on, with what they count for, and those that are not. */
  readonly counted: [number: number, subject: string][];
  readonly uncounted: number[];
}

/** What a program says with the classes that are there, not written anywhere yet. */
export interface ProgramSayings {
  readonly compiled: VerdictProgram;
  /** By the number of a class, or any peer's. */
  readonly sayings: readonly (readonly [number, readonly PortVerdict[]])[];
  /** How many entries that makes. */
  readonly size: number;
}

/** The number of what a program says to any peer. */
const anyPeer = 0;

/** No change yet. */
export function noPolicyChanges(): PolicyChanges {
  return { added: [], removed: [], counted: [], uncounted: [] };
}

/** Programs by key, and their rules by id. */
export class PolicyTable {
  readonly #numbers: NumberPool;
  readonly #entriesMax: number;
  readonly #byKey = new Map<ContentKey, ProgramEntry>();
  readonly #index = new ClassIndex<ProgramEntry, PeerClass>();
  readonly #rules: CountedRules;
  readonly #grown = new Set<ProgramEntry>();
  #size = 0;
  #leaving: number;

  /** `entriesMax` entries fit into the map, in which there are `leaving` of an earlier process. */
  constructor(numbers: NumberPool, entriesMax: number, leaving: number) {
    this.#numbers = numbers;
    this.#entriesMax = entriesMax;
    this.#leaving = leaving;
    this.#rules = new CountedRules(numbers);
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  get(key: ContentKey): ProgramEntry | undefined {
    return this.#byKey.get(key);
  }

  entries(): readonly ProgramEntry[] {
    return [...this.#byKey.values()];
  }

  /** Programs with pending classes. */
  grown(): ReadonlySet<ProgramEntry> {
    return this.#grown;
  }

  /** Rules of programs in force by their ids. */
  rules(): ReadonlyMap<string, CountedRule> {
    return this.#rules.byId();
  }

  /** Everything that `policies` shall hold; programs and classes may come and go while it is read. */
  *elements(): Iterable<BpfElement> {
    for (const entry of this.#byKey.values()) yield* this.#elementsOf(entry);
  }

  /** The map holds what it shall and nothing else. */
  confirm(): void {
    this.#leaving = 0;
  }

  /** Why so many more entries do not fit; undefined when they do. What goes makes room when it is gone. */
  overflow(more: number): string | undefined {
    const free = Math.max(0, this.#entriesMax - this.#size - this.#leaving);
    return more <= free ? undefined : `it needs ${more} entries of the policy map, and ${free} of ${this.#entriesMax} are free`;
  }

  /** What a program says with the classes that are there. */
  sayingsOf(compiled: VerdictProgram): ProgramSayings {
    const sayings: [number, PortVerdict[]][] = [[anyPeer, verdictsForAnyPeer(compiled)]];
    for (const { number, sets } of this.#index.classesFor(compiled)) sayings.push([number, verdictsForClass(compiled, sets)]);
    const size = sayings.reduce((sum, [, verdicts]) => sum + sizeOfVerdicts(verdicts), 0);
    return { compiled, sayings, size };
  }

  add(source: Program, { compiled, sayings }: ProgramSayings, changes: PolicyChanges): ProgramEntry {
    const { wanted, asksEveryClass } = compiled;
    const number = this.#numbers.next();
    const entry = { number, source, compiled, wanted, asksEveryClass, pending: new Map<PeerClass, number>(), listed: true };
    this.#byKey.set(source.key, entry);
    this.#index.addProgram(entry);
    changes.counted.push([number, programCount(source.key)]);
    for (const rule of this.#rules.use(source)) changes.counted.push([rule.number, ruleCount(rule.rule.id)]);
    for (const [peerClass, verdicts] of sayings) this.#append(this.#elements(entry, peerClass, verdicts), changes);
    return entry;
  }

  remove(entry: ProgramEntry, changes: PolicyChanges): void {
    this.#withdraw(this.#elementsOf(entry), changes);
    this.#byKey.delete(entry.source.key);
    this.#grown.delete(entry);
    this.#index.removeProgram(entry);
    changes.uncounted.push(entry.number);
    for (const { number } of this.#rules.leave(entry.source)) changes.uncounted.push(number);
  }

  /** Programs that would have to deny something to the class, and cannot for want of room: they must not stay in force. */
  addClass(peerClass: PeerClass, changes: PolicyChanges): ProgramEntry[] {
    this.#index.addClass(peerClass);
    return [...this.#index.programsFor(peerClass)].filter((entry) => !this.#growBy(entry, peerClass, changes));
  }

  removeClass(peerClass: PeerClass, changes: PolicyChanges): void {
    for (const entry of this.#index.programsFor(peerClass)) {
      this.#withdraw(this.#pairElements(entry, peerClass), changes);
      entry.pending.delete(peerClass);
      if (entry.pending.size === 0) this.#grown.delete(entry);
    }
    this.#index.removeClass(peerClass);
  }

  /** Lets programs grow by the classes for which there is room now. */
  admitPending(changes: PolicyChanges): void {
    for (const entry of this.#grown) {
      for (const [peerClass, size] of entry.pending) {
        if (this.overflow(size) !== undefined) continue;
        entry.pending.delete(peerClass);
        this.#append(this.#pairElements(entry, peerClass), changes);
      }
      if (entry.pending.size === 0) this.#grown.delete(entry);
    }
  }

  #growBy(entry: ProgramEntry, peerClass: PeerClass, changes: PolicyChanges): boolean {
    const verdicts = verdictsForClass(entry.compiled, peerClass.sets);
    const size = sizeOfVerdicts(verdicts);
    if (this.overflow(size) === undefined) {
      this.#append(this.#elements(entry, peerClass.number, verdicts), changes);
      return true;
    }
    entry.pending.set(peerClass, size);
    this.#grown.add(entry);
    // Without its entries the class gets what any peer gets, which is no more than with them.
    return entry.compiled.forAnyPeer.length === 0 || verdicts.every(({ verdict }) => verdict.action === 'allow' || isUndecided(verdict));
  }

  #append(elements: Iterable<BpfElement>, changes: PolicyChanges): void {
    for (const element of elements) {
      changes.added.push(element);
      this.#size++;
    }
  }

  #withdraw(elements: Iterable<BpfElement>, changes: PolicyChanges): void {
    for (const { key } of elements) {
      changes.removed.push(key);
      this.#size--;
      this.#leaving++;
    }
  }

  *#elementsOf(entry: ProgramEntry): Iterable<BpfElement> {
    yield* this.#elements(entry, anyPeer, verdictsForAnyPeer(entry.compiled));
    for (const peerClass of this.#index.classesFor(entry.compiled)) {
      if (this.#byKey.get(entry.source.key) !== entry) return;
      yield* this.#pairElements(entry, peerClass);
    }
  }

  #pairElements(entry: ProgramEntry, peerClass: PeerClass): BpfElement[] {
    if (entry.pending.has(peerClass)) return [];
    return this.#elements(entry, peerClass.number, verdictsForClass(entry.compiled, peerClass.sets));
  }

  #elements({ number }: ProgramEntry, peerClass: number, verdicts: readonly PortVerdict[]): BpfElement[] {
    const elements: BpfElement[] = [];
    for (const { protocol, ports, verdict } of verdicts) {
      const rule = verdict.rule === undefined ? 0 : this.#rules.number(verdict.rule);
      const value = policyValue({ action: verdict.action, isLogged: verdict.isLogged, order: verdict.order, rule });
      for (const port of ports === undefined ? [undefined] : portPrefixes(ports)) {
        elements.push({ key: policyKey({ program: number, class: peerClass, protocol, port }), value });
      }
    }
    return elements;
  }
}

/** What a rule's count is kept under. */
export function ruleCount(id: string): string {
  return `rule ${id}`;
}

/** What a program's count is kept under. */
export function programCount(key: ContentKey): string {
  return `program ${key}`;
}

function sizeOfVerdicts(verdicts: readonly PortVerdict[]): number {
  return verdicts.reduce((size, { ports }) => size + (ports === undefined ? 1 : portPrefixes(ports).length), 0);
}
