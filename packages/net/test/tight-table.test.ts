/** Tables that entries come to and go from. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TightMap, TightSet } from '../src/index.ts';

const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete', 'delete', 'clear'), fc.nat(12)), { maxLength: 200 });

describe('a tight table', () => {
  it('holds what a map and a set hold, in the same order, whatever came and went', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const [map, plainMap] = [new TightMap<number, string>(), new Map<number, string>()];
        const [set, plainSet] = [new TightSet<number>(), new Set<number>()];
        for (const [i, [what, key]] of history.entries()) {
          if (what === 'add') {
            for (const one of [map, plainMap]) one.set(key, `${i}`);
            for (const one of [set, plainSet]) one.add(key);
          } else if (what === 'delete') {
            expect(map.delete(key)).toBe(plainMap.delete(key));
            expect(set.delete(key)).toBe(plainSet.delete(key));
          } else if (key === 0) {
            for (const one of [map, plainMap, set, plainSet]) one.clear();
          }
          expect([...map]).toEqual([...plainMap]);
          expect([...set]).toEqual([...plainSet]);
        }
      }),
    );
  });

  it('lets go of what is deleted from it while it is walked through', () => {
    const map = new TightMap<number, number>();
    const set = new TightSet<number>();
    for (let i = 0; i < 100; i++) {
      map.set(i, i);
      set.add(i);
    }
    const [seenInMap, seenInSet]: [number[], number[]] = [[], []];
    for (const key of map.keys()) {
      seenInMap.push(key);
      map.delete(key);
    }
    for (const item of set) {
      seenInSet.push(item);
      set.delete(item);
    }
    expect([map.size, set.size]).toEqual([0, 0]);
    expect([seenInMap.length, seenInSet.length]).toEqual([100, 100]);
  });
});
