/**
 * Putting a whole state in the place of what the kernel holds, whatever that is, without a moment in
 * which a packet is judged by less than before.
 *
 * Where the table stands as it is meant, its chains and sets stay and only their contents are
 * exchanged. A table of another version, or one that somebody tampered with, has to be made anew, and
 * that is no instant for a packet: the kernel puts a new base chain in front of an old one of its
 * priority, so a packet can pass the new one while it is still empty and the old one when it is empty
 * already. So the whole new state first goes into a table beside it, the guard. A packet has to pass
 * both, and while both are there the one can be exchanged under the other's protection:
 *
 *   guard: sets and elements → guard: chains → old table: no rules → new table in its place: sets and
 *   elements → new table: chains → guard: no rules → guard gone
 *
 * A process that ends between any two of these steps leaves at least one table that judges; the next
 * one begins with what it finds.
 */
import {
  type DumpedElement,
  fieldsLength,
  NetlinkError,
  type NftablesConnection,
  readHostU32,
  type SetDefinition,
  type SetElement,
  type TableName,
  Transaction,
} from '@weir/kernel';
import { chainsWithOtherRules, structureDrift } from './drift.ts';
import { type ElementsBySet, elementIdentity, sameValue } from './element.ts';
import type { TableLayout } from './layout.ts';
import { countedSets, familySets, guardTable, lateSets, weirTable } from './sets.ts';

/** What shall be in force, and who wants to know what deleted elements had counted. */
export interface Replacement {
  readonly connection: NftablesConnection;
  readonly layout: TableLayout;
  readonly elements: ElementsBySet;
  readonly retire: (set: string, elements: readonly DumpedElement[]) => void;
}

/** What a replacement took. */
export interface ReplacementReport {
  readonly transactions: number;
  readonly elementsAdded: number;
}

/** Sets of which the elements that stay are left alone: they count, or are published late. */
const keptSets: readonly string[] = [...countedSets, ...lateSets];

/** Replaces; when it throws, what judged before still does, and calling it again goes on from there. */
export function replaceTable(replacement: Replacement): ReplacementReport {
  return new TableReplacement(replacement).run();
}

/** Takes both tables away. */
export function removeTables(connection: NftablesConnection): void {
  for (const table of [guardTable, weirTable]) connection.commit(new Transaction(table).addTable().deleteTable());
}

/**
 * What the kernel refuses of a table with this content, without changing anything; undefined when it would take it.
 * The table is made as the guard would be, whatever else there is.
 */
export function rehearseTable({ connection, layout, elements }: Omit<Replacement, 'retire'>): NetlinkError | undefined {
  const transaction = emptyTable(guardTable, layout);
  for (const [set, ofSet] of elements) transaction.addElements(set, ofSet);
  return connection.rehearse(transaction);
}

/** A table with the sets of the desired state in the place of the one of its name. */
function emptyTable(table: TableName, { sets }: TableLayout): Transaction {
  const transaction = new Transaction(table).addTable().deleteTable().addTable();
  for (const set of sets) transaction.addSet(set);
  return transaction;
}

class TableReplacement {
  readonly #connection: NftablesConnection;
  readonly #layout: TableLayout;
  readonly #replacement: Replacement;
  #transactions = 0;
  #elementsAdded = 0;

  constructor(replacement: Replacement) {
    this.#replacement = replacement;
    this.#connection = replacement.connection;
    this.#layout = replacement.layout;
  }

