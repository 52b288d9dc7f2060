/**
 * The nftables back end: one table, fed with elements over netlink, one transaction a delta.
 *
 * It works in the network namespace in which it was made. Nothing here waits for the kernel, netlink
 * answers inside the call; what may be long (connection tracking, a search) gives others their turn. Whenever what the kernel holds is not certain, the next transaction puts the
 * whole desired state in its place (`replacement.ts`); when the kernel refuses that, the programs that
 * it refuses are found without changing anything, and all others come into force in one transaction.
 */
import type { ContentKey, Delta } from '@weir/calc';
import { ConntrackConnection, NetlinkError, NftablesChangeWatch } from '@weir/kernel';
import type { Address } from '@weir/net';
import { endDenied } from '../connections/connection-review.ts';
import { FlowReader } from '../connections/flow-reader.ts';
import { noFlows } from '../connections/no-flows.ts';
import { OwedEndings } from '../connections/owed-endings.ts';
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
import type { DataplaneOptions } from '../dataplane-options.ts';
import { releasedSince } from '../endpoints/earlier-owners.ts';
import { findCulprits } from '../quarantine/find-culprits.ts';
import { RetryPace } from '../quarantine/retry-pace.ts';
import { type FoundDrift, TableComparison } from './comparison.ts';
import { DesiredState, type StateChanges } from './desired-state.ts';
import type { PlacedElement } from './element.ts';
import { heldBackAnswers } from './held-back-answers.ts';
import type { HostShape } from './host-table.ts';
import { layoutsOf, type TableLayout } from './layout.ts';
import { ownersInKernel } from './owners-in-kernel.ts';
import type { ProgramEntry } from './program-table.ts';
import { highestNumber } from './replacement.ts';
import { unreportedPackets } from './reports.ts';
import type { Count } from './rule-counts.ts';
import { guardTable, sharedSets, weirTable } from './sets.ts';
import { type AppliedElements, sumOf, TableWriter } from './table-writer.ts';

/** What {@link NftablesDataplane} needs to know about its node. */
export type NftablesOptions = DataplaneOptions;

/** The back end for the current network namespace; it changes nothing before its first delta. */
export function createNftablesDataplane(options: NftablesOptions): NftablesDataplane {
  return new NftablesDataplane(options);
}

/** How often is looked whether others have changed the table. */
const watchMs = 250;

