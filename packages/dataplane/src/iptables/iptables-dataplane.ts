/**
 * The iptables back end: rules of programs in chains, peers in ipsets, fed through the programs of the
 * machine (design/iptables.md).
 *
 * It works in the network namespace in which it was made. One thing is done after another; whenever what
 * the kernel holds is not certain, the next change puts the whole state into force under new names.
 */
import { type Delta, emptyDelta, type Program } from '@weir/calc';
import { ConntrackConnection } from '@weir/kernel';
import { type Address, formatAddress, parseAddress } from '@weir/net';
import { endDenied } from '../connections/connection-review.ts';
import { FlowReader } from '../connections/flow-reader.ts';
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
import { findDrift, repairDrift } from './drift.ts';
import { type AppliedFilter, FilterWriter } from './filter-writer.ts';
import { type ChainOptions, dropTarget, logTarget } from './fixed-chains.ts';
import { findFlavour } from './flavour.ts';
import { heldBackAnswers } from './held-back-answers.ts';
import type { HookPosition, JumpOptions } from './hook-jumps.ts';
import { LocalSetFactory, ownerComment } from './local-sets.ts';
import { isWeirSet } from './names.ts';
import { closedProgram, NodeState, type StateChange } from './node-state.ts';
import { type IptablesFlavour, PacketFilter } from './packet-filter.ts';
import { countOf, RuleCounts } from './rule-counts.ts';
import { weirChainsOf } from './rule-script.ts';
import { unreportedPackets } from './unreported-packets.ts';
import { type WantedState, wantedFilter } from './wanted-filter.ts';

/** What {@link IptablesDataplane} needs to know about its node. */
export interface IptablesOptions {
  /**
   * Beginnings of the names of interfaces that lead to pods and nowhere else, such as `weir`.
   * Packets from and to such an interface are dropped unless their address was acknowledged.
   */
  readonly podInterfaces: readonly string[];
  /** What becomes of connections that a new state denies. Default `keep`. */
  readonly established?: EstablishedMode;
  /** Whether policies are asked about packets from a pod to its own node. Default `by-policy`. */
  readonly podToOwnNode?: 'by-policy' | 'always';
  /** How many new connections of each kind are told a second; undefined: none. */
  readonly flowRate?: number | undefined;
  /** Told when a change failed and the whole state was put into force instead; nothing leaked. */
  readonly onReplace?: (reason: Error) => void;
  /** Where in the chains of the kernel Weir is asked. Default `first`. */
  readonly position?: HookPosition;
  /** Default: the one that kube-proxy uses. */
  readonly flavour?: IptablesFlavour | undefined;
}

/** The back end for the current network namespace; it changes nothing before its first delta. */
export function createIptablesDataplane(options: IptablesOptions): IptablesDataplane {
  return new IptablesDataplane(options);
}

const families = [4, 6] as const;
/** How often is looked whether others have changed something, at most and at least. */
const watchMs = { shortest: 2_000, longest: 4_000, timesItsCost: 20 } as const;

