/**
 * Brings deltas into force: the kernel goes from state to state, connections of addresses that change hands
 * end, and what the kernel does not take is kept out of force.
 *
 * Whenever what the kernel holds is not certain, the next change puts the whole state into force under new
 * names. Calls are made one after another.
 */
import { type Delta, emptyDelta, type Program } from '@weir/calc';
import type { ConntrackConnection } from '@weir/kernel';
import { formatAddress } from '@weir/net';
import { OwedEndings } from '../connections/owed-endings.ts';
import type { ApplyReport } from '../dataplane.ts';
import { releasedSince } from '../endpoints/earlier-owners.ts';
import { RetryPace } from '../quarantine/retry-pace.ts';
import { type FoundDrift, repairDrift } from './drift.ts';
import type { AppliedFilter, FilterWriter } from './filter-writer.ts';
import { type ChainOptions, dropTarget, logTarget, reportChains } from './fixed-chains.ts';
import { findFlavour } from './flavour.ts';
import { LocalSetFactory } from './local-sets.ts';
import { isWeirSet } from './names.ts';
import { NodeState, type StateChange } from './node-state.ts';
import { ownersInKernel } from './owners-in-kernel.ts';
import { type IptablesFlavour, PacketFilterError } from './packet-filter.ts';
import type { ProgramTargets } from './program-chains.ts';
import { refusedPrograms } from './rehearsal.ts';
import { weirChainsOf } from './rule-script.ts';
import { type WantedState, wantedFilter } from './wanted-filter.ts';

const families = [4, 6] as const;
/** A program can be refused with new peers, as a whole, and then the one of before. */
const refusalsMax = 3;

/** What {@link FilterEnforcement} works with. */
export interface EnforcementParts {
  readonly writer: FilterWriter;
  readonly conntrack: ConntrackConnection;
  readonly chains: ChainOptions;
  /** Undefined: the one that kube-proxy uses. */
  readonly flavour: IptablesFlavour | undefined;
  /** Members that a set of peers can have; undefined: as many as the kernel takes. */
  readonly peersMax: number | undefined;
  /** Told when a change failed and the whole state was put into force instead. */
  readonly onReplace: (reason: Error) => void;
}

/** The state of one node and what of it is in force. */
export class FilterEnforcement {
  readonly #parts: EnforcementParts;
  readonly #retryPace = new RetryPace();
  #state: NodeState | undefined;
  #factory: LocalSetFactory | undefined;
  #isCertain = false;
  /** What the last change put into force. */
  #inForce: WantedState | undefined;
  readonly #endings: OwedEndings;

  constructor(parts: EnforcementParts) {
    this.#parts = parts;
    this.#endings = new OwedEndings(parts.conntrack);
  }

  /** Undefined before the first delta. */
  get state(): NodeState | undefined {
    return this.#state;
  }

  /** Whether the kernel was left holding what is meant; where not, the next change replaces everything. */
  get isCertain(): boolean {
    return this.#isCertain;
  }

