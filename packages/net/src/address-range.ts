/**
 * Disjoint ranges of addresses: union, subtraction and membership.
 *
 * A normalised list is sorted, disjoint and has no two adjacent ranges; families may be mixed and
 * never merge. All functions take and give normalised lists unless they say otherwise.
 */
import { type Address, compareAddresses, nextAddress, previousAddress } from './address.ts';

/** All addresses from `first` to `last`, both included, of one family. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

/** Sorts and merges ranges in any order, overlapping or adjacent, into a normalised list. */
export function unionOfAddressRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => compareAddresses(a.first, b.first));
  const result: AddressRange[] = [];
  for (const range of sorted) {
    const previous = result.at(-1);
    if (previous !== undefined && touches(previous, range)) {
      if (compareAddresses(range.last, previous.last) > 0) result[result.length - 1] = { first: previous.first, last: range.last };
    } else {
      result.push(range);
    }
  }
  return result;
}

/** What is in `from` and not in `holes`; both may be in any order and overlap. */
export function subtractAddressRanges(from: readonly AddressRange[], holes: readonly AddressRange[]): AddressRange[] {
  const sortedHoles = unionOfAddressRanges(holes);
  return unionOfAddressRanges(from).flatMap((range) => subtractFromOne(range, sortedHoles));
}

/** Whether a normalised list holds the address; binary search. */
export function addressRangesContain(ranges: readonly AddressRange[], address: Address): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range === undefined) return false;
    if (compareAddresses(address, range.first) < 0) high = middle - 1;
    else if (compareAddresses(address, range.last) > 0) low = middle + 1;
    else return true;
  }
  return false;
}

function subtractFromOne(range: AddressRange, holes: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = [];
  let first: Address | undefined = range.first;
  for (const hole of holes) {
    if (first === undefined || compareAddresses(hole.first, range.last) > 0) break;
    if (hole.first.family !== range.first.family || compareAddresses(hole.last, first) < 0) continue;
    const before = previousAddress(hole.first);
    if (before !== undefined && compareAddresses(before, first) >= 0) result.push({ first, last: before });
    first = nextAddress(hole.last);
  }
  if (first !== undefined && compareAddresses(first, range.last) <= 0) result.push({ first, last: range.last });
  return result;
}

/** Whether `range`, which starts no earlier, overlaps `previous` or follows it without a gap. */
function touches(previous: AddressRange, range: AddressRange): boolean {
  if (previous.first.family !== range.first.family) return false;
  const after = nextAddress(previous.last);
  return after === undefined || compareAddresses(range.first, after) <= 0;
}
