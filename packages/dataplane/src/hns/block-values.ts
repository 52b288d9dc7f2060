/** Address ranges as the blocks that an IPSET takes. */
import { type AddressRange, cidrsOfRange, formatCidr } from '@weir/net';

/** The fewest blocks of the ranges, in their order; undefined when there are more than `most`. */
export function blocksOfRanges(ranges: readonly AddressRange[], most: number): string[] | undefined {
  const blocks: string[] = [];
  for (const range of ranges) {
    for (const cidr of cidrsOfRange(range))
      blocks.push(...(cidr.prefixLength === 0 ? wholeFamily[cidr.network.family] : [formatCidr(cidr)]));
    if (blocks.length > most) return undefined;
  }
  return blocks;
}

/** Whether the range is one block, or the whole family, which HNS takes as two. */
export function isOneBlock(range: AddressRange): boolean {
  return cidrsOfRange(range).length === 1;
}

/** HNS does not take /0. */
const wholeFamily = { 4: ['0.0.0.0/1', '128.0.0.0/1'], 6: ['::/1', '8000::/1'] } as const;
