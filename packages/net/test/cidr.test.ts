import { describe, expect, it } from 'vitest';
import { cidrAt, formatCidr, parseCidr } from '../src/index.ts';

describe('the blocks inside of a block', () => {
  it.each([
    { block: '10.244.0.0/16', prefixLength: 24, number: 0, expected: '10.244.0.0/24' },
    { block: '10.244.0.0/16', prefixLength: 24, number: 255, expected: '10.244.255.0/24' },
    { block: '10.244.0.0/16', prefixLength: 24, number: 256, expected: undefined },
    { block: '10.0.0.0/16', prefixLength: 32, number: 10, expected: '10.0.0.10/32' },
    { block: '255.255.255.0/24', prefixLength: 32, number: 255, expected: '255.255.255.255/32' },
    { block: '10.0.0.0/24', prefixLength: 24, number: 0, expected: '10.0.0.0/24' },
    { block: '10.0.0.0/24', prefixLength: 16, number: 0, expected: undefined },
    { block: '10.0.0.0/24', prefixLength: 33, number: 0, expected: undefined },
    { block: 'fd00::/48', prefixLength: 64, number: 250, expected: 'fd00:0:0:fa::/64' },
    { block: 'fd12:3456:789a::/64', prefixLength: 80, number: 1, expected: 'fd12:3456:789a:0:1::/80' },
    { block: 'fd00::/64', prefixLength: 128, number: 4_294_967_296, expected: 'fd00::1:0:0/128' },
  ])('number $number of length $prefixLength in $block is $expected', ({ block, prefixLength, number, expected }) => {
    const outer = parseCidr(block);
    const found = outer === undefined ? undefined : cidrAt(outer, prefixLength, number);
    expect(found === undefined ? undefined : formatCidr(found)).toBe(expected);
  });
});
