/**
 * The iptables back end: rules of programs in chains, peers in ipsets, fed through the programs of the
 * machine (design/iptables.md).
 *
 * It works in the network namespace in which it was made. One thing is done after another; whenever what
 * the kernel holds is not certain, the next change puts the whole state into force under new names.
 */
import type { Delta } from '@weir/calc';
import { ConntrackConnection } from '@weir/kernel';
import type { Address } from '@weir/net';
import { endDenied } from '../connections/connection-review.ts';
import { FlowReader } from '../connections/flow-reader.ts';
import { noFlows } from '../connections/no-flows.ts';
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
import { RefusedHosts } from '../hosts/refused-hosts.ts';
import { ChangeWatch } from './change-watch.ts';
import { findDrift } from './drift.ts';
import { closedProgram } from './endpoint-programs.ts';
import { FilterEnforcement } from './filter-enforcement.ts';
import { FilterWriter } from './filter-writer.ts';
import { heldBackAnswers } from './held-back-answers.ts';
import type { HookPosition, JumpOptions } from './hook-jumps.ts';
import { type IptablesFlavour, PacketFilter } from './packet-filter.ts';
import { countOf, RuleCounts } from './rule-counts.ts';
import { unreportedPackets } from './unreported-packets.ts';

/** What {@link IptablesDataplane} needs to know about its node. */
export interface IptablesOptions extends DataplaneOptions {
  /** Where in the chains of the kernel Weir is asked. Default `first`. */
  readonly position?: HookPosition;
  /** Default: the one that kube-proxy uses. */
  readonly flavour?: IptablesFlavour | undefined;
}

/** The back end for the current network namespace; it changes nothing before its first delta. */
export function createIptablesDataplane(options: IptablesOptions): IptablesDataplane {
  return new IptablesDataplane(options);
}

/** See the contract, {@link Dataplane}. */
export class IptablesDataplane implements Dataplane {
  readonly name = 'iptables';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'object' };
  readonly established: EstablishedMode;
  readonly #flowRate: number | undefined;
  readonly #jumps: JumpOptions;
  readonly #filter = new PacketFilter();
  readonly #counts = new RuleCounts();
  readonly #writer: FilterWriter;
  readonly #enforcement: FilterEnforcement;
  readonly #conntrack = new ConntrackConnection();
  readonly #hosts = new RefusedHosts('iptables');
  readonly #watch = new ChangeWatch(() =>
    this.#alone(async () => this.#enforcement.isCertain && (await findDrift(this.#writer, this.#jumps)) !== undefined),
  );
  #flowReader: FlowReader | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** Opens its sockets in the current network namespace and changes nothing yet. `peersMax`: members of a set of peers, for tests. */
  constructor(options: IptablesOptions, peersMax?: number) {
    const { podInterfaces, established = 'keep', podToOwnNode = 'by-policy', flowRate, position = 'first', flavour } = options;
    this.#flowRate = flowRate;
    this.established = established;
    this.#jumps = { position, established };
    this.#writer = new FilterWriter(this.#filter, this.#counts, this.#jumps);
    this.#enforcement = new FilterEnforcement({
      writer: this.#writer,
      conntrack: this.#conntrack,
      chains: { podInterfaces, established, podToOwnNode, flowRate },
      flavour,
      peersMax,
      onReplace: options.onReplace ?? (() => undefined),
    });
  }

  apply(delta: Delta): Promise<ApplyReport> {
    return this.#alone(async () => {
      const startedAt = performance.now();
      const report = await this.#watch.without(() => this.#enforcement.apply(delta));
      return { ...report, refusedHosts: this.#hosts.apply(delta), milliseconds: performance.now() - startedAt };
    });
  }

  async endDenied(review: ConnectionReview): Promise<ReviewReport> {
    if (this.established === 'keep' || this.#state === undefined) return { looked: 0, ended: 0, heldBack: 0 };
    return this.#alone(() => endDenied({ conntrack: this.#conntrack, answers: heldBackAnswers(this.#filter) }, review));
  }

  resync(): Promise<DriftReport> {
    return this.#alone(async () => {
      // Where a change failed, the next one replaces everything.
      if (!this.#enforcement.isCertain) return { drifted: [], repaired: false };
      await this.#writer.destroyBusy();
      const found = await findDrift(this.#writer, this.#jumps);
      if (found === undefined) return { drifted: [], repaired: false };
      await this.#watch.without(() => this.#enforcement.repair(found));
      return { drifted: found.drifted, repaired: true };
    });
  }

  watch(onChange: () => void): void {
    this.#watch.start(onChange);
  }

  async endConnections(addresses: readonly Address[]): Promise<void> {
    await this.#conntrack.deleteByAddress(addresses);
  }

  counters(): Promise<readonly RuleCounter[]> {
    return this.#alone(async () => {
      const { rules } = this.#counts.total(await this.#tables());
      return [...(this.#state?.programs.rules() ?? [])].map(([id, rule]) => ({ rule, ...countOf(rules, id) }));
    });
  }

  denied(): Promise<readonly DeniedCounter[]> {
    return this.#alone(async () => {
      const { denied } = this.#counts.total(await this.#tables());
      const programs = [...(this.#state?.programs.all() ?? [])].filter(({ program }) => program !== closedProgram);
      return programs.map(({ program: { key } }) => ({ program: key, ...countOf(denied, key) }));
    });
  }

  get sizes(): KernelSizes {
    const sets = [...this.#writer.sets.values()];
    return { rules: this.#writer.ruleCount, sets: sets.length, elements: sets.reduce((sum, { members }) => sum + members.size, 0) };
  }

  flows(): AsyncIterable<FlowEvent> {
    const flowRate = this.#flowRate;
    if (flowRate === undefined) return noFlows();
    this.#flowReader?.close();
    this.#flowReader = new FlowReader({
      perSecond: flowRate,
      isLocal: (address) => this.#state?.isLocal(address) === true,
      unreportedPackets: () => this.#alone(async () => unreportedPackets(await this.#tables())),
    });
    return this.#flowReader.events();
  }

  remove(): Promise<void> {
    return this.#alone(async () => {
      for (const flavour of ['nft', 'legacy'] as const) await this.#writer.remove(flavour);
      await this.#writer.removeSets();
      this.#enforcement.forget();
    });
  }

  async close(): Promise<void> {
    this.#flowReader?.close();
    this.#watch.close();
    await this.#queue;
    this.#writer.close();
    this.#conntrack.close();
  }

  /** Runs when all that was asked for before is done. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #tables() {
    return this.#state === undefined ? [] : [await this.#writer.saved(4), await this.#writer.saved(6)];
  }

  get #state() {
    return this.#enforcement.state;
  }
}
