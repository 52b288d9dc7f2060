/**
 * Tells when others have changed something. Of rules of the nft flavour the kernel tells; legacy tells
 * nobody, and ipset cannot, so the whole is compared from time to time as well.
 */
import { NftablesChangeWatch } from '@weir/kernel';
import { isHookChain } from './hook-jumps.ts';
import { isWeirChain } from './names.ts';

/** How often is asked what the kernel told. */
const tellMs = 250;
/** How often is compared, at most and at least: with what follows, within five seconds. */
const compareMs = { shortest: 2_000, longest: 3_000, timesItsCost: 20 } as const;
const tables = [
  { family: 'ipv4', name: 'filter' },
  { family: 'ipv6', name: 'filter' },
] as const;

/** In the network namespace in which it is made; {@link close} ends it. */
export class ChangeWatch {
  readonly #hasDrifted: () => Promise<boolean>;
  readonly #told = new NftablesChangeWatch({ tables, isChain: (name) => isWeirChain(name) || isHookChain(name) });
  #onChange: () => void = () => undefined;
  #isStarted = false;
  #isClosed = false;
  /** With something of one's own. */
  #isBusy = false;
  #tellTimer: NodeJS.Timeout | undefined;
  #compareTimer: NodeJS.Timeout | undefined;

  /** `hasDrifted` compares, when nothing else is done. */
  constructor(hasDrifted: () => Promise<boolean>) {
    this.#hasDrifted = hasDrifted;
  }

  /** From now on; again: tells somebody else. */
  start(onChange: () => void): void {
    this.#onChange = onChange;
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#told.listen();
    this.#tellTimer = setInterval(() => this.#ask(), tellMs).unref();
    this.#waitFor(compareMs.shortest);
  }

  /**
   * Does something of one's own, of which nobody is told: the programs that do it are not known to the kernel as
   * ours. What others do meanwhile is found by the next comparison.
   */
  async without<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isStarted) return work();
    this.#ask();
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
      if (!this.#isClosed) this.#told.hasChanged();
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#tellTimer);
    clearTimeout(this.#compareTimer);
    this.#told.close();
  }

  #ask(): void {
    if (!this.#isClosed && !this.#isBusy && this.#told.hasChanged()) this.#onChange();
  }

  #waitFor(pauseMs: number): void {
    if (this.#isClosed) return;
    this.#compareTimer = setTimeout(() => void this.#compare(), Math.min(compareMs.longest, Math.max(compareMs.shortest, pauseMs))).unref();
  }

  async #compare(): Promise<void> {
    const startedAt = performance.now();
    if (await this.#hasDrifted().catch(() => true)) this.#onChange();
    this.#waitFor(compareMs.timesItsCost * (performance.now() - startedAt));
  }
}
