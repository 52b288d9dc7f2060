/** Numbers of blocks by their addresses, so that of thousands only those are asked that hold one. */
import { type Address, type AddressRange, compareAddresses } from '@weir/net';

interface IndexedRange extends AddressRange {
  readonly place: number;
}

/** Blocks, each by a number. */
export class BlockIndex {
  readonly #ranges: IndexedRange[] = [];
  /** Of each range the last address of it and those before it. */
  #lasts: Address[] | undefined;

  add(ranges: readonly AddressRange[], place: number): void {
    for (const { first, last } of ranges) this.#ranges.push({ first, last, place });
    this.#lasts = undefined;
  }

  /** Calls back with the number of every block that holds the address, each once, in no order. */
  eachHolding(address: Address, then: (place: number) => void): void {
    const lasts = (this.#lasts ??= this.#sort());
    for (let at = this.#countFrom(address) - 1; at >= 0; at--) {
      const [reached, range] = [lasts[at], this.#ranges[at]];
      if (reached === undefined || range === undefined || compareAddresses(reached, address) < 0) return;
      if (compareAddresses(range.last, address) >= 0) then(range.place);
    }
  }

  #sort(): Address[] {
    this.#ranges.sort((a, b) => compareAddresses(a.first, b.first));
    let reached: Address | undefined;
    return this.#ranges.map(({ last }) => (reached = reached === undefined || compareAddresses(reached, last) < 0 ? last : reached));
  }

  /** How many ranges begin at the address or before it. */
  #countFrom(address: Address): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && compareAddresses(range.first, address) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
