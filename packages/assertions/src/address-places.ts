/** Where addresses lie among the blocks of all policies: a number that is the same for addresses in the same of them. */
import {
  type Address,
  type AddressRange,
  addressRangesContain,
  compareAddresses,
  defined,
  type Family,
  formatAddress,
  nextAddress,
} from '@weir/net';

/** Places among some blocks. */
export class AddressPlaces {
  readonly #nets: readonly (readonly AddressRange[])[];
  /** Where a block begins, or what is behind one, in order. */
  readonly #starts: Readonly<Record<Family, readonly Address[]>>;
  /** By what lies before, and between, those. */
  readonly #known: Readonly<Record<Family, Map<number, number>>> = { 4: new Map(), 6: new Map() };
  readonly #numbers: Map<string, number> = new Map();

  /** Blocks are normalised. */
  constructor(nets: readonly (readonly AddressRange[])[]) {
    this.#nets = nets;
    const all = nets.flat();
    this.#starts = { 4: startsOf(all, 4), 6: startsOf(all, 6) };
  }

  /** The place of an address. */
  of(address: Address): number {
    const { family } = address;
    const at = countUpTo(this.#starts[family], address);
    let place = this.#known[family].get(at);
    if (place !== undefined) return place;
    const bits = this.#nets.map((net) => (addressRangesContain(net, address) ? '1' : '0')).join('');
    place = this.#numbers.get(bits) ?? this.#numbers.size;
    this.#numbers.set(bits, place);
    this.#known[family].set(at, place);
    return place;
  }
}

/** Where ranges of a family begin, and what is behind them: each once, in order. */
export function startsOf(ranges: readonly AddressRange[], family: Family): Address[] {
  const starts = new Map<string, Address>();
  for (const { first, last } of ranges) {
    if (first.family !== family) continue;
    starts.set(formatAddress(first), first);
    const behind = nextAddress(last);
    if (behind !== undefined) starts.set(formatAddress(behind), behind);
  }
  return [...starts.values()].sort(compareAddresses);
}

/** How many of the sorted addresses are not behind this one. */
function countUpTo(sorted: readonly Address[], address: Address): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAddresses(defined(sorted[middle], 'an address of the list'), address) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