  /** What the contract says of `apply`. */
  async apply(delta: Delta): Promise<Omit<ApplyReport, 'milliseconds' | 'refusedHosts'>> {
    const nowMs = performance.now();
    const state = this.#state;
    const applied = await (state === undefined ? this.#takeOver(delta) : this.#update(state, delta, nowMs));
    const after = this.#state;
    after?.confirm();
    if (after?.isQuarantining !== true) this.#retryPace.accepted();
    return {
      ...applied,
      quarantined: after?.refused() ?? [],
      ...(after?.isQuarantining === true ? { retryInMs: this.#retryPace.remainingMs(performance.now()) } : {}),
    };
  }

  /** Puts right what was found to have drifted. */
  async repair(found: FoundDrift): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    try {
      await repairDrift(this.#parts.writer, found, this.#wanted(state));
    } catch (error) {
      this.#isCertain = false;
      await this.#replace(state, emptyDelta);
      if (error instanceof Error) this.#parts.onReplace(error);
    }
  }

  /** Nothing is in force any more. */
  forget(): void {
    this.#isCertain = false;
  }

  /** The first delta: puts the whole state in the place of what an earlier process left. */
  async #takeOver(delta: Delta): Promise<AppliedFilter> {
    const { writer, conntrack, chains: options } = this.#parts;
    writer.flavour = this.#parts.flavour ?? (await findFlavour(writer.filter)).flavour;
    const owners = await ownersInKernel(writer.filter);
    const chains = (await Promise.all(families.map((family) => writer.saved(family)))).flatMap((table) => [...weirChainsOf(table).keys()]);
    const targets = ({ direction }: Program): ProgramTargets => ({
      drop: dropTarget(direction, options),
      log: logTarget(direction, options),
    });
    const namesInUse = [...chains, ...(await writer.filter.setNames()).filter(isWeirSet)];
    const state = new NodeState({ namesInUse, targets, peersMax: this.#parts.peersMax });
    this.#state = state;
    const applying = state.apply(delta, true);
    const released = releasedSince(owners, state.owners());
    await conntrack.deleteByAddress(released);
    const applied = await this.#writeWhole(state);
    // Of the other flavour, should an earlier process have used it: not before this one judges.
    await writer.remove(writer.flavour === 'nft' ? 'legacy' : 'nft');
    await conntrack.deleteByAddress([...released, ...applying.released.filter(({ hasNext }) => !hasNext).map(({ address }) => address)]);
    return applied;
  }

  async #update(state: NodeState, delta: Delta, nowMs: number): Promise<AppliedFilter> {
    const triesAgain = state.isQuarantining && this.#retryPace.remainingMs(nowMs) === 0;
    if (triesAgain) state.tryAgain();
    if (triesAgain || !this.#isCertain) return this.#replace(state, delta);
    const before = this.#inForce;
    const change = state.apply(delta, false);
    this.#endings.owe(change.released);
    let applied: AppliedFilter;
    try {
      await this.#handOver(before, change);
      const wanted = this.#wanted(state);
      this.#parts.writer.counts.know(state.programs.all());
      applied = await this.#parts.writer.write(wanted, change);
      this.#inForce = wanted;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#isCertain = false;
      applied = await this.#replace(state, emptyDelta);
      this.#parts.onReplace(error);
    }
    await this.#endings.end();
    return applied;
  }

  /** An address that goes to another owner loses its connections while nothing judges it but "no". */
  async #handOver(before: WantedState | undefined, { released }: StateChange): Promise<void> {
    const handedOver = released.filter(({ hasNext }) => hasNext).map(({ address }) => formatAddress(address));
    if (handedOver.length === 0) return;
    const closing = before?.closing(new Set(handedOver));
    if (closing !== undefined) await this.#parts.writer.write(closing);
    await this.#endings.endHandedOver(released);
  }

  async #replace(state: NodeState, delta: Delta): Promise<AppliedFilter> {
    const change = state.apply(delta, true);
    this.#endings.owe(change.released);
    const applied = await this.#writeWhole(state);
    await this.#endings.end();
    return applied;
  }

  /** Everything under new names, but for the programs that the kernel refuses; throws when it refuses more. */
  async #writeWhole(state: NodeState): Promise<AppliedFilter> {
    try {
      return await this.#write(state);
    } catch (error) {
      if (!(error instanceof PacketFilterError && error.code === 'refused')) throw error;
      // Of one family it may be in force.
      state.rename();
      await this.#quarantine(state);
      return await this.#write(state);
    }
  }

  async #quarantine(state: NodeState): Promise<void> {
    const chains = reportChains(this.#parts.chains);
    for (let refusals = 0; refusals < refusalsMax; refusals++) {
      const culprits = await refusedPrograms(this.#parts.writer, state, { 4: chains, 6: chains });
      if (culprits.size === 0) return;
      state.quarantine(culprits);
      this.#retryPace.refused(performance.now());
    }
  }

  async #write(state: NodeState): Promise<AppliedFilter> {
    this.#isCertain = false;
    const wanted = this.#wanted(state);
    this.#parts.writer.counts.know(state.programs.all());
    const applied = await this.#parts.writer.write(wanted, undefined, true);
    this.#inForce = wanted;
    this.#isCertain = true;
    return applied;
  }

  #wanted(state: NodeState): WantedState {
    this.#factory ??= new LocalSetFactory(state.names);
    const wanted = wantedFilter(state, this.#factory, this.#parts.chains);
    this.#factory.keep(new Set(wanted.sets.map(({ name }) => name)));
    return wanted;
  }
}
