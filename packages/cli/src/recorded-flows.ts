/** Recorded flows in the order of time, from logs that may be larger than memory. */
import type { ObservedFlow } from '@weir/flows';

/** So many flows are put in order at once; a log in which a flow stands further from its place is shown nearly in order. */
const sortedMax = 20_000;

/** Takes flows as they are read, and gives them on in order: all, or the latest. */
export class RecordedFlows {
  readonly #last: number | undefined;
  readonly #give: (flows: readonly ObservedFlow[]) => Promise<void>;
  #kept: ObservedFlow[] = [];
  #passedOver = 0;

  /** `last`: how many are wanted, the latest; all without it. */
  constructor(last: number | undefined, give: (flows: readonly ObservedFlow[]) => Promise<void>) {
    this.#last = last;
    this.#give = give;
  }

  async add(flows: readonly ObservedFlow[]): Promise<void> {
    for (const flow of flows) this.#kept.push(flow);
    if (this.#kept.length >= 2 * Math.max(sortedMax, this.#last ?? 0)) await this.#shorten();
  }

  /** Gives what is left, and says how many earlier ones were not given. */
  async finish(): Promise<number> {
    this.#kept.sort(byTime);
    const first = this.#last === undefined ? 0 : Math.max(0, this.#kept.length - this.#last);
    this.#passedOver += first;
    await this.#give(this.#kept.slice(first));
    return this.#passedOver;
  }

  /** Those that come are later than the first half, or the latest are wanted alone. */
  async #shorten(): Promise<void> {
    this.#kept.sort(byTime);
    const cut = this.#kept.length - Math.max(sortedMax, this.#last ?? 0);
    if (this.#last === undefined) await this.#give(this.#kept.slice(0, cut));
    else this.#passedOver += cut;
    this.#kept = this.#kept.slice(cut);
  }
}

/** Orders flows by time, those without one first. */
export function byTime(a: ObservedFlow, b: ObservedFlow): number {
  const [first, second] = [a.time ?? '', b.time ?? ''];
  return first === second ? 0 : first < second ? -1 : 1;
}
