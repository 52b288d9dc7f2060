import { shortHash } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { RuleIds } from '../src/programs/rule-ids.ts';

describe('P4 rule ids', () => {
  it('are the short hash while nothing collides', () => {
    const ids = new RuleIds<string>();
    const renamed = new Set<string>();
    ids.add('one', 'p', renamed);
    ids.add('two', 'q', renamed);
    expect([ids.idOf('one'), ids.idOf('two')]).toEqual([shortHash('one'), shortHash('two')]);
    expect(renamed.size).toBe(0);
  });

  it('are numbered in the order of what they stand for, however they came, and say whose id changed', () => {
    const ids = new RuleIds<string>(() => 'h');
    const renamed = new Set<string>();
    ids.add('b', 'owner of b', renamed);
    expect([...renamed]).toEqual([]);
    ids.add('a', 'owner of a', renamed);
    expect([...renamed]).toEqual(['owner of b']);
    expect([ids.idOf('a'), ids.idOf('b')]).toEqual(['h', 'h.1']);
    renamed.clear();
    ids.delete('a', renamed);
    expect([...renamed]).toEqual(['owner of b']);
    expect(ids.idOf('b')).toBe('h');
    ids.delete('b', renamed);
    ids.delete('b', renamed);
    expect(ids.size).toBe(0);
  });
});
