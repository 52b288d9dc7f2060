/**
 * The only one who changes the table: transactions of changes, replacements, repairs, and the books
 * about what they have made of it.
 */
import { type NetlinkError, NftablesConnection, Transaction } from '@weir/kernel';
import type { ApplyReport } from '../dataplane.ts';
import { ContentDigest } from './content-digest.ts';
import { bySet, type PlacedElement } from './element.ts';
import type { ElementChanges } from './element-changes.ts';
import type { TableLayout } from './layout.ts';
import { chainsAhead, type LayoutChange, layoutChange } from './layout-change.ts';
import { rehearseTable, removeTables, replaceTable } from './replacement.ts';
import { RuleCounts } from './rule-counts.ts';
import { countedSets, lateSets, weirTable } from './sets.ts';

/** What transactions did. */
export type AppliedElements = Pick<ApplyReport, 'transactions' | 'elementsAdded' | 'elementsRemoved'>;

const nothing: AppliedElements = { transactions: 0, elementsAdded: 0, elementsRemoved: 0 };

/** Writes to the table of the network namespace in which it was made. */
export class TableWriter {
  readonly connection: NftablesConnection = new NftablesConnection();
  readonly #layout: () => TableLayout;
  readonly counts: RuleCounts = new RuleCounts();
  /** What the sets hold if nobody else changed them. */
  readonly digest: ContentDigest = new ContentDigest();
  readonly #elements: () => Iterable<PlacedElement>;
  #isCertain = false;
  #isOurs = false;
  #commits = 0;

  #inForce: TableLayout;

  /** Both give what is meant now: chains and rules, and the whole desired state. */
  constructor(layout: () => TableLayout, elements: () => Iterable<PlacedElement>) {
    this.#layout = layout;
    this.#inForce = layout();
    this.#elements = elements;
  }

  /** What is meant now. */
  get layout(): TableLayout {
    return this.#layout();
  }

  /** The kernel holds what was written last, as far as this process is concerned. */
  get isCertain(): boolean {
    return this.#isCertain;
  }

  /** Grows with everything that is written. */
  get commits(): number {
    return this.#commits;
  }

  /**
   * Puts changes of elements into force at one instant: a transaction, or none when there are none.
   *
   * The kernel publishes new elements of sets of ranges (nft_set_pipapo) only some time after the other
   * sets have changed over, so they go ahead in a transaction of their own. Nobody meets them early:
   * every tuple is of a program or a class whose number no packet can have before the second one, and failsafe
   * ports are open in what comes.
   */
  change(changes: ElementChanges): AppliedElements {
    return this.#change(changes, this.#inForce);
  }

  /** The same, with the chains and rules that are meant now. New chains go ahead too, and old ones behind: without rules they say nothing. */
  changeOver(changes: ElementChanges): AppliedElements {
    return this.#change(changes, this.layout);
  }

  /** Puts the whole desired state in the place of what the kernel holds. */
  replace(): AppliedElements {
    this.#begin();
    const elements = bySet(this.#elements());
    const { transactions, elementsAdded } = replaceTable({
      connection: this.connection,
      layout: this.layout,
      elements,
      retire: (set, gone) => {
        // What an earlier process counted is not ours.
        if (this.#isOurs) this.counts.retire(set, gone);
      },
    });
    this.#inForce = this.layout;
    this.digest.reset(elements);
    this.#isCertain = true;
    this.#isOurs = true;
    return { ...nothing, transactions, elementsAdded };
  }

  /** What the kernel refuses of the whole desired state; undefined when {@link replace} would put it into force. Changes nothing. */
  refusal(): NetlinkError | undefined {
    return rehearseTable({ connection: this.connection, layout: this.layout, elements: bySet(this.#elements()) });
  }

  /** Commits what makes good a drift; the books stay as they are. */
  repair(transaction: Transaction): void {
    this.#begin();
    this.#commit(transaction);
    this.#isCertain = true;
  }

  /** Takes everything away. */
  remove(): void {
    for (const set of countedSets) this.counts.retire(set, this.connection.elements(weirTable, set));
    this.#begin();
    removeTables(this.connection);
  }

  #change({ removed, added }: ElementChanges, meant: TableLayout): AppliedElements {
    const relaid = layoutChange(this.#inForce, meant);
    // What fails on the way is replaced as a whole.
    this.#inForce = meant;
    const ahead = added.filter(({ set }) => lateSets.includes(set));
    const goesAhead = relaid.addedChains.length > 0 || (ahead.length > 0 && ahead.length < added.length);
    if (!goesAhead) return this.#changeAtOnce({ removed, added }, relaid);
    const first = this.#changeAtOnce({ removed: [], added: ahead }, chainsAhead(relaid));
    const rest = { removed, added: added.filter(({ set }) => !lateSets.includes(set)) };
    return sumOf(first, this.#changeAtOnce(rest, { ...relaid, addedChains: [] }));
  }

  #changeAtOnce({ removed, added }: ElementChanges, relaid: LayoutChange): AppliedElements {
    const changesRules = relaid.addedChains.length > 0 || relaid.changedChains.length > 0 || relaid.addedRules.length > 0;
    if (removed.length === 0 && added.length === 0 && !changesRules) return nothing;
    const transaction = new Transaction(weirTable);
    for (const chain of relaid.addedChains) transaction.addChain(chain);
    for (const [set, elements] of bySet(removed)) transaction.deleteElements(set, elements, countedSets.includes(set));
    for (const [set, elements] of bySet(added)) transaction.addElements(set, elements);
    for (const chain of relaid.changedChains) transaction.flushChain(chain);
    for (const rule of relaid.addedRules) transaction.addRule(rule);
    this.#begin();
    this.#commit(transaction);
    if (relaid.removedChains.length > 0) this.#removeChains(relaid.removedChains);
    for (const { set, element } of removed) this.digest.of(set).remove(element);
    for (const { set, element } of added) this.digest.of(set).add(element);
    this.#isCertain = true;
    return { transactions: 1, elementsAdded: added.length, elementsRemoved: removed.length };
  }

  #removeChains(names: readonly string[]): void {
    const transaction = new Transaction(weirTable);
    for (const name of names) transaction.deleteChain(name);
    this.#commit(transaction);
  }

  #begin(): void {
    this.#isCertain = false;
    this.#commits++;
  }

  #commit(transaction: Transaction): void {
    for (const { set, elements } of this.connection.commit(transaction)) this.counts.retire(set, elements);
  }
}

/** What two of them did together. */
export function sumOf(a: AppliedElements, b: AppliedElements): AppliedElements {
  return {
    transactions: a.transactions + b.transactions,
    elementsAdded: a.elementsAdded + b.elementsAdded,
    elementsRemoved: a.elementsRemoved + b.elementsRemoved,
  };
}
