/**
 * The range sets of one family as elementary ranges: the whole address space, cut wherever some
 * range set begins or ends, so that every address lies in exactly one piece and all addresses of a
 * piece are in the same range sets.
 *
 * Pieces are made anew whenever a range set comes or goes; what that changes in the kernel is the
 * difference of two lists. N ranges give at most 2 N + 1 pieces.
 */
import type { ContentKey } from '@weir/calc';
import {
  type Address,
  type AddressRange,
  addressFromWords,
  compareAddresses,
  type Family,
  familyBits,
  nextAddress,
  previousAddress,
} from '@weir/net';

/** Addresses from `first` to `last` and the range sets that hold them all, sorted by key. */
export interface BlockPiece {
  readonly first: Address;
  readonly last: Address;
  readonly sets: readonly ContentKey[];
}

/** The pieces of a family, in order and without gaps. */
export function cutIntoPieces(family: Family, rangeSets: ReadonlyMap<ContentKey, readonly AddressRange[]>): BlockPiece[] {
  const words = familyBits(family) / 32;
  const end = addressFromWords(
    family,
    Array.from({ length: words }, () => 0xffffffff),
  );
  const pieces: BlockPiece[] = [];
  const open = new Set<ContentKey>();
  let first = addressFromWords(
    family,
    Array.from({ length: words }, () => 0),
  );
  for (const { at, set, opens } of edges(family, rangeSets)) {
    if (compareAddresses(at, first) > 0) {
      appendPiece(pieces, { first, last: before(at), sets: [...open].sort() });
      first = at;
    }
    if (opens) open.add(set);
    else open.delete(set);
  }
  appendPiece(pieces, { first, last: end, sets: [...open].sort() });
  return pieces;
}

/** The item whose piece holds the address; items are in the order of their pieces. */
export function pieceOf<T>(items: readonly T[], piece: (item: T) => BlockPiece, address: Address): T | undefined {
  let low = 0;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const item = items[middle];
    if (item !== undefined && compareAddresses(piece(item).first, address) <= 0) low = middle;
    else high = middle - 1;
  }
  return items[low];
}

interface Edge {
  readonly at: Address;
  readonly set: ContentKey;
  readonly opens: boolean;
}

/** Beginnings and first addresses behind the ends, in order; at one address the ends come first. */
function edges(family: Family, rangeSets: ReadonlyMap<ContentKey, readonly AddressRange[]>): Edge[] {
  const result: Edge[] = [];
  for (const [set, ranges] of rangeSets) {
    for (const range of ranges) {
      if (range.first.family !== family) continue;
      result.push({ at: range.first, set, opens: true });
      const after = nextAddress(range.last);
      if (after !== undefined) result.push({ at: after, set, opens: false });
    }
  }
  return result.sort((a, b) => compareAddresses(a.at, b.at) || Number(a.opens) - Number(b.opens));
}

/** Adds a piece, or widens the one before when that is in the same sets. */
function appendPiece(pieces: BlockPiece[], piece: BlockPiece): void {
  const previous = pieces.at(-1);
  if (previous !== undefined && previous.sets.length === piece.sets.length && previous.sets.every((set, i) => set === piece.sets[i])) {
    pieces[pieces.length - 1] = { ...previous, last: piece.last };
  } else {
    pieces.push(piece);
  }
}

function before(address: Address): Address {
  return previousAddress(address) ?? address;
}
