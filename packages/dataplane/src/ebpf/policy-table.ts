/**
 * Programs in force and the entries of `policies` that they make with the classes of peers.
 *
 * An entry is of a program's and a class's number, and what it says never changes while both live: it goes
 * ahead of the generation that first meets it, and stays until no packet sees the last one that did.
 */
import type { ContentKey, Program, ProgramRule } from '@weir/calc';
import type { BpfElement } from '@weir/kernel';
import { defined } from '@weir/net';
import type { NumberPool } from '../classification/number-pool.ts';
import type { PeerClass } from '../classification/peer-class-table.ts';
import { ClassIndex } from '../programs/class-index.ts';
import { type PortVerdict, type VerdictProgram, verdictsForAnyPeer, verdictsForClass } from '../programs/verdict-program.ts';
import { policyKey, policyValue, portPrefixes } from './records.ts';

/** A program in force. `listed`: the state has it. */
export interface ProgramEntry {
  readonly number: number;
  readonly source: Program;
  readonly compiled: VerdictProgram;
  readonly wanted: VerdictProgram['wanted'];
  readonly asksEveryClass: boolean;
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

interface CountedRule {
  readonly number: number;
  readonly rule: ProgramRule;
  users: number;
}

/** No change yet. */
export function noPolicyChanges(): PolicyChanges {
  return { added: [], removed: [], counted: [], uncounted: [] };
}

/** Programs by key, and their rules by id. */
export class PolicyTable {
  readonly #numbers: NumberPool;
  readonly #byKey = new Map<ContentKey, ProgramEntry>();
  readonly #index = new ClassIndex<ProgramEntry, PeerClass>();
  readonly #rules = new Map<string, CountedRule>();
  #size = 0;

  constructor(numbers: NumberPool) {
    this.#numbers = numbers;
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

  /** Rules of programs in force by their ids. */
  rules(): ReadonlyMap<string, { readonly number: number; readonly rule: ProgramRule }> {
    return this.#rules;
  }

  /** Everything that `policies` shall hold. */
  *elements(): Iterable<BpfElement> {
    for (const entry of this.#byKey.values()) yield* this.#elementsOf(entry);
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
    const entry = { number: this.#numbers.next(), source, compiled, wanted, asksEveryClass, listed: true };
    this.#byKey.set(source.key, entry);
    this.#index.addProgram(entry);
    changes.counted.push([entry.number, programCount(source.key)]);
    for (const rule of rulesOf(source)) this.#useRule(rule, changes);
    for (const [peerClass, verdicts] of sayings) this.#append(this.#elements(entry, peerClass, verdicts), changes);
    return entry;
  }

  remove(entry: ProgramEntry, changes: PolicyChanges): void {
    this.#withdraw(this.#elementsOf(entry), changes);
    this.#byKey.delete(entry.source.key);
    this.#index.removeProgram(entry);
    changes.uncounted.push(entry.number);
    for (const rule of rulesOf(entry.source)) this.#leaveRule(rule, changes);
  }

  addClass(peerClass: PeerClass, changes: PolicyChanges): void {
    this.#index.addClass(peerClass);
    for (const entry of this.#index.programsFor(peerClass)) this.#append(this.#pairElements(entry, peerClass), changes);
  }

  removeClass(peerClass: PeerClass, changes: PolicyChanges): void {
    for (const entry of this.#index.programsFor(peerClass)) this.#withdraw(this.#pairElements(entry, peerClass), changes);
    this.#index.removeClass(peerClass);
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
    }
  }

  *#elementsOf(entry: ProgramEntry): Iterable<BpfElement> {
    yield* this.#elements(entry, anyPeer, verdictsForAnyPeer(entry.compiled));
    for (const peerClass of this.#index.classesFor(entry.compiled)) yield* this.#pairElements(entry, peerClass);
  }

  #pairElements(entry: ProgramEntry, peerClass: PeerClass): Iterable<BpfElement> {
    return this.#elements(entry, peerClass.number, verdictsForClass(entry.compiled, peerClass.sets));
  }

  *#elements({ number }: ProgramEntry, peerClass: number, verdicts: readonly PortVerdict[]): Iterable<BpfElement> {
    for (const { protocol, ports, verdict } of verdicts) {
      const rule = verdict.rule === undefined ? 0 : defined(this.#rules.get(verdict.rule), 'a rule in force is known').number;
      const value = policyValue({ action: verdict.action, isLogged: verdict.isLogged, order: verdict.order, rule });
      for (const port of ports === undefined ? [undefined] : portPrefixes(ports)) {
        yield { key: policyKey({ program: number, class: peerClass, protocol, port }), value };
      }
    }
  }

  #useRule(rule: ProgramRule, changes: PolicyChanges): void {
    const known = this.#rules.get(rule.id);
    if (known !== undefined) {
      known.users++;
      return;
    }
    const number = this.#numbers.next();
    this.#rules.set(rule.id, { number, rule, users: 1 });
    changes.counted.push([number, ruleCount(rule.id)]);
  }

  #leaveRule({ id }: ProgramRule, changes: PolicyChanges): void {
    const known = defined(this.#rules.get(id), 'a rule in force is known');
    known.users--;
    if (known.users > 0) return;
    this.#rules.delete(id);
    changes.uncounted.push(known.number);
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

/** Each rule once, also where a program has it twice. */
function* rulesOf({ tiers }: Program): Iterable<ProgramRule> {
  const ids = new Set<string>();
  for (const { rules } of tiers) {
    for (const rule of rules) {
      if (ids.has(rule.id)) continue;
      ids.add(rule.id);
      yield rule;
    }
  }
}
