/**
 * The addresses that each class of ends outside of the cluster stands for, as disjoint ranges: the parts
 * into which the blocks of all policies cut the address space. Addresses of pods and nodes that lie in a
 * part are not cut out of it: what is meant is "from outside, with an address in there".
 */
import type { PolicyWorld } from '@weir/model';
import {
  type Address,
  type AddressRange,
  addToGroup,
  type Cidr,
  cidrContains,
  cidrOf,
  cidrsOfRange,
  type Family,
  familyBits,
  formatAddress,
  formatCidr,
  singleAddressCidr,
  subtractAddressRanges,
  unionOfAddressRanges,
} from '@weir/net';
import { AddressParts } from './address-parts.ts';
import type { EndClass, EndClasses } from './end-classes.ts';
import { conditionsOf, type EndConditions } from './end-conditions.ts';

/** The ranges of the classes outside, by their places among the classes of `ends`; normalised. `worlds` are those that divided the ends. */
export function outsideRanges(ends: EndClasses, worlds: readonly PolicyWorld[]): ReadonlyMap<number, readonly AddressRange[]> {
  const { nets, members } = conditionsOf(worlds);
  const pieces = piecesOf(nets, ends.family);
  const netsOf = placesOfNets(ends, nets);
  const found = new Map<number, readonly AddressRange[]>();
  const singles = new Set(members.map(({ address }) => formatAddress(address)));
  const general = new Map<string, number>();
  const named: AddressRange[] = [];
  for (const [at, end] of ends.classes.entries()) {
    if (end.kind !== 'outside') continue;
    const key = netsOf[at]?.join() ?? '';
    const addresses = addressesOf(end);
    // Members of groups are classes of their own, beside the part of the address space that they lie in.
    if (addresses.every((address) => singles.has(formatAddress(address)))) {
      const own = unionOfAddressRanges(addresses.map((address) => ({ first: address, last: address })));
      found.set(at, own);
      named.push(...own);
    } else general.set(key, at);
  }
  for (const [key, ranges] of pieces) {
    const at = general.get(key);
    if (at !== undefined) found.set(at, named.length === 0 ? ranges : subtractAddressRanges(ranges, named));
  }
  return found;
}

/** For each class the places of the nets that it lies in, in order. */
function placesOfNets(ends: EndClasses, nets: EndConditions['nets']): readonly (readonly number[])[] {
  const places: number[][] = ends.classes.map(() => []);
  for (const [net, { ranges }] of nets.entries()) for (const at of ends.inside(ranges).certain.members()) places[at]?.push(net);
  return places;
}

/** The fewest blocks that hold these ranges; one address stands alone, without the length of a prefix. */
export function describeRanges(ranges: readonly AddressRange[]): string[] {
  return unionOfAddressRanges(ranges).flatMap(cidrsOfRange).map(describeBlock);
}

/** The least block that holds all of the ranges; undefined for none. */
export function blockAround(ranges: readonly AddressRange[]): Cidr | undefined {
  const sorted = unionOfAddressRanges(ranges);
  const [first, last] = [sorted[0]?.first, sorted.at(-1)?.last];
  if (first === undefined || last === undefined) return undefined;
  for (let prefixLength: number = familyBits(first.family); prefixLength >= 0; prefixLength--) {
    const block = cidrOf(first, prefixLength);
    if (cidrContains(block, last)) return block;
  }
  return undefined;
}

function describeBlock(cidr: Cidr): string {
  return cidr.prefixLength === singleAddressCidr(cidr.network).prefixLength ? formatAddress(cidr.network) : formatCidr(cidr);
}

/** The address space in parts that lie in the same of the nets, by the places of these, joined. */
function piecesOf(nets: EndConditions['nets'], family: Family): ReadonlyMap<string, readonly AddressRange[]> {
  const blocks = nets.map(({ ranges }) => ({ ranges: unionOfAddressRanges(ranges.filter(({ first }) => first.family === family)) }));
  const pieces = new Map<string, AddressRange[]>();
  for (const { first, last, blocks: holding } of new AddressParts(blocks, family).all())
    addToGroup(pieces, holding.join(), { first, last });
  return pieces;
}

function addressesOf({ ends }: EndClass): Address[] {
  return ends.flatMap((end) => (end.kind === 'address' ? [end.address] : []));
}
