/**
 * The nftables back end: one table, fed with elements over netlink, one transaction a delta.
 *
 * It works in the network namespace in which it was made. Nothing here waits: netlink answers
 * inside the call. Whenever what the kernel holds is not certain, the next transaction puts the
 * whole desired state in its place (`replacement.ts`).
 */
import type { Delta } from '@weir/calc';
import { ConntrackConnection, type DumpedElement, NetlinkError, NftablesConnection, readHostU32, Transaction } from '@weir/kernel';
import { type Address, addressFromBytes, formatAddress } from '@weir/net';
import type {
  ApplyReport,
  Capabilities,
  ConnectionReview,
  Dataplane,
  DeniedCounter,
  DriftReport,
  EstablishedMode,
  FlowEvent,
  KernelSizes,
  ReviewReport,
  RuleCounter,
} from '../dataplane.ts';
import { endDenied } from './connection-review.ts';
import { DesiredState } from './desired-state.ts';
import { findDrift } from './drift.ts';
import type { ElementChanges } from './element-changes.ts';
import { FlowReader } from './flow-reader.ts';
import { type TableLayout, tableLayout } from './layout.ts';
import { bySet, highestNumber, removeTables, replaceTable } from './replacement.ts';
import { RuleCounts } from './rule-counts.ts';
import { countedSets, familySets, guardTable, sharedSets, weirTable } from './sets.ts';

/** What {@link NftablesDataplane} needs to know about its node. */
export interface NftablesOptions {
  /**
   * Beginnings of the names of interfaces that lead to pods and nowhere else, such as `weir`.
   * Packets from and to such an interface are dropped unless their address was acknowledged.
   */
  readonly podInterfaces: readonly string[];
  /** What becomes of connections that a new state denies. Default `keep`. */
  readonly established?: EstablishedMode;
  /** How many new connections of each kind (allowed, denied on the way out or in) are told a second; undefined: none. */
  readonly flowRate?: number | undefined;
  /** Told when a transaction failed and the whole table was replaced instead; nothing leaked. */
  readonly onReplace?: (reason: Error) => void;
}

/** The back end for the current network namespace; it changes nothing before its first delta. */
export function createNftablesDataplane(options: NftablesOptions): NftablesDataplane {
  return new NftablesDataplane(options);
}

const addressBytes = { 4: 4, 6: 16 } as const;

