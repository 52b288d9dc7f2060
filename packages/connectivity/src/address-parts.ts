/** The parts into which blocks cut the addresses of a family, each with the blocks that hold it. */
import {
  type Address,
  type AddressRange,
  cidrRange,
  compareAddresses,
  defined,
  type Family,
  nextAddress,
  parseCidr,
  previousAddress,
} from '@weir/net';

const none: readonly number[] = [];

/** A part, and the blocks that hold it, by their places. */
export interface AddressPart extends AddressRange {
  readonly blocks: readonly number[];
}

/** The parts; addresses of one part are in the same blocks. */
export class AddressParts {
  /** Where a part begins; before the first there are no blocks. */
  readonly #starts: Address[] = [];
  readonly #holders: (readonly number[])[] = [];
  readonly #family: Family;

  /** Blocks are known by their place in the list; each is made of disjoint ranges. */
  constructor(blocks: readonly { readonly ranges: readonly AddressRange[] }[], family: Family) {
    this.#family = family;
    const events: { readonly at: Address; readonly block: number; readonly begins: boolean }[] = [];
    for (const [block, { ranges }] of blocks.entries()) {
      for (const { first, last } of ranges) {
        if (first.family !== family) continue;
        events.push({ at: first, block, begins: true });
        const after = nextAddress(last);
        if (after !== undefined) events.push({ at: after, block, begins: false });
      }
    }
    events.sort((a, b) => compareAddresses(a.at, b.at));
    const open = new Set<number>();
    const lists = new Map<string, readonly number[]>([['', none]]);
    for (const [i, { at, block, begins }] of events.entries()) {
      if (begins) open.add(block);
      else open.delete(block);
      const next = events[i + 1];
      if (next !== undefined && compareAddresses(next.at, at) === 0) continue;
      const list = [...open].sort((a, b) => a - b);
      const text = list.join();
      const same = lists.get(text);
      if (same === undefined) lists.set(text, list);
      this.#starts.push(at);
      this.#holders.push(same ?? list);
    }
  }

  /** The blocks that hold the address, by their places; the same list for parts that are in the same blocks. */
  holding(address: Address): readonly number[] {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#starts[middle];
      if (start !== undefined && compareAddresses(start, address) <= 0) low = middle + 1;
      else high = middle;
    }
    return this.#holders[low - 1] ?? none;
  }

  /** Where parts begin, in order. */
  get starts(): readonly Address[] {
    return this.#starts;
  }

  /** The parts that together are all addresses of the family, in order. */
  all(): AddressPart[] {
    const { first, last } = cidrRange(defined(parseCidr(this.#family === 4 ? '0.0.0.0/0' : '::/0'), 'the block of all addresses'));
    const parts = this.#starts.map((start, i): AddressPart => {
      const next = this.#starts[i + 1];
      return { first: start, last: (next === undefined ? undefined : previousAddress(next)) ?? last, blocks: this.#holders[i] ?? none };
    });
    const [start] = this.#starts;
    if (start !== undefined && compareAddresses(start, first) === 0) return parts;
    return [{ first, last: (start === undefined ? undefined : previousAddress(start)) ?? last, blocks: none }, ...parts];
  }
}
