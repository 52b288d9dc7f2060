/**
 * The addresses outside of the cluster, in parts that the rules of both sides treat alike, each with an
 * address that stands for it.
 */
import {
  type Address,
  type AddressRange,
  addressRangesContain,
  addToGroup,
  compareAddresses,
  defined,
  type Family,
  formatAddress,
  nextAddress,
  parseAddress,
  previousAddress,
} from '@weir/net';
import { BlockIndex } from './block-index.ts';

/** Addresses that are treated alike. */
export interface OutsidePart {
  /** Disjoint, in order; those of pods and nodes are not taken out. */
  readonly ranges: readonly AddressRange[];
  /** One of them that no pod and no node has. */
  readonly address: Address;
}

/** What cuts the address space. */
export interface OutsideCuts {
  readonly family: Family;
  /** What rules ask about, each once. */
  readonly nets: readonly (readonly AddressRange[])[];
  /** What else tells addresses apart. */
  readonly singles: readonly Address[];
  /** The addresses of pods and nodes, as texts: they are not outside. */
  readonly taken: ReadonlySet<string>;
  /** What is the same for addresses that rules treat alike, beside the nets. */
  readonly moreOf: (address: Address) => string;
}

/** Addresses for documentation (RFC 5737, RFC 3849): what people recognise as somebody outside. */
const wellKnown: Readonly<Record<Family, readonly string[]>> = {
  4: ['203.0.113.10', '198.51.100.10', '192.0.2.10'],
  6: ['2001:db8::10', '2001:db8:1::10'],
};

/** Divides the address space; parts of which pods and nodes have every address are left out. */
export function outsideParts(cuts: OutsideCuts): OutsidePart[] {
  const { nets, taken, moreOf } = cuts;
  const alike = new Map<string, AddressRange[]>();
  const blocks = new BlockIndex();
  for (const [at, ranges] of nets.entries()) blocks.add(ranges, at);
  for (const piece of piecesOf(cuts)) {
    const holding: number[] = [];
    blocks.eachHolding(piece.first, (at) => holding.push(at));
    addToGroup(alike, `${holding.sort((a, b) => a - b).join()} ${moreOf(piece.first)}`, piece);
  }
  return [...alike.values()].flatMap((ranges) => {
    const address = freeAddress(ranges, cuts.family, taken);
    return address === undefined ? [] : [{ ranges, address }];
  });
}

/** The whole address space, cut wherever a range begins or ends. */
function piecesOf({ family, nets, singles }: OutsideCuts): AddressRange[] {
  const first = defined(parseAddress(family === 4 ? '0.0.0.0' : '::'), 'the first address of a family');
  const last = defined(parseAddress(family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 'its last address');
  const starts = new Map([[formatAddress(first), first]]);
  const start = (address: Address | undefined): void => {
    if (address?.family === family) starts.set(formatAddress(address), address);
  };
  for (const range of [...nets.flat(), ...singles.map((address) => ({ first: address, last: address }))]) {
    start(range.first);
    start(nextAddress(range.last));
  }
  const sorted = [...starts.values()].sort(compareAddresses);
  return sorted.map((from, at) => {
    const next = sorted[at + 1];
    return { first: from, last: next === undefined ? last : defined(previousAddress(next), 'what starts later has an address before it') };
  });
}

function freeAddress(ranges: readonly AddressRange[], family: Family, taken: ReadonlySet<string>): Address | undefined {
  const known = wellKnown[family].flatMap((text) => parseAddress(text) ?? []);
  const plain = known.find((address) => addressRangesContain(ranges, address) && !taken.has(formatAddress(address)));
  if (plain !== undefined) return plain;
  for (const { first, last } of ranges) {
    for (let at: Address | undefined = first; at !== undefined && compareAddresses(at, last) <= 0; at = nextAddress(at)) {
      if (!taken.has(formatAddress(at))) return at;
    }
  }
  return undefined;
}
