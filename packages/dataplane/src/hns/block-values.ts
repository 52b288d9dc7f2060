/** Address ranges as the blocks that an IPSET takes. */
import {
  type Address,
  type AddressRange,
  addressFromWords,
  type Cidr,
  cidrOf,
  cidrRange,
  compareAddresses,
  familyBits,
  formatCidr,
  nextAddress,
} from '@weir/net';

/** The blocks of the ranges in their order, each as large as it can be; undefined when there are more than `most`. */
export function blocksOfRanges(ranges: readonly AddressRange[], most: number): string[] | undefined {
  const blocks: string[] = [];
  for (const range of ranges) {
    for (let first: Address | undefined = range.first; first !== undefined; ) {
      if (blocks.length >= most) return undefined;
      const block = largestBlock(first, range.last);
      blocks.push(formatCidr(block));
      const { last } = cidrRange(block);
      first = compareAddresses(last, range.last) < 0 ? nextAddress(last) : undefined;
    }
  }
  return blocks;
}

/** Whether the range is one block, or the whole family, which HNS takes as two. */
export function isOneBlock({ first, last }: AddressRange): boolean {
  return compareAddresses(cidrRange(largestBlock(first, last)).last, last) === 0 || isWholeFamily({ first, last });
}

/** The largest block that begins at `first` and ends no later than `last`; never /0, which HNS does not take. */
function largestBlock(first: Address, last: Address): Cidr {
  let block = cidrOf(first, familyBits(first.family));
  for (let length = block.prefixLength - 1; length > 0; length--) {
    const larger = cidrOf(first, length);
    if (compareAddresses(larger.network, first) !== 0 || compareAddresses(cidrRange(larger).last, last) > 0) break;
    block = larger;
  }
  return block;
}

function isWholeFamily({ first, last }: AddressRange): boolean {
  const ends = (word: number): Address =>
    addressFromWords(
      first.family,
      first.words.map(() => word),
    );
  return compareAddresses(first, ends(0)) === 0 && compareAddresses(last, ends(0xffff_ffff)) === 0;
}
