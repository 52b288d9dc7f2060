/** Who has which address, so that thousands of blocks are held only against those whose addresses they hold. */
import { type Address, type AddressRange, compareAddresses, countBefore } from '@weir/net';

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
      let at = countBefore(this.#sorted, ({ address }) => compareAddresses(address, first) < 0);
      for (let one = this.#sorted[at]; one !== undefined && compareAddresses(one.address, last) <= 0; one = this.#sorted[++at]) yield one;
    }
  }

  /** The first of them. */
  firstWithin(ranges: readonly AddressRange[]): { readonly address: Address; readonly owner: T } | undefined {
    for (const one of this.within(ranges)) return one;
    return undefined;
  }
}
