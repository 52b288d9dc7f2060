/** Addresses outside of a cluster in the parts that its policies tell apart, each with one address that stands for it. */
import { type EndConditions, groupBits } from '@weir/connectivity';
import type { PolicyWorld } from '@weir/model';
import {
  type Address,
  type AddressRange,
  addressRangesContain,
  addToGroup,
  compareAddresses,
  type Family,
  nextAddress,
  parseAddress,
  previousAddress,
  unionOfAddressRanges,
} from '@weir/net';
import { AddressPlaces, startsOf } from './address-places.ts';

/** Addresses that are alike to every policy. */
export interface OutsidePiece {
  /** Normalised. */
  readonly ranges: readonly AddressRange[];
  /** One of them that is neither a pod's nor a node's. */
  readonly address: Address;
}

/** Addresses for documentation (RFC 5737, RFC 3849): what people recognise as somebody outside. */
const wellKnown: readonly Address[] = ['203.0.113.10', '198.51.100.10', '192.0.2.10', '2001:db8::10'].flatMap(
  (text) => parseAddress(text) ?? [],
);

/** Cuts addresses; made once for a world. */
export class OutsideCutter {
  readonly #world: PolicyWorld;
  readonly #nets: readonly (readonly AddressRange[])[];
  readonly #places: AddressPlaces;
  readonly #known: Map<string, OutsidePiece[]> = new Map();
  readonly #groupsOf: (address: Address) => string;
  readonly #singles: readonly AddressRange[];

  /** `conditions`: those of the world. */
  constructor(world: PolicyWorld, { nets, members }: EndConditions) {
    this.#world = world;
    this.#nets = nets.map(({ ranges }) => ranges);
    this.#places = new AddressPlaces(this.#nets);
    this.#groupsOf = groupBits(members);
    this.#singles = members.map(({ address }) => ({ first: address, last: address }));
  }

  /** The ranges of a family in parts that the policies, and `more`, tell apart; parts that are a pod's or a node's are left out. */
  cut(ranges: readonly AddressRange[], family: Family, more: readonly (readonly AddressRange[])[] = []): OutsidePiece[] {
    const others = more.filter((each) => each.length > 0).map(unionOfAddressRanges);
    const key = JSON.stringify([family, ranges, others]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const own = unionOfAddressRanges(ranges.filter((range) => range.first.family === family));
    const sorted = startsOf([...this.#nets.flat(), ...others.flat(), ...this.#singles, ...own], family);
    const pieces = new Map<string, AddressRange[]>();
    for (const [at, first] of sorted.entries()) {
      if (!addressRangesContain(own, first)) continue;
      const next = sorted[at + 1];
      const last = next === undefined ? lastOf(own) : (previousAddress(next) ?? first);
      const bits = others.map((net) => (addressRangesContain(net, first) ? '1' : '0')).join('');
      const place = `${this.#places.of(first)} ${bits} ${this.#groupsOf(first)}`;
      const piece = { first, last: last ?? first };
      addToGroup(pieces, place, piece);
    }
    const found = [...pieces.values()].flatMap((parts) => {
      const joined = unionOfAddressRanges(parts);
      const address = this.#freeIn(joined);
      return address === undefined ? [] : [{ ranges: joined, address }];
    });
    this.#known.set(key, found);
    return found;
  }

  #freeIn(ranges: readonly AddressRange[]): Address | undefined {
    const isFree = (address: Address): boolean => this.#world.endAt(address).kind === 'address';
    const plain = wellKnown.find((address) => addressRangesContain(ranges, address) && isFree(address));
    if (plain !== undefined) return plain;
    for (const { first, last } of ranges) {
      for (let at: Address | undefined = first; at !== undefined && compareAddresses(at, last) <= 0; at = nextAddress(at)) {
        if (isFree(at)) return at;
      }
    }
    return undefined;
  }
}

function lastOf(ranges: readonly AddressRange[]): Address | undefined {
  return ranges.at(-1)?.last;
}
