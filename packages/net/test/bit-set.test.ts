import { describe, expect, it } from 'vitest';
import { BitSet } from '../src/index.ts';

function setOf(size: number, members: readonly number[]): BitSet {
  const set = BitSet.empty(size);
  for (const member of members) set.add(member);
  return set;
}

describe('sets as bits', () => {
  it.each([
    [1, 1],
    [31, 33],
    [70, 100],
    [129, 64],
  ])('%i sets of numbers below %i are turned into who has each number', (count, size) => {
    const rows = Array.from({ length: count }, (_, row) =>
      BitSet.where(size, (member) => (row * 31 + member * 17) % 7 < 2 && member % 50 !== 3),
    );
    const turned = BitSet.turned(rows, size);
    expect(turned.length).toBe(size);
    for (const [member, set] of turned.entries()) {
      const places = rows.flatMap((row, at) => (row.has(member) ? [at] : []));
      expect(set?.members()).toEqual(places.length === 0 ? undefined : places);
    }
  });

  it('are equal by their members', () => {
    expect(setOf(70, [1, 65]).equals(setOf(70, [65, 1]))).toBe(true);
    expect(setOf(70, [1, 65]).equals(setOf(70, [1, 66]))).toBe(false);
  });

  it('meet where they have a member in common', () => {
    expect(setOf(70, [1, 65]).meets(setOf(70, [2, 65]))).toBe(true);
    expect(setOf(70, [1, 65]).meets(setOf(70, [2, 64]))).toBe(false);
  });

  it('lose the members of another set', () => {
    const set = setOf(70, [1, 40, 65]);
    set.deleteAll(setOf(70, [40, 41]));
    expect(set.members()).toEqual([1, 65]);
  });
});
