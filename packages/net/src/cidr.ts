/**
 * CIDR blocks: parsing, containment and their address ranges.
 *
 * A block is kept in canonical form (host bits cleared): `10.0.0.5/8` and `10.0.0.0/8` are one
 * value. Whether a non-canonical text is acceptable is the caller's rule, not this file's.
 */
import { type Address, addressFromWords, type Family, familyBits, formatAddress, parseAddress } from './address.ts';
import { type AddressRange, unionOfAddressRanges } from './address-range.ts';

/** A block of addresses: the network address (host bits zero) and how many leading bits are fixed. */
export interface Cidr {
  readonly network: Address;
  readonly prefixLength: number;
}

/** Reads `address/length` and clears the host bits, or returns undefined when the text is none. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const addressText = text.slice(0, slash);
  const address = parseAddress(addressText);
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined;
  // An IPv4-mapped block is counted in 128 bits by its author; Go's net.ParseCIDR refuses lengths
  // that do not fit the family that it reads, so such a text is refused here as well.
  if (address.family === 4 && addressText.includes(':')) return undefined;
  const prefixLength = Number(lengthText);
  if (prefixLength > familyBits(address.family)) return undefined;
  return cidrOf(address, prefixLength);
}

/** The block of the given length that holds the address. */
export function cidrOf(address: Address, prefixLength: number): Cidr {
  const words = address.words.map((word, i) => (word & wordMask(prefixLength - i * 32)) >>> 0);
  return { network: addressFromWords(address.family, words), prefixLength };
}

/** The block that holds exactly one address: /32 or /128. */
export function singleAddressCidr(address: Address): Cidr {
  return { network: address, prefixLength: familyBits(address.family) };
}

/** The canonical text, for example `10.0.0.0/8`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.network)}/${cidr.prefixLength}`;
}

/** The family of the block's addresses. */
export function cidrFamily(cidr: Cidr): Family {
  return cidr.network.family;
}

/** Whether the address lies in the block; never across families. */
export function cidrContains(cidr: Cidr, address: Address): boolean {
  if (cidr.network.family !== address.family) return false;
  return cidr.network.words.every((word, i) => {
    const mask = wordMask(cidr.prefixLength - i * 32);
    return (word & mask) === ((address.words[i] ?? 0) & mask);
  });
}

/** Whether every address of `inner` lies in `outer`. */
export function cidrContainsCidr(outer: Cidr, inner: Cidr): boolean {
  return inner.prefixLength >= outer.prefixLength && cidrContains(outer, inner.network);
}

/** The first and the last address of the block. */
export function cidrRange(cidr: Cidr): AddressRange {
  const last = cidr.network.words.map((word, i) => (word | ~wordMask(cidr.prefixLength - i * 32)) >>> 0);
  return { first: cidr.network, last: addressFromWords(cidr.network.family, last) };
}

/** The block of a length with this number, from 0, inside of another one; undefined when that has none. */
export function cidrAt(block: Cidr, prefixLength: number, number: number): Cidr | undefined {
  const { family } = block.network;
  const bits = familyBits(family);
  const inside = prefixLength - block.prefixLength;
  if (inside < 0 || prefixLength > bits || BigInt(number) >= 1n << BigInt(inside)) return undefined;
  const start = addressNumber(block.network) + (BigInt(number) << BigInt(bits - prefixLength));
  return { network: addressOfNumber(family, start), prefixLength };
}

/** The fewest blocks that make up a range, in order; at most twice as many as an address has bits. */
export function cidrsOfRange({ first, last }: AddressRange): Cidr[] {
  const bits = familyBits(first.family);
  const end = addressNumber(last);
  const cidrs: Cidr[] = [];
  for (let start = addressNumber(first); start <= end; ) {
    let host = 0;
    while (host < bits && (start >> BigInt(host)) % 2n === 0n && start + (2n << BigInt(host)) - 1n <= end) host++;
    cidrs.push({ network: addressOfNumber(first.family, start), prefixLength: bits - host });
    start += 1n << BigInt(host);
  }
  return cidrs;
}

function addressNumber({ words }: Address): bigint {
  return words.reduce((number, word) => (number << 32n) | BigInt(word), 0n);
}

function addressOfNumber(family: Family, number: bigint): Address {
  const bits = familyBits(family);
  const words = Array.from({ length: bits / 32 }, (_, i) => Number((number >> BigInt(bits - 32 * (i + 1))) & 0xffff_ffffn));
  return addressFromWords(family, words);
}

/** The mask of one word of which `bits` leading bits are fixed; any number of bits is taken. */
function wordMask(bits: number): number {
  if (bits <= 0) return 0;
  if (bits >= 32) return 0xffffffff;
  return (0xffffffff << (32 - bits)) >>> 0;
}

/** The addresses of blocks given as texts, sorted and disjoint; texts that are no blocks are left out. */
export function rangesOfBlocks(texts: readonly string[]): AddressRange[] {
  return unionOfAddressRanges(
    texts.flatMap((text) => {
      const cidr = parseCidr(text);
      return cidr === undefined ? [] : [cidrRange(cidr)];
    }),
  );
}
