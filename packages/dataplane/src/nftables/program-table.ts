/**
 * Programs in force, and the tuples that they make with the classes of peers.
 *
 * A program meets a class only through a set that one of its rules wants (or through a rule with
 * negated tests only), so both sides are indexed by set and a change touches its own pairs.
 */
import type { ContentKey, Program } from '@weir/calc';
import type { PeerClass } from '../classification/peer-class-table.ts';
import { type AdditiveProgram, tuplesForClass } from './additive-program.ts';
import { type AllowedTuple, deniedElement, type PlacedElement, tupleElement } from './element.ts';
import type { ElementChanges } from './element-changes.ts';
import type { RuleTable } from './rule-table.ts';

/**
 * A program in force. `listed`: the state has it. `frozen`: the kernel refuses what it would gain by the
 * classes of `pending`, so it makes no tuples with them, nor with later ones.
 */
export interface ProgramEntry {
  readonly number: number;
  readonly source: Program;
  readonly compiled: AdditiveProgram;
  listed: boolean;
  frozen: boolean;
  /** Classes that the kernel has not taken together with the program yet. */
  readonly pending: Set<PeerClass>;
}

/** Programs by key and by number, and their pairs with classes. */
export class ProgramTable {
  readonly #byKey = new Map<ContentKey, ProgramEntry>();
  readonly #byWantedSet = new Map<ContentKey, Set<ProgramEntry>>();
  readonly #askingEveryClass = new Set<ProgramEntry>();
  readonly #classes = new Set<PeerClass>();
  readonly #classesBySet = new Map<ContentKey, Set<PeerClass>>();
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

  /** Every element of `allow`, `allow_range` and `denied`. */
  *elements(): Iterable<PlacedElement> {
    for (const entry of this.#byKey.values()) yield* this.#elementsOfProgram(entry);
  }

  addProgram(entry: ProgramEntry, changes: ElementChanges): void {
    this.#byKey.set(entry.source.key, entry);
    this.#rules.use(entry.source);
    for (const set of entry.compiled.wanted.keys()) put(this.#byWantedSet, set, entry);
    if (entry.compiled.asksEveryClass) this.#askingEveryClass.add(entry);
    for (const element of this.#elementsOfProgram(entry)) changes.added.push(element);
  }

  removeProgram(entry: ProgramEntry, changes: ElementChanges): void {
    for (const element of this.#elementsOfProgram(entry)) changes.removed.push(element);
    this.#byKey.delete(entry.source.key);
    this.#grown.delete(entry);
    this.#rules.leave(entry.source);
    for (const set of entry.compiled.wanted.keys()) take(this.#byWantedSet, set, entry);
    this.#askingEveryClass.delete(entry);
  }

  addClass(peerClass: PeerClass, changes: ElementChanges): void {
    this.#classes.add(peerClass);
    for (const set of peerClass.sets.keys()) put(this.#classesBySet, set, peerClass);
    for (const entry of this.#programsFor(peerClass)) {
      entry.pending.add(peerClass);
      this.#grown.add(entry);
      pushAll(changes.added, this.#pairElements(entry, peerClass));
    }
  }

  removeClass(peerClass: PeerClass, changes: ElementChanges): void {
    for (const entry of this.#programsFor(peerClass)) {
      pushAll(changes.removed, this.#pairElements(entry, peerClass));
      entry.pending.delete(peerClass);
    }
    this.#classes.delete(peerClass);
    for (const set of peerClass.sets.keys()) take(this.#classesBySet, set, peerClass);
  }

  *#elementsOfProgram(entry: ProgramEntry): Iterable<PlacedElement> {
    yield deniedElement(entry.number);
    for (const tuple of entry.compiled.anyPeer) yield this.#tupleElement(entry, 0, tuple);
    for (const peerClass of this.#classesFor(entry)) yield* this.#pairElements(entry, peerClass);
  }

  #pairElements(entry: ProgramEntry, peerClass: PeerClass): PlacedElement[] {
    if (entry.frozen && entry.pending.has(peerClass)) return [];
    return tuplesForClass(entry.compiled, peerClass).map((tuple) => this.#tupleElement(entry, peerClass.number, tuple));
  }

  #tupleElement(entry: ProgramEntry, peerClass: number, tuple: AllowedTuple): PlacedElement {
    return tupleElement({ program: entry.number, class: peerClass, rule: this.#rules.number(tuple.rule) }, tuple);
  }

  #programsFor(peerClass: PeerClass): Set<ProgramEntry> {
    const found = new Set(this.#askingEveryClass);
    for (const set of peerClass.sets.keys()) for (const entry of this.#byWantedSet.get(set) ?? []) found.add(entry);
    return found;
  }

  #classesFor(entry: ProgramEntry): Set<PeerClass> {
    if (entry.compiled.asksEveryClass) return this.#classes;
    const found = new Set<PeerClass>();
    for (const set of entry.compiled.wanted.keys()) for (const peerClass of this.#classesBySet.get(set) ?? []) found.add(peerClass);
    return found;
  }
}

function pushAll<T>(target: T[], items: readonly T[]): void {
  for (const item of items) target.push(item);
}

function put<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, new Set([value]));
  else values.add(value);
}

function take<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size === 0) index.delete(key);
}