  run(): ReplacementReport {
    if (!this.#exchanged()) this.#makeAnew();
    if (this.#connection.hasTable(guardTable)) this.#removeGuard();
    return { transactions: this.#transactions, elementsAdded: this.#elementsAdded };
  }

  /** Exchanges what is in a table that stands; false when it does not, or the kernel refuses. */
  #exchanged(): boolean {
    if (structureDrift(this.#connection, this.#layout).length > 0) return false;
    try {
      this.#exchange();
      return true;
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'refused') return false;
      throw error;
    }
  }

  #exchange(): void {
    const wanted = this.#replacement.elements;
    const transaction = new Transaction(weirTable);
    const changed = new Set(chainsWithOtherRules(this.#connection, this.#layout));
    for (const chain of changed) transaction.flushChain(chain);
    for (const rule of this.#layout.rules) if (changed.has(rule.chain)) transaction.addRule(rule);
    for (const { name: set } of this.#layout.sets) {
      const elements = wanted.get(set) ?? [];
      if (keptSets.includes(set)) this.#exchangeSome(transaction, set, elements);
      else {
        transaction.flushSet(set).addElements(set, elements);
        this.#elementsAdded += elements.length;
      }
    }
    this.#commit(transaction);
  }

  /** Leaves alone what is there and meant; new ranges go ahead (see `TableWriter.change`). */
  #exchangeSome(transaction: Transaction, set: string, elements: readonly SetElement[]): void {
    const missing = new Map(elements.map((element) => [elementIdentity({ set, element }), element]));
    const unwanted: DumpedElement[] = [];
    const ahead = new Set(missing.values());
    for (const found of this.#connection.elements(weirTable, set)) {
      const identity = elementIdentity({ set, element: found });
      const meant = missing.get(identity);
      if (meant === undefined || !sameValue(meant, found)) unwanted.push(found);
      else missing.delete(identity);
      if (meant !== undefined) ahead.delete(meant);
    }
    const goesAhead = lateSets.includes(set);
    if (goesAhead && ahead.size > 0) this.#commit(new Transaction(weirTable).addElements(set, ahead));
    const rest = goesAhead ? [...missing.values()].filter((element) => !ahead.has(element)) : missing.values();
    transaction.deleteElements(set, unwanted, countedSets.includes(set)).addElements(set, rest);
    this.#elementsAdded += missing.size;
  }

  #makeAnew(): void {
    this.#elementsAdded = 0;
    if (this.#connection.hasTable(weirTable)) {
      if (!judges(this.#connection, guardTable)) this.#fill(guardTable).#open(guardTable);
      this.#commit(new Transaction(weirTable).flushRules());
      for (const set of countedSets) this.#replacement.retire(set, this.#connection.elements(weirTable, set));
    }
    this.#fill(weirTable).#open(weirTable);
  }

  /** A table with sets and elements in the place of the one of its name; nothing asks them yet. */
  #fill(table: TableName): this {
    const transaction = emptyTable(table, this.#layout);
    for (const set of this.#layout.runtimeSets) transaction.addSet(set).addElements(set.name, this.#runtimeKeys(set));
    for (const [set, elements] of this.#replacement.elements) {
      transaction.addElements(set, elements);
      if (table === weirTable) this.#elementsAdded += elements.length;
    }
    this.#commit(transaction);
    return this;
  }

  /** What the table of before has in a set that connections fill. */
  #runtimeKeys(set: SetDefinition): SetElement[] {
    const keys = [weirTable, guardTable].flatMap((table) => this.#connection.elements(table, set.name).map(({ key }) => key));
    const fitting = keys.filter((key) => key.length === fieldsLength(set.key));
    return [...new Map(fitting.map((key) => [Buffer.from(key).toString('hex'), { key }])).values()];
  }

  /** Chains and rules: from now on the table judges, with every element published. */
  #open(table: TableName): void {
    const transaction = new Transaction(table);
    for (const chain of this.#layout.chains) transaction.addChain(chain);
    for (const rule of this.#layout.rules) transaction.addRule(rule);
    this.#commit(transaction);
  }

  /** Its rules go first: none of them is to ask a set that is half gone. */
  #removeGuard(): void {
    this.#commit(new Transaction(guardTable).flushRules());
    this.#commit(new Transaction(guardTable).deleteTable());
  }

  #commit(transaction: Transaction): void {
    for (const { set, elements } of this.#connection.commit(transaction)) this.#replacement.retire(set, elements);
    this.#transactions++;
  }
}

/** Whether packets are judged by the table: chains and rules come in one transaction. */
function judges(connection: NftablesConnection, table: TableName): boolean {
  const hooked = new Set(connection.chains(table).flatMap(({ name, hook }) => (hook === undefined ? [] : [name])));
  return connection.rules(table).some(({ chain }) => hooked.has(chain));
}

/** The highest number of a program, a class or a rule that the kernel holds; 0 when it holds none. */
export function highestNumber(connection: NftablesConnection): number {
  let highest = 0;
  for (const set of countedSets) {
    for (const { key } of connection.elements(weirTable, set)) {
      if (key.length === 4) highest = Math.max(highest, readHostU32(Buffer.from(key), 0));
    }
  }
  for (const family of [4, 6] as const) {
    const { class: classes, block } = familySets(family);
    for (const set of [classes, block]) {
      for (const { data } of connection.elements(weirTable, set)) {
        // Values are a zero and the number; ends of ranges have none.
        if (data !== undefined && data.length >= 8) highest = Math.max(highest, readHostU32(Buffer.from(data), 4));
      }
    }
  }
  return highest;
}
