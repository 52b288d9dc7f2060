/**
 * The eBPF back end: programs at the netfilter hooks, fed through maps, one generation a delta.
 *
 * It works in the network namespace in which it was made. Whenever what the maps hold is not certain, the
 * next delta puts the whole desired state in their place.
 */
import type { Delta } from '@weir/calc';
import { bpfPinDirectory, ConntrackConnection } from '@weir/kernel';
import { weirPolicyMapEntries } from '@weir/model';
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
import { RefusedHosts } from '../hosts/refused-hosts.ts';
import { RetryPace } from '../quarantine/retry-pace.ts';
import { compareMaps } from './comparison.ts';
import { ConntrackRule } from './conntrack-rule.ts';
import { CountBook } from './count-book.ts';
import { DesiredState, type StateChanges } from './desired-state.ts';
import { DriftWatch } from './drift-watch.ts';
import { GenerationWriter, type WrittenEntries } from './generation-writer.ts';
import { heldBackAnswers } from './held-back-answers.ts';
import { mapNames, type ObjectFile, programHooks, readObjectFile, unsupportedReason } from './object-file.ts';
import { OwnNetns } from './own-netns.ts';
import { ownersInKernel } from './owners-in-kernel.ts';
import { PacketEvents } from './packet-events.ts';
import { PinnedLinks } from './pinned-links.ts';
import { closePinnedObject, type PinnedObject, PinnedObjects } from './pinned-objects.ts';
import { programCount, ruleCount } from './policy-table.ts';
import { podInterfacesMax, settingsValue } from './records.ts';

/** What {@link EbpfDataplane} needs to know about its node. */
export interface EbpfOptions extends DataplaneOptions {
  /** At most eight. */
  readonly podInterfaces: readonly string[];
  /** Where maps and programs are pinned: a BPF file system, or a directory on which one is mounted. Default: the machine's own, else one of ours. */
  readonly pinDirectory?: string;
  /** How many entries all programs together may have in the policy map. Default 1 048 576, of some 100 bytes each. */
  readonly policyEntriesMax?: number;
}

/** The back end for the current network namespace; it changes nothing before its first delta. Throws where the machine cannot have it. */
export function createEbpfDataplane(options: EbpfOptions): EbpfDataplane {
  return new EbpfDataplane(options);
}

/** What is there from the first delta on. */
interface Loaded {
  readonly object: PinnedObject;
  readonly links: PinnedLinks;
  readonly writer: GenerationWriter;
  readonly counts: CountBook;
  readonly state: DesiredState;
}

