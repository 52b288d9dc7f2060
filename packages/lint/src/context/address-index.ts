/** Who has which address, so that thousands of blocks are held only against those whose addresses they hold. */
import { type Address, type AddressRange, compareAddresses, defined } from '@weir/net';

/** Owners by their addresses; one can have several. */
export class AddressIndex<T> {
  /** Lowest address first, families apart. */
  readonly #sorted: readonly { readonly address: Address; readonly owner: T }[];

  constructor(owners: Iterable<T>, addressesOf: (owner: T) => readonly Address[]) {
    const all = [...owners].flatMap((owner) => addressesOf(owner).map((address) => ({ address, owner })));
    this.#sorted = all.sort((a, b) => compareAddresses(a.address, b.address));
  }

  /** The owners of the addresses in some ranges, lowest address first; one for each address. */
  *within(ranges: readonly AddressRange[]): Iterable<{ readonly address: Address; readonly owner: T }> {
    for (const { first, last } of ranges) {
      let [low, high] = [0, this.#sorted.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareAddresses(defined(this.#sorted[middle], 'the middle is inside').address, first) < 0) low = middle + 1;
        else high = middle;
      }
      for (let one = this.#sorted[low]; one !== undefined && compareAddresses(one.address, last) <= 0; one = this.#sorted[++low]) yield one;
    }
  }

  /** The first of them. */
  firstWithin(ranges: readonly AddressRange[]): { readonly address: Address; readonly owner: T } | undefined {
    for (const one of this.within(ranges)) return one;
    return undefined;
  }
}
