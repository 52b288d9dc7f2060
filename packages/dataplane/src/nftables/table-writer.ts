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
import { rehearseTable, removeTables, replaceTable } from './replacement.ts';
import { RuleCounts } from './rule-counts.ts';
import { countedSets, lateSets, weirTable } from './sets.ts';

/** What transactions did. */
export type AppliedElements = Pick<ApplyReport, 'transactions' | 'elementsAdded' | 'elementsRemoved'>;

const nothing: AppliedElements = { transactions: 0, elementsAdded: 0, elementsRemoved: 0 };

/** Writes to the table of the network namespace in which it was made. */
export class TableWriter {
  readonly connection: NftablesConnection = new NftablesConnection();
  readonly layout: TableLayout;
  readonly counts: RuleCounts = new RuleCounts();
  /** What the sets hold if nobody else changed them. */
  readonly digest: ContentDigest = new ContentDigest();
  readonly #elements: () => Iterable<PlacedElement>;
  #isCertain = false;
  #isOurs = false;
  #commits = 0;

  /** `elements` gives the whole desired state. */
  constructor(layout: TableLayout, elements: () => Iterable<PlacedElement>) {
    this.layout = layout;
    this.#elements = elements;
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
   * Puts changes into force at one instant: a transaction, or none when there are none.
   *
   * The kernel publishes new elements of maps of ranges (nft_set_pipapo) only some time after the other
   * sets have changed over, so they go ahead in a transaction of their own. Nobody meets them early:
   * every tuple is of a program or a class whose number no packet can have before the second one.
   */
  change({ removed, added }: ElementChanges): AppliedElements {
    const ahead = added.filter(({ set }) => lateSets.includes(set));
    if (ahead.length === 0 || ahead.length === added.length) return this.#changeAtOnce({ removed, added });
    const first = this.#changeAtOnce({ removed: [], added: ahead });
    return sumOf(first, this.#changeAtOnce({ removed, added: added.filter(({ set }) => !lateSets.includes(set)) }));
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

  #changeAtOnce({ removed, added }: ElementChanges): AppliedElements {
    if (removed.length === 0 && added.length === 0) return nothing;
    const transaction = new Transaction(weirTable);
    for (const [set, elements] of bySet(removed)) transaction.deleteElements(set, elements, countedSets.includes(set));
    for (const [set, elements] of bySet(added)) transaction.addElements(set, elements);
    this.#begin();
    this.#commit(transaction);
    for (const { set, element } of removed) this.digest.of(set).remove(element);
    for (const { set, element } of added) this.digest.of(set).add(element);
    this.#isCertain = true;
    return { transactions: 1, elementsAdded: added.length, elementsRemoved: removed.length };
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
