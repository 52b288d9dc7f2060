/** Ranges of addresses as the fewest blocks, in the text that ipset reads and prints. */
import { type Address, type AddressRange, addressFromWords, compareAddresses, familyBits, formatAddress, nextAddress } from '@weir/net';

/**
 * The blocks that hold exactly these ranges of one family. A block of everything is given as its two
 * halves: ipset refuses the length 0. Blocks of one address have no length.
 */
export function coveringBlocks(ranges: readonly AddressRange[]): string[] {
  return ranges.flatMap(blocksOfRange);
}

function blocksOfRange({ first, last }: AddressRange): string[] {
  const bits = familyBits(first.family);
  const blocks: string[] = [];
  for (let at: Address | undefined = first; at !== undefined && compareAddresses(at, last) <= 0; ) {
    let length = bits;
    while (length > 1 && isAligned(at, length - 1) && compareAddresses(lastOfBlock(at, length - 1), last) <= 0) length--;
    blocks.push(length === bits ? formatAddress(at) : `${formatAddress(at)}/${length}`);
    at = nextAddress(lastOfBlock(at, length));
  }
  return blocks;
}

function isAligned(address: Address, length: number): boolean {
  return address.words.every((word, i) => (word & hostMask(length - 32 * i)) === 0);
}

function lastOfBlock(address: Address, length: number): Address {
  return addressFromWords(
    address.family,
    address.words.map((word, i) => (word | hostMask(length - 32 * i)) >>> 0),
  );
}

/** The bits of a word behind its first `bits`. */
function hostMask(bits: number): number {
  if (bits <= 0) return 0xffff_ffff;
  return bits >= 32 ? 0 : 0xffff_ffff >>> bits;
}
