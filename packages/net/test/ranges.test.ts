import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  addressRangesContain,
  cidrContains,
  cidrOf,
  cidrRange,
  formatCidr,
  parseCidr,
  subtractAddressRanges,
  subtractPortRanges,
  unionOfAddressRanges,
  unionOfPortRanges,
} from '../src/index.ts';

const small = fc.integer({ min: 0, max: 40 });
const ip = (n: number): Address => ({ family: 4, words: [n] });
const range = fc.tuple(small, small).map(([a, b]) => ({ first: ip(Math.min(a, b)), last: ip(Math.max(a, b)) }));
const inside = (list: readonly { first: Address; last: Address }[], n: number): boolean =>
  list.some((r) => (r.first.words[0] ?? 0) <= n && n <= (r.last.words[0] ?? 0));

describe('address ranges', () => {
  it('unite and subtract as sets of numbers do', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), (a, b) => {
        const union = unionOfAddressRanges([...a, ...b]);
        const rest = subtractAddressRanges(a, b);
        for (let n = 0; n <= 41; n++) {
          expect(addressRangesContain(union, ip(n))).toBe(inside(a, n) || inside(b, n));
          expect(addressRangesContain(rest, ip(n))).toBe(inside(a, n) && !inside(b, n));
        }
        expect(unionOfAddressRanges(union)).toEqual(union);
        for (let i = 1; i < union.length; i++) {
          expect((union[i]?.first.words[0] ?? 0) - (union[i - 1]?.last.words[0] ?? 0)).toBeGreaterThan(1);
        }
      }),
    );
  });

  it('reach the ends of both families', () => {
    const all4 = parseCidr('0.0.0.0/0');
    const all6 = parseCidr('::/0');
    if (all4 === undefined || all6 === undefined) throw new Error('unreadable');
    const everything = [cidrRange(all4), cidrRange(all6)];
    expect(subtractAddressRanges(everything, everything)).toEqual([]);
    expect(unionOfAddressRanges(everything)).toHaveLength(2);
  });
});

describe('CIDR blocks', () => {
  it.each([
    ['10.0.0.5/8', '10.0.0.0/8'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['1.2.3.4/33', 'none'],
    ['1.2.3.4', 'none'],
    ['1.2.3.4/08', 'none'],
    ['::ffff:1.2.3.4/120', 'none'],
  ])('%s is read as %s', (input, expected) => {
    const cidr = parseCidr(input);
    expect(cidr === undefined ? 'none' : formatCidr(cidr)).toBe(expected);
  });

  it('hold exactly the addresses of their range', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word, word, word), fc.integer({ min: 0, max: 128 }), (a, b, length) => {
        const cidr = cidrOf({ family: 6, words: a }, length);
        const other: Address = { family: 6, words: b };
        expect(cidrContains(cidr, other)).toBe(addressRangesContain([cidrRange(cidr)], other));
        expect(cidrContains(cidr, { family: 6, words: a })).toBe(true);
      }),
    );
  });
});

describe('port ranges', () => {
  it('merge when they overlap or touch', () => {
    expect(
      unionOfPortRanges([
        { first: 90, last: 95 },
        { first: 80, last: 80 },
        { first: 81, last: 90 },
        { first: 100, last: 100 },
      ]),
    ).toEqual([
      { first: 80, last: 95 },
      { first: 100, last: 100 },
    ]);
  });
});

it('subtracts port ranges that touch, overlap and lie apart', () => {
  const all = [{ first: 0, last: 65_535 }];
  const holes = [
    { first: 80, last: 90 },
    { first: 0, last: 9 },
    { first: 85, last: 100 },
    { first: 65_535, last: 65_535 },
  ];
  expect(subtractPortRanges(all, holes)).toEqual([
    { first: 10, last: 79 },
    { first: 101, last: 65_534 },
  ]);
  expect([subtractPortRanges(all, all), subtractPortRanges(all, []), subtractPortRanges([], holes)]).toEqual([[], all, []]);
});