/** See the contract, {@link Dataplane}. */
export class NftablesDataplane implements Dataplane {
  readonly name = 'nftables';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'delta' };
  readonly established: EstablishedMode;
  readonly #flowRate: number | undefined;
  #flowReader: FlowReader | undefined;
  readonly #onReplace: (reason: Error) => void;
  readonly #writer: TableWriter;
  readonly #comparison: TableComparison;
  readonly #conntrack = new ConntrackConnection();
  readonly #watch: NftablesChangeWatch;
  #watchTimer: NodeJS.Timeout | undefined;
  #state = new DesiredState();
  #started = false;
  #numbered = false;
  #applying: Promise<unknown> | undefined;
  readonly #retryPace = new RetryPace();
  readonly #endings = new OwedEndings(this.#conntrack);

  /** Opens its sockets in the current network namespace and changes nothing yet. Other layouts are those of other versions. */
  constructor(options: NftablesOptions, layoutOf: (hosts: HostShape) => TableLayout = layoutsOf(options)) {
    this.established = options.established ?? 'keep';
    this.#flowRate = options.flowRate;
    const elements = (): Iterable<PlacedElement> => this.#state.elements();
    this.#writer = new TableWriter(() => layoutOf(this.#state.hostShape), elements);
    this.#comparison = new TableComparison(this.#writer, elements);
    this.#watch = new NftablesChangeWatch({ own: this.#writer.connection, tables: [weirTable, guardTable] });
    this.#onReplace = options.onReplace ?? (() => undefined);
  }

  async apply(delta: Delta): Promise<ApplyReport> {
    const applying = this.#apply(delta);
    this.#applying = applying;
    try {
      return await applying;
    } finally {
      this.#applying = undefined;
    }
  }

  async #apply(delta: Delta): Promise<ApplyReport> {
    const startedAt = performance.now();
    if (!this.#numbered) this.#state = new DesiredState(highestNumber(this.#writer.connection));
    this.#numbered = true;
    const triesAgain = this.#state.withholds && this.#retryPace.remainingMs(startedAt) === 0;
    const changes = this.#state.apply(delta);
    if (triesAgain) this.#state.withhold(new Map());
    const report = await (this.#started ? this.#update(triesAgain ? { ...changes, isWhole: true } : changes) : this.#takeOver());
    this.#state.confirm();
    if (!this.#state.withholds) this.#retryPace.accepted();
    return {
      ...report,
      quarantined: this.#state.refused(),
      refusedHosts: this.#state.refusedHosts(),
      ...(this.#state.withholds ? { retryInMs: this.#retryPace.remainingMs(performance.now()) } : {}),
      milliseconds: performance.now() - startedAt,
    };
  }

  async endDenied(review: ConnectionReview): Promise<ReviewReport> {
    if (this.established === 'keep' || !this.#started) return { looked: 0, ended: 0, heldBack: 0 };
    return endDenied({ conntrack: this.#conntrack, answers: heldBackAnswers(this.#writer.connection) }, review);
  }

  async resync(): Promise<DriftReport> {
    for (;;) {
      // Where a transaction failed, the next one replaces everything.
      const found = this.#started && this.#writer.isCertain ? await this.#comparison.run() : undefined;
      if (found === undefined) return { drifted: [], repaired: false };
      // Something of our own was written since: what was found may be gone, or different.
      if (found.commits !== this.#writer.commits) continue;
      // Something of our own is half done: what is missing shall not be there yet.
      if (this.#applying !== undefined) {
        await this.#applying.catch(() => undefined);
        continue;
      }
      this.#repair(found);
      return { drifted: found.drifted, repaired: true };
    }
  }

  watch(onChange: () => void): void {
    clearInterval(this.#watchTimer);
    this.#watchTimer = setInterval(() => {
      if (this.#watch.hasChanged() && this.#started) onChange();
    }, watchMs);
    this.#watchTimer.unref();
    if (this.#started) this.#watch.listen();
  }

  async endConnections(addresses: readonly Address[]): Promise<void> {
    await this.#conntrack.deleteByAddress(addresses);
  }

  async counters(): Promise<readonly RuleCounter[]> {
    const countOf = this.#writer.counts.ofRules(this.#writer.connection.elements(weirTable, sharedSets.rules));
    return [...this.#state.rules()].map(([id, rule]) => ({ rule, ...countOf(id) }));
  }

  get sizes(): KernelSizes {
    if (!this.#started) return { rules: 0, sets: 0, elements: 0 };
    return { rules: this.#writer.layout.rules.length, sets: this.#writer.layout.sets.length, elements: this.#writer.digest.elements };
  }

  async denied(): Promise<readonly DeniedCounter[]> {
    const countOf = this.#writer.counts.ofPrograms(this.#writer.connection.elements(weirTable, sharedSets.denied));
    const counts = new Map<ContentKey, Count>();
    for (const [number, program] of this.#state.programKeys()) {
      const [one, others] = [countOf(number), counts.get(program)];
      counts.set(program, { packets: one.packets + (others?.packets ?? 0n), bytes: one.bytes + (others?.bytes ?? 0n) });
    }
    return [...counts].map(([program, count]) => ({ program, ...count }));
  }

  flows(): AsyncIterable<FlowEvent> {
    if (this.#flowRate === undefined) return noFlows();
    this.#flowReader?.close();
    this.#flowReader = new FlowReader({
      perSecond: this.#flowRate,
      isLocal: (address) => this.#state.isLocal(address),
      unreportedPackets: () => unreportedPackets(this.#writer.connection),
    });
    return this.#flowReader.events();
  }

  async remove(): Promise<void> {
    this.#writer.remove();
  }

  async close(): Promise<void> {
    this.#flowReader?.close();
    clearInterval(this.#watchTimer);
    this.#watch.close();
    this.#comparison.close();
    this.#writer.connection.close();
    this.#conntrack.close();
  }

  #repair({ repair }: FoundDrift): void {
    try {
      if (repair !== undefined) return this.#writer.repair(repair);
    } catch (error) {
      // Others were there again in between.
      if (!(error instanceof NetlinkError)) throw error;
    }
    this.#writer.replace();
  }

  /** The first delta: puts the whole state in the place of what an earlier process left. */
  async #takeOver(): Promise<AppliedElements> {
    const released = releasedSince(ownersInKernel(this.#writer.connection), this.#state.owners());
    await this.#conntrack.deleteByAddress(released);
    const report = await this.#replace();
    this.#started = true;
    // Not before: the kernel would tell of every element of the first state.
    if (this.#watchTimer !== undefined) this.#watch.listen();
    await this.#conntrack.deleteByAddress(released);
    return report;
  }

  /** Replaces everything with what the kernel takes of the state; throws when it refuses more than programs. */
  async #replace(): Promise<AppliedElements> {
    try {
      return this.#writer.replace();
    } catch (error) {
      if (!(error instanceof NetlinkError && error.code === 'refused')) throw error;
      const culprits = await this.#culprits();
      this.#state.withhold(culprits ?? new Map());
      if (culprits === undefined) throw error;
      if (culprits.size > 0) this.#retryPace.refused(performance.now());
      return this.#writer.replace();
    }
  }

  /** The programs that the kernel refuses, with its reasons; undefined when it refuses what remains without any. */
  #culprits(): Promise<ReadonlyMap<ProgramEntry, string> | undefined> {
    return findCulprits(this.#state.suspects(), (leftOut) => {
      this.#state.withhold(new Map([...leftOut].map((entry) => [entry, ''])));
      const refusal = this.#writer.refusal();
      return refusal === undefined ? undefined : `the kernel refuses it: ${refusal.message}`;
    });
  }

  /** `isWhole`: more has changed than `changes` say. */
  async #update(changes: StateChanges & { readonly isWhole?: boolean }): Promise<AppliedElements> {
    this.#endings.owe(changes.released);
    let report: AppliedElements;
    if (changes.isWhole === true) report = await this.#replace();
    else {
      try {
        report = await this.#change(changes);
      } catch (error) {
        if (!(error instanceof NetlinkError)) throw error;
        report = await this.#replace();
        this.#onReplace(error);
      }
    }
    await this.#endings.end();
    return report;
  }

  async #change(changes: StateChanges): Promise<AppliedElements> {
    if (!this.#writer.isCertain) throw new NetlinkError('uncertain', 0, 'an earlier transaction failed');
    const handover = this.#writer.change(changes.handover);
    await this.#endings.endHandedOver(changes.released);
    return sumOf(handover, this.#writer.changeOver(changes));
  }
}
