/** Which member of a list covers another one: found in the order of ranges, so that lists may be of any length. */
import type { Side } from '@weir/model';
import { type Address, addToGroup, compareAddresses, unreachable } from '@weir/net';
import { coversSides } from './covers-side.ts';
import { coversExtent, type Extent } from './entry-extent.ts';
import { type OwnedRange, WidestRanges } from './widest-ranges.ts';

/** Peers that ask for more than a block are held against each other one, unless there are more pairs than these. */
const pairsMax = 1_000_000;

/** For each member a member that covers it and more, by their places; undefined where there is none. Members without an extent cover nothing. */
export function coveringExtents(extents: readonly (Extent | undefined)[]): readonly (number | undefined)[] {
  const candidatesOf = extentIndex(extents);
  return extents.map((extent) => {
    if (extent === undefined) return undefined;
    return candidatesOf(extent).find((at) => {
      const other = extents[at];
      return other !== undefined && coversExtent(other, extent) && !coversExtent(extent, other);
    });
  });
}

/** The members that cover an extent if any does. */
function extentIndex(extents: readonly (Extent | undefined)[]): (extent: Extent) => readonly number[] {
  const addresses: OwnedRange<Address>[] = [];
  const ports = new Map<string, OwnedRange<number>[]>();
  const names = new Map<string, number>();
  const domains = new Map<string, number>();
  for (const [owner, extent] of extents.entries()) {
    if (extent?.kind === 'addresses') addresses.push({ ...extent.range, owner });
    else if (extent?.kind === 'ports') addToGroup(ports, extent.protocol, { ...extent.range, owner });
    else if (extent?.kind === 'port name') setOnce(names, `${extent.protocol} ${extent.name}`, owner);
    else if (extent?.kind === 'domain') setOnce(domains, extent.pattern, owner);
  }
  const byAddress = new WidestRanges(addresses, compareAddresses);
  const byPort = [...ports.values()].map((ranges) => new WidestRanges(ranges, (a, b) => a - b));
  return (extent) => {
    switch (extent.kind) {
      case 'addresses':
        return known([byAddress.ownerOver(extent.range.first)]);
      case 'ports':
        return known(byPort.map((ranges) => ranges.ownerOver(extent.range.first)));
      case 'port name':
        return known([names.get(`ANY ${extent.name}`), ...byPort.map((ranges) => ranges.ownerOver(1))]);
      case 'domain':
        return known(patternsOver(extent.pattern).map((pattern) => domains.get(pattern)));
      default:
        return unreachable(extent);
    }
  };
}

/** The patterns that every name of a pattern fits. */
function patternsOver(pattern: string): readonly string[] {
  const dots = [...pattern.matchAll(/\./g)].map(({ index }) => index);
  return ['*', ...dots.map((at) => `**${pattern.slice(at)}`)];
}

function setOnce(map: Map<string, number>, key: string, value: number): void {
  if (!map.has(key)) map.set(key, value);
}

function known(places: readonly (number | undefined)[]): readonly number[] {
  return [...new Set(places)].flatMap((at) => at ?? []);
}

/** What members of a list of peers mean: one of some sides each. */
interface Peer {
  readonly sides: readonly Side[];
}

/** For each peer a peer of the list that covers it and more. */
export function coveringPeers<P extends Peer>(list: readonly P[]): readonly (P | undefined)[] {
  const blocks = list.filter((peer) => blockOf(peer) !== undefined);
  const others = list.filter((peer) => blockOf(peer) === undefined);
  const blocksOver = blockIndex(blocks);
  const areFew = others.length * list.length <= pairsMax;
  return list.map((peer) => {
    const range = blockOf(peer);
    const candidates = [...(areFew ? others : []), ...(range === undefined ? (areFew ? blocks : []) : blocksOver(range))];
    return candidates.find((other) => other !== peer && coversSides(other.sides, peer.sides) && !coversSides(peer.sides, other.sides));
  });
}

interface Block {
  readonly first: Address;
  readonly last: Address;
  readonly isOutside: boolean;
}

/** What the peer is, where it is one block and nothing else is asked of it but to be outside of the cluster perhaps. */
function blockOf({ sides }: Peer): Block | undefined {
  const [side, ...otherSides] = sides;
  if (side === undefined || otherSides.length > 0) return undefined;
  const { nets = [], outside, ...others } = side;
  const [range, ...otherRanges] = nets;
  if (range === undefined || otherRanges.length > 0 || Object.values(others).some((asked) => asked !== undefined)) return undefined;
  return { first: range.first, last: range.last, isOutside: outside === true };
}

function blockIndex<P extends Peer>(blocks: readonly P[]): (block: Block) => readonly P[] {
  const indexes = [true, false].map((isOutside) => {
    const ranges = blocks.flatMap((peer, owner): OwnedRange<Address>[] => {
      const block = blockOf(peer);
      return block?.isOutside === isOutside ? [{ first: block.first, last: block.last, owner }] : [];
    });
    return new WidestRanges(ranges, compareAddresses);
  });
  return ({ first }) => known(indexes.map((index) => index.ownerOver(first))).flatMap((at) => blocks[at] ?? []);
}
