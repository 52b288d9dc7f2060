import {
  type Address,
  type AddressRange,
  addressFromWords,
  addressRangesContain,
  compareAddresses,
  type Family,
  formatAddress,
  nextAddress,
  unionOfAddressRanges,
} from '@weir/net';
import { Random } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { AddressParts } from '../src/address-parts.ts';

const zero = { 4: '0.0.0.0', 6: '::' };
const highest = { 4: '255.255.255.255', 6: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' };

/** A range whose ends are often those of others, at the ends of the space too. */
function rangeOf(family: Family, random: Random): AddressRange {
  const end = (): Address => {
    const words = Array.from({ length: family === 4 ? 1 : 4 }, () =>
      random.pick([0, 1, 2, 3, 0x0a000000, 0x0a0000ff, 0xfffffffe, 0xffffffff]),
    );
    return addressFromWords(family, words);
  };
  const [first, last] = [end(), end()];
  return compareAddresses(first, last) <= 0 ? { first, last } : { first: last, last: first };
}

describe('the parts into which blocks cut the address space', () => {
  it('are all of it without blocks', () => {
    const [only, ...others] = new AddressParts([], 4).all();
    expect(others).toEqual([]);
    expect(only === undefined ? [] : [formatAddress(only.first), formatAddress(only.last), only.blocks]).toEqual([zero[4], highest[4], []]);
  });

  it.each([
    { family: 4, seed: 1 },
    { family: 4, seed: 2 },
    { family: 6, seed: 3 },
    { family: 6, seed: 4 },
  ] as const)('are each in the same blocks from one end to the other, and together everything: %o', ({ family, seed }) => {
    const random = new Random(seed);
    for (let round = 0; round < 50; round++) {
      const blocks = Array.from({ length: random.integer(1, 6) }, () => ({
        ranges: unionOfAddressRanges(Array.from({ length: random.integer(1, 3) }, () => rangeOf(family, random))),
      }));
      const parts = new AddressParts(blocks, family);
      const all = parts.all();
      expect(all.map(({ first }) => formatAddress(first))[0]).toBe(zero[family]);
      expect(all.map(({ last }) => formatAddress(last)).at(-1)).toBe(highest[family]);
      for (const [i, { first, last, blocks: holding }] of all.entries()) {
        expect(compareAddresses(first, last)).toBeLessThanOrEqual(0);
        const next = all[i + 1];
        if (next !== undefined) expect(nextAddress(last)).toEqual(next.first);
        for (const address of [first, last]) {
          const expected = blocks.flatMap(({ ranges }, at) => (addressRangesContain(ranges, address) ? [at] : []));
          expect(holding).toEqual(expected);
          expect(parts.holding(address)).toEqual(expected);
        }
      }
    }
  });
});
