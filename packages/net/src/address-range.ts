/**
 * Disjoint ranges of addresses: union, subtraction and membership.
 *
 * A normalised list is sorted, disjoint and has no two adjacent ranges; families may be mixed and
 * never merge. All functions take and give normalised lists unless they say otherwise.
 */
import { type Address, addressFromWords, compareAddresses, type Family, familyBits, nextAddress, previousAddress } from './address.ts';

/** All addresses from `first` to `last`, both included, of one family. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

/** All addresses of a family. */
export function familyRange(family: Family): AddressRange {
  const words = (word: number): number[] => new Array<number>(familyBits(family) / 32).fill(word);
  return { first: addressFromWords(family, words(0)), last: addressFromWords(family, words(0xffffffff)) };
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
  const result: AddressRange[] = [];
  let next = 0;
  for (const range of unionOfAddressRanges(from)) {
    // A hole may reach into the next range too, so only those that end before this one are passed.
    for (let hole = sortedHoles[next]; hole !== undefined && compareAddresses(hole.last, range.first) < 0; hole = sortedHoles[next]) next++;
    subtractFromOne(range, { holes: sortedHoles, from: next }, result);
  }
  return result;
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

/** Adds what is left of a range; the holes from `from` on are the first that do not end before it. */
function subtractFromOne(
  range: AddressRange,
  { holes, from }: { readonly holes: readonly AddressRange[]; readonly from: number },
  result: AddressRange[],
): void {
  let first: Address | undefined = range.first;
  for (let i = from; first !== undefined; i++) {
    const hole = holes[i];
    if (hole === undefined || compareAddresses(hole.first, range.last) > 0) break;
    const before = previousAddress(hole.first);
    if (before !== undefined && compareAddresses(before, first) >= 0) result.push({ first, last: before });
    first = nextAddress(hole.last);
  }
  if (first !== undefined && compareAddresses(first, range.last) <= 0) result.push({ first, last: range.last });
}

/** Whether `range`, which starts no earlier, overlaps `previous` or follows it without a gap. */
function touches(previous: AddressRange, range: AddressRange): boolean {
  if (previous.first.family !== range.first.family) return false;
  const after = nextAddress(previous.last);
  return after === undefined || compareAddresses(range.first, after) <= 0;
}
