/**
 * Programs in force, and the tuples that they make with the classes of peers.
 *
 * A program meets a class only through a set that one of its rules wants (or through a rule with
 * negated tests only), so both sides are indexed by set and a change touches its own pairs.
 */
import type { ContentKey, Program } from '@weir/calc';
import type { PeerClass } from '../classification/peer-class-table.ts';
import { ClassIndex } from '../programs/class-index.ts';
import {
  askingSourceElement,
  deniedElement,
  loggedElement,
  loggingElement,
  type PlacedElement,
  type Tuple,
  tupleElement,
} from './element.ts';
import type { ElementChanges } from './element-changes.ts';
import type { RuleTable } from './rule-table.ts';
import type { TupleProgram } from './tuple-program.ts';

/**
 * A program in force. `listed`: the state has it. `frozen`: the kernel refuses what it would gain by the
 * classes of `pending`, so it makes no tuples with them, nor with later ones.
 */
export interface ProgramEntry {
  readonly number: number;
  readonly source: Program;
  readonly compiled: TupleProgram;
  readonly wanted: TupleProgram['wanted'];
  readonly asksEveryClass: boolean;
  /** Whether others are asked in its place, by the class of the packet's own end. */
  readonly asksOwnEnd: boolean;
  listed: boolean;
  frozen: boolean;
  /** Classes that the kernel has not taken together with the program yet. */
  readonly pending: Set<PeerClass>;
}

/** Programs by key and by number, and their pairs with classes. */
export class ProgramTable {
  readonly #byKey = new Map<ContentKey, ProgramEntry>();
  readonly #index = new ClassIndex<ProgramEntry, PeerClass>();
  readonly #rules: RuleTable;
  /** Programs with pending classes. */
  readonly #grown = new Set<ProgramEntry>();

  constructor(rules: RuleTable) {
    this.#rules = rules;
  }

  get(key: ContentKey): ProgramEntry | undefined {
    return this.#byKey.get(key);
  }

  entries(): readonly ProgramEntry[] {
    return [...this.#byKey.values()];
  }

  /** Programs in force with tuples that the kernel has not taken yet. */
  grown(): Iterable<ProgramEntry> {
    return this.#grown;
  }

  /** The kernel holds everything. */
  confirm(): void {
    for (const entry of this.#grown) {
      if (entry.frozen) continue;
      entry.pending.clear();
      this.#grown.delete(entry);
    }
  }

  /** Every element of `allow…`, `logged…`, `asking_source`, `logging` and `denied`. */
  *elements(): Iterable<PlacedElement> {
    for (const entry of this.#byKey.values()) yield* this.#elementsOfProgram(entry);
  }

  addProgram(entry: ProgramEntry, changes: ElementChanges): void {
    this.#byKey.set(entry.source.key, entry);
    this.#rules.use(entry.source);
    this.#index.addProgram(entry);
    for (const element of this.#elementsOfProgram(entry)) changes.added.push(element);
  }

  removeProgram(entry: ProgramEntry, changes: ElementChanges): void {
    for (const element of this.#elementsOfProgram(entry)) changes.removed.push(element);
    this.#byKey.delete(entry.source.key);
    this.#grown.delete(entry);
    this.#rules.leave(entry.source);
    this.#index.removeProgram(entry);
  }

  addClass(peerClass: PeerClass, changes: ElementChanges): void {
    this.#index.addClass(peerClass);
    for (const entry of this.#index.programsFor(peerClass)) {
      entry.pending.add(peerClass);
      this.#grown.add(entry);
      pushAll(changes.added, this.#pairElements(entry, peerClass));
    }
  }

  removeClass(peerClass: PeerClass, changes: ElementChanges): void {
    for (const entry of this.#index.programsFor(peerClass)) {
      pushAll(changes.removed, this.#pairElements(entry, peerClass));
      entry.pending.delete(peerClass);
    }
    this.#index.removeClass(peerClass);
  }

  *#elementsOfProgram(entry: ProgramEntry): Iterable<PlacedElement> {
    yield deniedElement(entry.number);
    if (entry.compiled.logs) yield loggingElement(entry.number);
    if (entry.compiled.asksSourcePorts) yield askingSourceElement(entry.number);
    for (const tuple of entry.compiled.anyPeer) yield this.#tupleElement(entry, 0, tuple);
    for (const peerClass of this.#index.classesFor(entry)) yield* this.#pairElements(entry, peerClass);
  }

  #pairElements(entry: ProgramEntry, peerClass: PeerClass): PlacedElement[] {
    if (entry.frozen && entry.pending.has(peerClass)) return [];
    const { allowed, logged } = entry.compiled.forClass(peerClass.sets);
    const elements = allowed.map((tuple) => this.#tupleElement(entry, peerClass.number, tuple));
    for (const tuple of logged) elements.push(loggedElement({ program: entry.number, class: peerClass.number }, tuple));
    return elements;
  }

  #tupleElement(entry: ProgramEntry, peerClass: number, tuple: Tuple): PlacedElement {
    return tupleElement({ program: entry.number, class: peerClass, rule: this.#rules.number(tuple.rule) }, tuple);
  }
}

function pushAll<T>(target: T[], items: readonly T[]): void {
  for (const item of items) target.push(item);
}
