/**
 * Random ipBlocks around given addresses: all prefix lengths that divide the pools, host bits set
 * or cleared, with holes that overlap, repeat or touch each other.
 *
 * Holes are strictly smaller than their block and inside it, as the API server demands.
 */
import type { IPBlock } from '@weir/kube';
import { readAddress } from '../oracle/address-number.ts';
import type { Random } from './random.ts';

const prefixLengths = { 4: [0, 4, 8, 15, 16, 17, 22, 24, 26, 28, 31, 32], 6: [0, 3, 16, 32, 47, 48, 64, 120, 127, 128] } as const;

/** A block around one of the addresses. */
export function generateBlock(random: Random, addresses: readonly string[]): IPBlock {
  const around = random.pick(addresses);
  const { family } = readAddress(around);
  const length = random.pick(prefixLengths[family]);
  const cidr = blockText(random, around, length);
  const longer = prefixLengths[family].filter((candidate) => candidate > length);
  if (longer.length === 0 || random.chance(0.45)) return random.chance(0.1) ? { cidr, except: [] } : { cidr };
  const inside = addresses.filter((address) => sameBlock(address, around, length));
  const except = random.times(random.integer(1, 3), () => blockText(random, random.pick(inside), random.pick(longer)));
  if (random.chance(0.2)) except.push(except[0] ?? cidr);
  return { cidr, except };
}

function sameBlock(a: string, b: string, length: number): boolean {
  const one = readAddress(a);
  const other = readAddress(b);
  if (one.family !== other.family) return false;
  const hostBits = BigInt((one.family === 4 ? 32 : 128) - length);
  return one.value >> hostBits === other.value >> hostBits;
}

/** The block's text, in a third of the cases with the host bits left as they are. */
function blockText(random: Random, address: string, length: number): string {
  if (random.chance(0.35)) return `${address}/${length}`;
  const { family, value } = readAddress(address);
  const hostBits = BigInt((family === 4 ? 32 : 128) - length);
  return `${addressText(family, (value >> hostBits) << hostBits)}/${length}`;
}

/** A text of the address: dotted quad, or groups with the zeros at the end cut where there are any. */
function addressText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
  const zeros = groups.length - (groups.findLastIndex((group) => group !== '0') + 1);
  return zeros < 2 ? groups.join(':') : `${groups.slice(0, 8 - zeros).join(':')}::`;
}
