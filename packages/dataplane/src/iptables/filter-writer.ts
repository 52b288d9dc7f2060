/**
 * Brings the kernel from one state to the next: make before break.
 *
 *   1  new sets with all their members; members that sets in force gain
 *   2  one commit for each family: new chains, and the fixed chains that ask them. From here on the new state judges
 *   3  members that sets in force lose
 *   4  chains and sets that nothing asks any more, their counts read before
 *
 * When a step fails, what is in force is the state of before or the new one, each family whole.
 */
import { NftablesConnection } from '@weir/kernel';
import type { Family } from '@weir/net';
import { heldBackMax } from '../connections/connection-review.ts';
import { heldBackSeconds } from './ended-connections.ts';
import { type JumpOptions, jumpCommands, jumpRemovals } from './hook-jumps.ts';
import { addCommand, createCommands, deleteCommand, type Ipset } from './ipset.ts';
import { isMarker, markersOf, removeMade } from './made-base-chains.ts';
import { endedSetNames, isWeirSet } from './names.ts';
import type { InPlaceChanges } from './node-state.ts';
import type { IptablesFlavour, PacketFilter } from './packet-filter.ts';
import type { MemberChange } from './peer-table.ts';
import type { RuleCounts } from './rule-counts.ts';
import { type ChainText, removalScript, restoreScript, type SavedTable, weirChainsOf } from './rule-script.ts';

const families = [4, 6] as const;

/** Everything that shall be in force. */
export interface WantedFilter {
  readonly sets: readonly Ipset[];
  readonly chains: Readonly<Record<Family, readonly ChainText[]>>;
}

/** What a step took. */
export interface AppliedFilter {
  readonly transactions: number;
  readonly elementsAdded: number;
  readonly elementsRemoved: number;
}

const unchanged: InPlaceChanges = { gains: [], losses: [] };

/** Knows what it wrote. */
export class FilterWriter {
  readonly filter: PacketFilter;
  readonly counts: RuleCounts;
  readonly #jumps: JumpOptions;
  readonly #nftables = new NftablesConnection();
  #flavour: IptablesFlavour = 'nft';
  #sets = new Map<string, Ipset>();
  readonly #chains: Record<Family, Map<string, string>> = { 4: new Map(), 6: new Map() };
  readonly #printed: Record<Family, ReadonlyMap<string, string>> = { 4: new Map(), 6: new Map() };
  #busy: string[] = [];

  constructor(filter: PacketFilter, counts: RuleCounts, jumps: JumpOptions) {
    this.filter = filter;
    this.counts = counts;
    this.#jumps = jumps;
  }

  get flavour(): IptablesFlavour {
    return this.#flavour;
  }

  set flavour(flavour: IptablesFlavour) {
    this.#flavour = flavour;
  }

  /** Sets in force. */
  get sets(): ReadonlyMap<string, Ipset> {
    return this.#sets;
  }

  /** Sets that are still to be destroyed. */
  get busySets(): readonly string[] {
    return this.#busy;
  }

