import { countBefore } from '@weir/net';
import { describe, expect, it } from 'vitest';

describe('a place in a sorted list', () => {
  it('is behind all that come before it, in lists of every length', () => {
    for (let length = 0; length < 20; length++) {
      const sorted = Array.from({ length }, (_, at) => at * 2);
      for (let wanted = -1; wanted < 40; wanted++) {
        expect(countBefore(sorted, (member) => member < wanted)).toBe(sorted.filter((member) => member < wanted).length);
      }
    }
  });

  it('is looked for between bounds alone', () => {
    expect(countBefore([1, 2, 3, 4, 5], () => false, 2, 4)).toBe(2);
    expect(countBefore([1, 2, 3, 4, 5], () => true, 2, 4)).toBe(4);
  });
});