/** See the contract, {@link Dataplane}. */
export class IptablesDataplane implements Dataplane {
  readonly name = 'iptables';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'object' };
  readonly established: EstablishedMode;
  readonly #options: IptablesOptions;
  readonly #chainOptions: ChainOptions;
  readonly #jumps: JumpOptions;
  readonly #filter = new PacketFilter();
  readonly #counts = new RuleCounts();
  readonly #writer: FilterWriter;
  readonly #conntrack = new ConntrackConnection();
  #state: NodeState | undefined;
  #factory: LocalSetFactory | undefined;
  #isCertain = false;
  /** What the last change put into force. */
  #inForce: WantedState | undefined;
  #flowReader: FlowReader | undefined;
  #isClosed = false;
  #watchTimer: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** Addresses whose connections have to end once the rules that judge them are in force. */
  #owed: Address[] = [];

  /** Opens its sockets in the current network namespace and changes nothing yet. */
  constructor(options: IptablesOptions) {
    this.#options = options;
    this.established = options.established ?? 'keep';
    this.#chainOptions = {
      podInterfaces: options.podInterfaces,
      established: this.established,
      podToOwnNode: options.podToOwnNode ?? 'by-policy',
      flowRate: options.flowRate,
    };
    this.#jumps = { position: options.position ?? 'first', established: this.established };
    this.#writer = new FilterWriter(this.#filter, this.#counts, this.#jumps);
  }

  apply(delta: Delta): Promise<ApplyReport> {
    return this.#alone(async () => {
      const startedAt = performance.now();
      const applied = this.#state === undefined ? await this.#takeOver(delta) : await this.#update(this.#state, delta);
      return { ...applied, quarantined: this.#state?.refused() ?? [], milliseconds: performance.now() - startedAt };
    });
  }

  async endDenied(review: ConnectionReview): Promise<ReviewReport> {
    if (this.established === 'keep' || this.#state === undefined) return { looked: 0, ended: 0, heldBack: 0 };
    return this.#alone(() => endDenied({ conntrack: this.#conntrack, answers: heldBackAnswers(this.#filter) }, review));
  }

  resync(): Promise<DriftReport> {
    return this.#alone(async () => {
      const state = this.#state;
      // Where a change failed, the next one replaces everything.
      if (state === undefined || !this.#isCertain) return { drifted: [], repaired: false };
      await this.#writer.destroyBusy();
      const found = await findDrift(this.#writer, this.#jumps);
      if (found === undefined) return { drifted: [], repaired: false };
      try {
        await repairDrift(this.#writer, found, this.#wanted(state));
      } catch (error) {
        this.#isCertain = false;
        await this.#replace(state, emptyDelta);
        if (error instanceof Error) this.#options.onReplace?.(error);
      }
      return { drifted: found.drifted, repaired: true };
    });
  }

  watch(onChange: () => void): void {
    clearTimeout(this.#watchTimer);
    const look = async (): Promise<void> => {
      const startedAt = performance.now();
      const isFound = await this.#alone(async () => this.#isCertain && (await findDrift(this.#writer, this.#jumps)) !== undefined).catch(
        () => true,
      );
      if (isFound) onChange();
      wait(watchMs.timesItsCost * (performance.now() - startedAt));
    };
    const wait = (pauseMs: number): void => {
      if (this.#isClosed) return;
      this.#watchTimer = setTimeout(() => void look(), Math.min(watchMs.longest, Math.max(watchMs.shortest, pauseMs)));
      this.#watchTimer.unref();
    };
    wait(0);
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
    const { flowRate } = this.#options;
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
      this.#isCertain = false;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flowReader?.close();
    clearTimeout(this.#watchTimer);
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

  #wanted(state: NodeState) {
    this.#factory ??= new LocalSetFactory(state.names);
    const wanted = wantedFilter(state, this.#factory, this.#chainOptions);
    this.#factory.keep(new Set(wanted.sets.map(({ name }) => name)));
    return wanted;
  }

  /** The first delta: puts the whole state in the place of what an earlier process left. */
  async #takeOver(delta: Delta): Promise<AppliedFilter> {
    this.#writer.flavour = this.#options.flavour ?? (await findFlavour(this.#filter)).flavour;
    const owners = await this.#ownersInKernel();
    const chains = (await Promise.all(families.map((family) => this.#writer.saved(family)))).flatMap((table) => [
      ...weirChainsOf(table).keys(),
    ]);
    const targets = ({ direction }: Program) => ({
      drop: dropTarget(direction, this.#chainOptions),
      log: logTarget(direction, this.#chainOptions),
    });
    const state = new NodeState([...chains, ...(await this.#filter.setNames()).filter(isWeirSet)], targets);
    this.#state = state;
    const applying = state.apply(delta, true);
    const released = releasedSince(owners, state);
    await this.#conntrack.deleteByAddress(released);
    const applied = await this.#writeWhole(state);
    // Of the other flavour, should an earlier process have used it: not before this one judges.
    await this.#writer.remove(this.#writer.flavour === 'nft' ? 'legacy' : 'nft');
    await this.#conntrack.deleteByAddress([
      ...released,
      ...applying.released.filter(({ next }) => next === undefined).map(({ address }) => address),
    ]);
    return applied;
  }

  async #update(state: NodeState, delta: Delta): Promise<AppliedFilter> {
    if (!this.#isCertain) return this.#replace(state, delta);
    const before = this.#inForce;
    const change = state.apply(delta, false);
    this.#owed.push(...change.released.map(({ address }) => address));
    let applied: AppliedFilter;
    try {
      await this.#handOver(before, change);
      const wanted = this.#wanted(state);
      this.#counts.know(state.programs.all());
      applied = await this.#writer.write(wanted, change);
      this.#inForce = wanted;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#isCertain = false;
      applied = await this.#replace(state, emptyDelta);
      this.#options.onReplace?.(error);
    }
    await this.#endOwed();
    return applied;
  }

  /** An address that goes to another owner loses its connections while nothing judges it but "no". */
  async #handOver(before: WantedState | undefined, { released }: StateChange): Promise<void> {
    const handedOver = released.filter(({ next }) => next !== undefined).map(({ address }) => address);
    if (handedOver.length === 0) return;
    const texts = new Set(handedOver.map(formatAddress));
    const closing = before?.closing(texts);
    if (closing !== undefined) await this.#writer.write(closing);
    await this.#conntrack.deleteByAddress(handedOver);
    // Not again behind the rules: by then the new owner may have connections of its own.
    this.#owed = this.#owed.filter((address) => !texts.has(formatAddress(address)));
  }

  async #replace(state: NodeState, delta: Delta): Promise<AppliedFilter> {
    const change = state.apply(delta, true);
    this.#owed.push(...change.released.map(({ address }) => address));
    const applied = await this.#writeWhole(state);
    await this.#endOwed();
    return applied;
  }

  async #writeWhole(state: NodeState): Promise<AppliedFilter> {
    const wanted = this.#wanted(state);
    this.#counts.know(state.programs.all());
    const applied = await this.#writer.write(wanted, undefined, true);
    this.#inForce = wanted;
    this.#isCertain = true;
    return applied;
  }

  async #endOwed(): Promise<void> {
    await this.#conntrack.deleteByAddress(this.#owed);
    this.#owed = [];
  }

  /** Who owned which address, as the comments in the kernel say. */
  async #ownersInKernel(): Promise<Map<string, string>> {
    const owners = new Map<string, string>();
    for (const [name, { members }] of await this.#filter.savedSets()) {
      if (!/^weir[46]-l/.test(name)) continue;
      for (const [address, comment] of members) owners.set(address, comment);
    }
    return owners;
  }
}

/** Addresses that are not whose they were for the process of before; none when there was none. */
function releasedSince(before: ReadonlyMap<string, string>, state: NodeState): Address[] {
  const after = state.owners();
  const left = [...before.keys()].filter((text) => {
    const owner = after.get(text);
    return owner === undefined || ownerComment(owner.uid) !== before.get(text);
  });
  const arrived =
    before.size === 0 ? [] : [...after].filter(([text, { isAnnounced }]) => isAnnounced && !before.has(text)).map(([text]) => text);
  return [...left, ...arrived].flatMap((text) => parseAddress(text) ?? []);
}

// oxlint-disable-next-line require-yield -- nothing is told
async function* noFlows(): AsyncGenerator<FlowEvent, void, undefined> {}