  get ruleCount(): number {
    return families.reduce(
      (sum, family) => sum + [...this.#chains[family].values()].reduce((n, rules) => n + rules.split('\n').length, 0),
      0,
    );
  }

  /** Weir's chains as they were printed after the last commit. */
  printed(family: Family): ReadonlyMap<string, string> {
    return this.#printed[family];
  }

  saved(family: Family): Promise<SavedTable> {
    return this.filter.saved(this.#flavour, family);
  }

  /** Puts a state into force. `isWhole`: nothing is known of the kernel; all of Weir's that is not wanted goes. */
  async write(wanted: WantedFilter, { gains, losses }: InPlaceChanges = unchanged, isWhole = false): Promise<AppliedFilter> {
    if (isWhole) await this.#forgetAll();
    const fresh = wanted.sets.filter(({ name }) => !this.#sets.has(name));
    await this.filter.changeSets([...fresh.flatMap(createCommands), ...commandsOf(gains)]);
    let transactions = fresh.length + gains.length > 0 ? 1 : 0;
    const flipped: Family[] = [];
    for (const family of families) if (await this.#flip(family, wanted.chains[family], isWhole)) flipped.push(family);
    await this.filter.changeSets(commandsOf(losses));
    transactions += flipped.length + (losses.length > 0 ? 1 : 0);
    const before = [...this.#sets.keys()];
    this.#sets = new Map(wanted.sets.map((set) => [set.name, set]));
    for (const family of flipped) await this.#clean(family, wanted.chains[family]);
    await this.#destroyUnwanted(isWhole ? await this.filter.setNames() : [...before, ...this.#busy]);
    return {
      transactions,
      elementsAdded: fresh.reduce((sum, { members }) => sum + members.size, 0) + gains.length,
      elementsRemoved: losses.length,
    };
  }

  /** Makes sets and chains that nothing in force asks, and remembers nothing of them. */
  async prepare({ sets, chains }: WantedFilter): Promise<void> {
    await this.filter.changeSets(sets.flatMap(createCommands));
    for (const family of families) {
      if (chains[family].length > 0) await this.filter.restore(this.#flavour, family, restoreScript(chains[family]));
    }
  }

  /** Writes the chains of a family as they are meant, with their jumps; sets have to be there. */
  async rewrite(family: Family, chains: readonly ChainText[]): Promise<void> {
    this.#chains[family].clear();
    await this.#flip(family, chains, true);
    await this.#clean(family, chains);
  }

  /** Destroys what could not be destroyed before. */
  async destroyBusy(): Promise<void> {
    if (this.#busy.length > 0) this.#busy = await this.filter.destroySets(this.#busy);
  }

  /** Takes away everything of Weir's, in one flavour. */
  async remove(flavour: IptablesFlavour): Promise<void> {
    for (const family of families) {
      const table = await this.filter.saved(flavour, family);
      const chains = [...weirChainsOf(table).keys()];
      const commands = jumpRemovals(table);
      if (chains.length + commands.length === 0) continue;
      await this.filter.restore(flavour, family, removalScript(chains, commands));
      const markers = chains.filter(isMarker);
      if (markers.length > 0) removeMade(this.#nftables, family, await this.filter.saved(flavour, family), markers);
    }
  }

  /** Destroys all sets of Weir's; rules let go of them some moments after their commit. */
  async removeSets(): Promise<void> {
    const deadline = performance.now() + 10_000;
    for (;;) {
      const left = await this.filter.destroySets((await this.filter.setNames()).filter(isWeirSet));
      if (left.length === 0) return;
      if (performance.now() > deadline) throw new Error(`ipset does not let go of ${left.slice(0, 3).join(', ')}: some rule still asks it`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#nftables.close();
    this.filter.close();
  }

  async #forgetAll(): Promise<void> {
    this.#sets.clear();
    for (const family of families) this.#chains[family].clear();
    if (this.#jumps.established === 'keep') return;
    await this.filter.changeSets(families.flatMap(endedSetCommands));
  }

  /** Commits what differs from what is known; whether there was anything. */
  async #flip(family: Family, chains: readonly ChainText[], placesJumps: boolean): Promise<boolean> {
    const known = this.#chains[family];
    const differing = chains.filter(({ name, rules }) => known.get(name) !== rules.join('\n'));
    const table = placesJumps ? await this.saved(family) : undefined;
    const isFirst = table !== undefined && weirChainsOf(table).size === 0;
    const made = isFirst && this.#flavour === 'nft' ? markersOf(this.#nftables, family).map((name) => ({ name, rules: [] })) : [];
    const commands = table === undefined ? [] : jumpCommands(table, this.#jumps);
    if (differing.length + commands.length === 0) return false;
    await this.filter.restore(this.#flavour, family, restoreScript([...made, ...differing], commands));
    for (const { name, rules } of differing) known.set(name, rules.join('\n'));
    return true;
  }

  /** Takes away chains that are not wanted, and remembers how the others are printed. */
  async #clean(family: Family, wanted: readonly ChainText[]): Promise<void> {
    const table = await this.saved(family);
    const chains = weirChainsOf(table);
    const names = new Set([...wanted.map(({ name }) => name), ...[...chains.keys()].filter(isMarker)]);
    this.#printed[family] = new Map(
      [...chains].filter(([name]) => names.has(name)).map(([name, rules]) => [name, rules.map(({ text }) => text).join('\n')]),
    );
    const obsolete = new Set([...chains.keys()].filter((name) => !names.has(name)));
    for (const name of this.#chains[family].keys()) if (!names.has(name)) this.#chains[family].delete(name);
    if (obsolete.size === 0) return;
    this.counts.retire(table, obsolete);
    const commands = jumpCommands(table, this.#jumps);
    await this.filter.restore(this.#flavour, family, removalScript([...obsolete], commands));
  }

  async #destroyUnwanted(names: readonly string[]): Promise<void> {
    const obsolete = names.filter((name) => isWeirSet(name) && !this.#sets.has(name) && !this.#isRuntimeSet(name));
    if (obsolete.length > 0) this.#busy = await this.filter.destroySets(obsolete);
  }

  #isRuntimeSet(name: string): boolean {
    return this.#jumps.established === 'cut' && families.some((family) => Object.values(endedSetNames(family)).includes(name));
  }
}

function commandsOf(changes: readonly MemberChange[]): string[] {
  return changes.map(({ set, member, option }) =>
    option === undefined ? deleteCommand(set.name, member) : addCommand(set.name, member, option),
  );
}

function endedSetCommands(family: Family): string[] {
  return Object.values(endedSetNames(family)).map(
    (name) =>
      `create ${name} hash:ip,port,ip family ${family === 4 ? 'inet' : 'inet6'} timeout ${heldBackSeconds} maxelem ${heldBackMax} -exist`,
  );
}
