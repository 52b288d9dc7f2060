/** A data plane in memory that fails as it is told, and remembers what it was given. */
import { applyDelta, type Delta, emptyState, type State } from '@weir/calc';
import type {
  ApplyReport,
  Capabilities,
  ConnectionReview,
  Dataplane,
  DeniedCounter,
  DriftReport,
  FlowEvent,
  KernelSizes,
  ReviewReport,
  RuleCounter,
} from '@weir/dataplane';
import { type Address, formatAddress } from '@weir/net';

/** What becomes of the next delta; `lost` and `kept`: it fails before or after it is in the books. */
export type NextApply = 'works' | 'lost' | 'kept';

/** See above. */
export class FaultyDataplane implements Dataplane {
  readonly name = 'nftables';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'delta' };
  readonly established = 'keep';
  readonly state: State = emptyState();
  readonly applied: Delta[] = [];
  readonly next: NextApply[] = [];
  readonly flowEvents: FlowEvent[] = [];
  /** Why every program is refused; undefined: none is. */
  refusal: string | undefined;
  /** When what is refused can be tried again. */
  retryInMs = 60_000;
  resyncFailures = 0;
  resyncs = 0;
  endFailures = 0;
  /** Addresses whose connections were ended. */
  readonly ended: string[] = [];
  drifted: readonly string[] = [];
  /** Says that somebody else has changed the kernel. */
  changedByOthers: () => void = () => undefined;
  /** How long a comparison takes. */
  untilCompared: () => Promise<void> = () => Promise.resolve();
  #busy = false;

  async apply(delta: Delta): Promise<ApplyReport> {
    await this.#alone();
    this.applied.push(delta);
    const fate = this.next.shift() ?? 'works';
    if (fate !== 'lost') applyDelta(this.state, delta);
    if (fate !== 'works') throw new Error('the kernel has no memory');
    const { refusal } = this;
    const refused = refusal === undefined ? [] : [...this.state.programs.keys()].map((program) => ({ program, reason: refusal }));
    const retry = refused.length === 0 ? {} : { retryInMs: this.retryInMs };
    return { transactions: 1, elementsAdded: 0, elementsRemoved: 0, quarantined: refused, refusedHosts: [], ...retry, milliseconds: 0 };
  }

  endDenied(_review: ConnectionReview): Promise<ReviewReport> {
    return Promise.resolve({ looked: 0, ended: 0, heldBack: 0 });
  }

  watch(onChange: () => void): void {
    this.changedByOthers = onChange;
  }

  /** May run beside the others. */
  async resync(): Promise<DriftReport> {
    this.resyncs++;
    await this.untilCompared();
    if (this.resyncFailures-- > 0) throw new Error('the kernel does not answer');
    return { drifted: this.drifted, repaired: this.drifted.length > 0 };
  }

  async endConnections(addresses: readonly Address[]): Promise<void> {
    await this.#alone();
    if (this.endFailures-- > 0) throw new Error('the kernel does not answer');
    this.ended.push(...addresses.map(formatAddress));
  }

  async *flows(): AsyncGenerator<FlowEvent, void, undefined> {
    for (const event of this.flowEvents) yield await Promise.resolve(event);
  }

  readonly sizes: KernelSizes = { rules: 0, sets: 0, elements: 0 };
  denials: readonly DeniedCounter[] = [];

  async counters(): Promise<readonly RuleCounter[]> {
    await this.#alone();
    return [];
  }

  async denied(): Promise<readonly DeniedCounter[]> {
    await this.#alone();
    return this.denials;
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The contract says: one call after another. */
  async #alone(): Promise<void> {
    if (this.#busy) throw new Error('two calls at the same time');
    this.#busy = true;
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.#busy = false;
  }
}
