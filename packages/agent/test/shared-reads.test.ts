/** Reads that are shared, and never older than who asked for them. */
import { describe, expect, it } from 'vitest';
import { SharedReads } from '../src/sources/shared-reads.ts';

describe('shared reads', () => {
  it('give everybody a read that began after the question, at most two for any number at once', async () => {
    const begun: string[] = [];
    const ends: ((error?: Error) => void)[] = [];
    const reads = new SharedReads((key) => {
      begun.push(key);
      return new Promise((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))));
    });
    const order: string[] = [];
    const first = reads.read('a').then(() => order.push('first'));
    const others = Array.from({ length: 50 }, () => reads.read('a').then(() => order.push('other')));
    const elsewhere = reads.read('b');
    expect(begun).toEqual(['a', 'b']);
    ends[0]?.();
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['a', 'b', 'a']);
    expect(order).toEqual(['first']);
    ends[2]?.();
    ends[1]?.();
    await Promise.all([...others, elsewhere]);
    expect(order).toHaveLength(51);
    const later = reads.read('a');
    expect(begun).toHaveLength(4);
    ends[3]?.();
    await later;
  });

  it('tell a failure to those who shared the read that failed, and to nobody else', async () => {
    let runs = 0;
    const reads = new SharedReads(async () => {
      runs++;
      await new Promise((resolve) => setImmediate(resolve));
      if (runs === 1) throw new Error('no');
    });
    const results = await Promise.allSettled([reads.read('a'), reads.read('a'), reads.read('a')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(runs).toBe(2);
  });
});
