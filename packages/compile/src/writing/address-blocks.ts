/** Address ranges as blocks of CIDR, with exceptions where these say it in fewer words. */
import {
  type AddressRange,
  type Cidr,
  cidrContains,
  cidrOf,
  cidrRange,
  cidrsOfRange,
  defined,
  type Family,
  familyBits,
  formatCidr,
  parseCidr,
  subtractAddressRanges,
} from '@weir/net';

/** A block and what of it is not meant. */
export interface BlockText {
  readonly cidr: string;
  readonly except: readonly string[];
}

/** The ranges of both families. */
export function blocksOfRanges(ranges: readonly AddressRange[]): BlockText[] {
  return ([4, 6] as const).flatMap((family) => blocksOfFamily(ranges.filter(({ first }) => first.family === family)));
}

/** All addresses but these, of the families given. */
export function allBut(holes: readonly AddressRange[], families: readonly Family[]): AddressRange[] {
  return subtractAddressRanges(
    families.map((family) => cidrRange(defined(parseCidr(family === 4 ? '0.0.0.0/0' : '::/0'), 'these are blocks'))),
    holes,
  );
}

function blocksOfFamily(ranges: readonly AddressRange[]): BlockText[] {
  const [first] = ranges;
  if (first === undefined) return [];
  const plain = ranges.flatMap(cidrsOfRange);
  const hull = hullOf(first, defined(ranges.at(-1), 'there is a first range, so there is a last'));
  const holes = subtractAddressRanges([cidrRange(hull)], ranges).flatMap(cidrsOfRange);
  if (1 + holes.length < plain.length) return [{ cidr: formatCidr(hull), except: holes.map(formatCidr) }];
  return plain.map((cidr) => ({ cidr: formatCidr(cidr), except: [] }));
}

/** The smallest block that both ends are in. */
function hullOf({ first }: AddressRange, { last }: AddressRange): Cidr {
  for (let length = familyBits(first.family) as number; length > 0; length--) {
    const block = cidrOf(first, length);
    if (cidrContains(block, last)) return block;
  }
  return cidrOf(first, 0);
}