/** See the contract, {@link Dataplane}. */
export class NftablesDataplane implements Dataplane {
  readonly name = 'nftables';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'delta' };
  readonly established: EstablishedMode;
  readonly #layout: TableLayout;
  readonly #flowRate: number | undefined;
  #flowReader: FlowReader | undefined;
  readonly #onReplace: (reason: Error) => void;
  readonly #connection = new NftablesConnection();
  readonly #conntrack = new ConntrackConnection();
  #state = new DesiredState();
  readonly #retiredRules = new RuleCounts();
  readonly #retiredPrograms = new RuleCounts();
  #started = false;
  #numbered = false;
  /** Addresses whose connections have to end once the rules that judge them are in force. */
  #owed: Address[] = [];
  /** How many elements the kernel holds. */
  #elements = 0;
  /** The kernel holds the desired state of before this delta. */
  #certain = false;

  /** Opens its sockets in the current network namespace and changes nothing yet. Other layouts are those of other versions. */
  constructor(options: NftablesOptions, layout: TableLayout = tableLayout(options)) {
    this.established = options.established ?? 'keep';
    this.#flowRate = options.flowRate;
    this.#layout = layout;
    this.#onReplace = options.onReplace ?? (() => undefined);
  }

  async apply(delta: Delta): Promise<ApplyReport> {
    const startedAt = performance.now();
    if (!this.#numbered) this.#state = new DesiredState(highestNumber(this.#connection));
    this.#numbered = true;
    const changes = this.#state.apply(delta);
    const report = this.#started ? this.#update(changes) : this.#takeOver();
    return {
      ...report,
      quarantined: this.#state.refused(),
      milliseconds: performance.now() - startedAt,
    };
  }

  async endDenied(review: ConnectionReview): Promise<ReviewReport> {
    if (this.established === 'keep' || !this.#started) return { looked: 0, ended: 0, heldBack: 0 };
    return endDenied({ connection: this.#connection, conntrack: this.#conntrack }, review);
  }

  async resync(): Promise<DriftReport> {
    if (!this.#started) return { drifted: [], repaired: false };
    const drifted = findDrift(this.#connection, { layout: this.#layout, elements: this.#state.elements() });
    if (drifted.length === 0) return { drifted, repaired: false };
    this.#replace();
    return { drifted, repaired: true };
  }

  async endConnections(addresses: readonly Address[]): Promise<void> {
    this.#conntrack.deleteByAddress(addresses);
  }

  async counters(): Promise<readonly RuleCounter[]> {
    const counts = this.#retiredRules.copy();
    counts.add(this.#connection.elements(weirTable, sharedSets.rules), commentOf);
    return [...this.#state.rules()].map(([id, rule]) => ({ rule, ...counts.get(id) }));
  }

  get sizes(): KernelSizes {
    if (!this.#started) return { rules: 0, sets: 0, elements: 0 };
    return { rules: this.#layout.rules.length, sets: this.#layout.sets.length, elements: this.#elements };
  }

  async denied(): Promise<readonly DeniedCounter[]> {
    const counts = this.#retiredPrograms.copy();
    counts.add(this.#connection.elements(weirTable, sharedSets.denied), programNumberOf);
    return [...this.#state.programKeys()].map(([number, program]) => ({ program, ...counts.get(String(number)) }));
  }

  flows(): AsyncIterable<FlowEvent> {
    if (this.#flowRate === undefined) return noFlows();
    this.#flowReader?.close();
    this.#flowReader = new FlowReader({ perSecond: this.#flowRate, isLocal: (address) => this.#state.isLocal(address) });
    return this.#flowReader.events();
  }

  async remove(): Promise<void> {
    for (const set of countedSets) this.#retire(set, this.#connection.elements(weirTable, set));
    this.#certain = false;
    removeTables(this.#connection);
  }

  async close(): Promise<void> {
    this.#flowReader?.close();
    this.#connection.close();
    this.#conntrack.close();
  }

  /** The first delta: puts the whole state in the place of what an earlier process left. */
  #takeOver(): AppliedElements {
    const released = this.#releasedSince(this.#ownersInKernel());
    this.#conntrack.deleteByAddress(released);
    const report = this.#replace();
    this.#started = true;
    this.#conntrack.deleteByAddress(released);
    return report;
  }

  /** Addresses that are not whose they were for the process of before; none when there was none. */
  #releasedSince(before: ReadonlyMap<string, OwnerInKernel>): Address[] {
    const after = this.#state.owners();
    const left = [...before].filter(([text, { owner }]) => after.get(text)?.comment !== owner);
    const arrived = before.size === 0 ? [] : [...after].filter(([text, { isAnnounced }]) => isAnnounced && !before.has(text));
    return [...left, ...arrived].map(([, { address }]) => address);
  }

  #update(changes: ReturnType<DesiredState['apply']>): AppliedElements {
    const handedOver = changes.released.filter(({ next }) => next !== undefined).map(({ address }) => address);
    this.#owed.push(...changes.released.map(({ address }) => address));
    let report: AppliedElements;
    try {
      if (!this.#certain) throw new NetlinkError('uncertain', 0, 'an earlier transaction failed');
      const handover = this.#commitChanges(changes.handover);
      this.#conntrack.deleteByAddress(handedOver);
      // Not again below: by then the new owner may have connections of its own.
      this.#owed = this.#owed.filter((address) => !handedOver.includes(address));
      report = sum(handover, this.#commitChanges(changes));
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      report = this.#replace();
      this.#onReplace(error);
    }
    this.#endOwed();
    return report;
  }

  /** Ends the connections of addresses that left or changed hands; what fails stays owed. */
  #endOwed(): void {
    this.#conntrack.deleteByAddress(this.#owed);
    this.#owed = [];
  }

  /**
   * Puts changes into force at one instant: a transaction, or none when there are none.
   *
   * The kernel publishes new elements of `allow_range` (nft_set_pipapo) only some time after the other
   * sets have changed over, so they go ahead in a transaction of their own. Nobody meets them early:
   * every tuple is of a program or a class whose number no packet can have before the second one.
   */
  #commitChanges({ removed, added }: ElementChanges): AppliedElements {
    const ahead = added.filter(({ set }) => set === sharedSets.allowRange);
    if (ahead.length === 0 || ahead.length === added.length) return this.#commitAtOnce({ removed, added });
    const first = this.#commitAtOnce({ removed: [], added: ahead });
    return sum(first, this.#commitAtOnce({ removed, added: added.filter(({ set }) => set !== sharedSets.allowRange) }));
  }

  #commitAtOnce({ removed, added }: ElementChanges): AppliedElements {
    if (removed.length === 0 && added.length === 0) return { transactions: 0, elementsAdded: 0, elementsRemoved: 0 };
    const transaction = new Transaction(weirTable);
    for (const [set, elements] of bySet(removed)) transaction.deleteElements(set, elements, countedSets.includes(set));
    for (const [set, elements] of bySet(added)) transaction.addElements(set, elements);
    this.#certain = false;
    for (const { set, elements } of this.#connection.commit(transaction)) this.#retire(set, elements);
    this.#certain = true;
    this.#elements += added.length - removed.length;
    return { transactions: 1, elementsAdded: added.length, elementsRemoved: removed.length };
  }

  /** Puts the whole desired state in the place of what the kernel holds. */
  #replace(): AppliedElements {
    this.#certain = false;
    const { transactions, elementsAdded } = replaceTable({
      connection: this.#connection,
      layout: this.#layout,
      elements: () => this.#state.elements(),
      retire: (set, elements) => {
        // What an earlier process counted is not ours.
        if (this.#started) this.#retire(set, elements);
      },
    });
    this.#certain = true;
    this.#elements = elementsAdded;
    return { transactions, elementsAdded, elementsRemoved: 0 };
  }

  /** Who owned which address, as the elements in the kernel say. */
  #ownersInKernel(): Map<string, OwnerInKernel> {
    const owners = new Map<string, OwnerInKernel>();
    // The guard holds them too if a process ended while it made the table anew.
    for (const table of [guardTable, weirTable]) {
      for (const family of [4, 6] as const) {
        for (const { key, comment } of this.#connection.elements(table, familySets(family).local)) {
          if (key.length !== addressBytes[family]) continue;
          const address = addressFromBytes(key);
          owners.set(formatAddress(address), { address, owner: comment });
        }
      }
    }
    return owners;
  }

  #retire(set: string, elements: readonly DumpedElement[]): void {
    if (set === sharedSets.denied) this.#retiredPrograms.add(elements, programNumberOf);
    else this.#retiredRules.add(elements, commentOf);
  }
}

/** The owner of an address as the comment of its element says. */
interface OwnerInKernel {
  readonly address: Address;
  readonly owner: string | undefined;
}

type AppliedElements = Pick<ApplyReport, 'transactions' | 'elementsAdded' | 'elementsRemoved'>;

function sum(a: AppliedElements, b: AppliedElements): AppliedElements {
  return {
    transactions: a.transactions + b.transactions,
    elementsAdded: a.elementsAdded + b.elementsAdded,
    elementsRemoved: a.elementsRemoved + b.elementsRemoved,
  };
}

function commentOf(element: DumpedElement): string | undefined {
  return element.comment;
}

function programNumberOf(element: DumpedElement): string {
  return String(readHostU32(Buffer.from(element.key), 0));
}

// oxlint-disable-next-line require-yield -- nothing is told
async function* noFlows(): AsyncGenerator<FlowEvent, void, undefined> {}