/** See the contract, {@link Dataplane}. */
export class EbpfDataplane implements Dataplane {
  readonly name = 'ebpf';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'delta' };
  readonly established: EstablishedMode;
  readonly #options: EbpfOptions;
  readonly #file: ObjectFile;
  readonly #netns: OwnNetns;
  readonly #pins: PinnedObjects;
  readonly #conntrackRule: ConntrackRule;
  readonly #conntrack: ConntrackConnection;
  readonly #onReplace: (reason: Error) => void;
  readonly #hosts = new RefusedHosts('ebpf');
  #flowReader: FlowReader | undefined;
  #loaded: Loaded | undefined;
  #started = false;
  #applying: Promise<unknown> | undefined;
  #driftWatch: DriftWatch | undefined;
  readonly #endings: OwedEndings;
  readonly #retryPace = new RetryPace();

  /** Opens its sockets in the current network namespace and changes nothing yet. Other files are other versions. */
  constructor(options: EbpfOptions, file: ObjectFile = readObjectFile()) {
    const reason = unsupportedReason() ?? unsupportedOptions(options);
    // Before anything is opened: what refuses leaves nothing behind.
    if (reason !== undefined) throw new Error(reason);
    this.#netns = new OwnNetns();
    this.#conntrackRule = new ConntrackRule();
    this.#conntrack = new ConntrackConnection();
    this.#endings = new OwedEndings(this.#conntrack);
    this.established = options.established ?? 'keep';
    this.#options = options;
    this.#file = file;
    this.#pins = new PinnedObjects(options.pinDirectory ?? bpfPinDirectory(), this.#netns.inode);
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

  async endDenied(review: ConnectionReview): Promise<ReviewReport> {
    if (this.established === 'keep' || this.#loaded === undefined) return { looked: 0, ended: 0, heldBack: 0 };
    return endDenied({ conntrack: this.#conntrack, answers: heldBackAnswers(this.#loaded.object.maps.ended) }, review);
  }

  async resync(): Promise<DriftReport> {
    for (;;) {
      const loaded = this.#loaded;
      if (loaded === undefined || !this.#started || !loaded.writer.isCertain) return { drifted: [], repaired: false };
      // First what judges at all.
      const drifted = this.#repairStructure(loaded);
      const found = await compareMaps(loaded, { restMs: 0, settled: () => this.#settled(), isOver: () => this.#loaded !== loaded });
      if (this.#applying !== undefined) await this.#settled();
      else if (found !== undefined) {
        if (found.length > 0) loaded.writer.replace(loaded.state);
        const all = [...drifted, ...found];
        return { drifted: all, repaired: all.length > 0 };
      }
      if (drifted.length > 0) return { drifted, repaired: true };
    }
  }

  watch(onChange: () => void): void {
    this.#driftWatch?.close();
    this.#conntrackRule.listen();
    this.#driftWatch = new DriftWatch({
      compared: () => (this.#started && this.#loaded?.writer.isCertain === true ? this.#loaded : undefined),
      hasLost: () => this.#hasLost(),
      settled: () => this.#settled(),
      onChange,
    });
  }

  async endConnections(addresses: readonly Address[]): Promise<void> {
    await this.#conntrack.deleteByAddress(addresses);
  }

  async counters(): Promise<readonly RuleCounter[]> {
    if (this.#loaded === undefined) return [];
    const countOf = this.#loaded.counts.counts();
    return [...this.#loaded.state.rules()].map(([id, { rule }]) => ({ rule, ...countOf(ruleCount(id)) }));
  }

  async denied(): Promise<readonly DeniedCounter[]> {
    if (this.#loaded === undefined) return [];
    const countOf = this.#loaded.counts.counts();
    return this.#loaded.state.programKeys().map((program) => ({ program, ...countOf(programCount(program)) }));
  }

  flows(): AsyncIterable<FlowEvent> {
    const { flowRate } = this.#options;
    if (flowRate === undefined) return noFlows();
    // Its programs report from the first delta on; what they are is known before.
    const { object } = (this.#loaded ??= this.#load());
    this.#flowReader?.close();
    const reports = new PacketEvents(object.maps.events, object.maps.event_rates);
    this.#flowReader = this.#netns.run(() => {
      const isLocal = (address: Address): boolean => this.#loaded?.state.isLocal(address) === true;
      return new FlowReader({ perSecond: flowRate, isLocal, reports, unreportedPackets: () => reports.unreported() }) as never;
    }) as FlowReader;
    return this.#flowReader.events();
  }

  get sizes(): KernelSizes {
    if (this.#loaded === undefined || !this.#started) return { rules: 0, sets: 0, elements: 0 };
    const { links, state } = this.#loaded;
    let elements = state.policyEntries;
    for (const _ of state.versionedEntries()) elements++;
    return { rules: links.size, sets: mapNames.length, elements };
  }

  async remove(): Promise<void> {
    this.#unload();
    this.#pins.removeAll();
    this.#conntrackRule.remove();
    this.#started = false;
  }

  async close(): Promise<void> {
    this.#driftWatch?.close();
    this.#unload();
    this.#conntrackRule.close();
    this.#conntrack.close();
    this.#netns.close();
  }

  async #apply(delta: Delta): Promise<ApplyReport> {
    const startedAt = performance.now();
    const loaded = this.#loaded ?? this.#load();
    this.#loaded = loaded;
    const wasEmpty = loaded.state.policyEntries === 0;
    const changes = loaded.state.apply(delta);
    const quarantined = loaded.state.quarantined();
    const written = await (this.#started ? this.#update(loaded, changes) : this.#takeOver(loaded, wasEmpty ? changes : undefined));
    loaded.state.confirm();
    return {
      ...written,
      quarantined: quarantined.map(({ program, reason }) => ({ program, reason })),
      refusedHosts: this.#hosts.apply(delta),
      ...this.#nextTry(quarantined.some(({ lacksRoom }) => lacksRoom)),
      milliseconds: performance.now() - startedAt,
    };
  }

  /** Every delta tries again what there was no room for; one has to come when nothing else changes. */
  #nextTry(lacksRoom: boolean): Pick<ApplyReport, 'retryInMs'> {
    const now = performance.now();
    if (lacksRoom) this.#retryPace.refused(now);
    else this.#retryPace.accepted();
    return lacksRoom ? { retryInMs: this.#retryPace.remainingMs(now) } : {};
  }

  #load(): Loaded {
    const { podInterfaces, podToOwnNode, flowRate, policyEntriesMax = weirPolicyMapEntries } = this.#options;
    const object = this.#pins.adopt(this.#file) ?? this.#pins.load(this.#file, policyEntriesMax);
    const { policies } = object.maps;
    const counts = new CountBook(object.maps.counts);
    const sparesOwnNode = podToOwnNode === 'always';
    const settings = settingsValue({ podInterfaces, isCut: this.established === 'cut', rate: flowRate ?? 0, sparesOwnNode });
    const writer = new GenerationWriter(object, counts, settings);
    const links = new PinnedLinks({ netns: this.#netns, directory: object.directory, programs: object.programs });
    const state = new DesiredState(writer.lastNumber, { entriesMax: policies.entriesMax, taken: policies.count() });
    return { object, links, writer, counts, state };
  }

  #unload(): void {
    this.#flowReader?.close();
    this.#flowReader = undefined;
    if (this.#loaded === undefined) return;
    this.#loaded.links.close();
    closePinnedObject(this.#loaded.object);
    this.#loaded = undefined;
  }

  /** The first delta: puts the whole state in the place of what an earlier process left, of whatever version. `whole`: all that it is. */
  async #takeOver({ object, links, writer, state }: Loaded, whole: StateChanges | undefined): Promise<WrittenEntries> {
    const released = releasedSince(ownersInKernel(this.#pins, object, writer), state.owners());
    await this.#conntrack.deleteByAddress(released);
    this.#conntrackRule.ensure();
    const written = writer.replace(state, whole?.policies.added);
    links.attach(this.#wantedPrograms());
    // From here on this object judges, alone or together with others.
    this.#pins.removeOthers(object);
    this.#started = true;
    await this.#conntrack.deleteByAddress(released);
    return written;
  }

  async #update(loaded: Loaded, changes: StateChanges): Promise<WrittenEntries> {
    const { writer, state } = loaded;
    this.#endings.owe(changes.released);
    let written: WrittenEntries;
    try {
      if (!writer.isCertain) throw new Error('an earlier change failed');
      written = await this.#change(loaded, changes);
    } catch (error) {
      written = writer.replace(state);
      this.#onReplace(error instanceof Error ? error : new Error(String(error)));
    }
    await this.#endings.end();
    return written;
  }

  async #change({ writer, state }: Loaded, { handover, versioned, policies, released }: StateChanges): Promise<WrittenEntries> {
    if (handover.length === 0) return writer.change(versioned, policies, state);
    const closed = writer.change(handover, { added: [], removed: [], counted: [], uncounted: [] }, state);
    await this.#endings.endHandedOver(released);
    const written = writer.change(versioned, policies, state);
    return {
      transactions: closed.transactions + written.transactions,
      elementsAdded: closed.elementsAdded + written.elementsAdded,
      elementsRemoved: closed.elementsRemoved + written.elementsRemoved,
    };
  }

  #wantedPrograms(): string[] {
    return Object.keys(programHooks).filter((name) => this.established === 'cut' || programHooks[name]?.hook !== 'output');
  }

  /** Waits for a change that is half in force. */
  async #settled(): Promise<void> {
    while (this.#applying !== undefined) await this.#applying.catch(() => undefined);
  }

  /** Whether something that judges, or keeps it in force, is not in its place. */
  #hasLost(): boolean {
    if (this.#loaded === undefined || !this.#started || this.#applying !== undefined) return false;
    const { links, object } = this.#loaded;
    return this.#conntrackRule.hasChanged() || links.hasLost() || links.hasLostPin() || this.#pins.hasLostPin(object);
  }

  #repairStructure({ object, links }: Loaded): string[] {
    const drifted = this.#pins.repairPins(object);
    drifted.push(...links.attach(this.#wantedPrograms()));
    if (this.#conntrackRule.ensure()) drifted.push('the rule that has connections tracked was not there');
    return drifted;
  }
}

function unsupportedOptions({ podInterfaces }: EbpfOptions): string | undefined {
  if (podInterfaces.length <= podInterfacesMax) return undefined;
  return `the eBPF data plane takes at most ${podInterfacesMax} beginnings of names of pod links, and these are ${podInterfaces.length}`;
}
