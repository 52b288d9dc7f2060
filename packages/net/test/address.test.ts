import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressFromBytes,
  addressToBytes,
  compareAddresses,
  formatAddress,
  nextAddress,
  parseAddress,
  previousAddress,
} from '../src/index.ts';

const text = (address: string): string => {
  const parsed = parseAddress(address);
  return parsed === undefined ? 'none' : formatAddress(parsed);
};

describe('addresses', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['010.0.0.1', 'none'],
    ['10.0.0', 'none'],
    ['10.0.0.256', 'none'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['fe80::1:2:3:4:5:6:7', 'none'],
    ['1::2::3', 'none'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['64:ff9b::10.1.2.3', '64:ff9b::a01:203'],
    ['10.1.2.3::', 'none'],
    ['', 'none'],
  ])('%s is read as %s', (input, expected) => {
    expect(text(input)).toBe(expected);
  });

  it('keep their value through text and bytes', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.oneof(fc.tuple(word), fc.tuple(word, word, word, word)), (words) => {
        const address = { family: words.length === 1 ? 4 : 6, words } as const;
        expect(compareAddresses(addressFromBytes(addressToBytes(address)), address)).toBe(0);
        const again = parseAddress(formatAddress(address));
        // An address in ::ffff:0:0/96 is read back as IPv4.
        if (address.family === 4 || again?.family === 6) expect(again).toEqual(address);
      }),
    );
  });

  it('step over word borders', () => {
    const end = parseAddress('2001:db8::ffff:ffff');
    expect(end && formatAddress(nextAddress(end) ?? end)).toBe('2001:db8::1:0:0');
    const start = parseAddress('2001:db8::1:0:0');
    expect(start && formatAddress(previousAddress(start) ?? start)).toBe('2001:db8::ffff:ffff');
    const last = parseAddress('255.255.255.255');
    expect(last && nextAddress(last)).toBeUndefined();
  });
});
