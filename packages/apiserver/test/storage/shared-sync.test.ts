import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SharedSync } from '../../src/storage/shared-sync.ts';

describe('a shared sync', () => {
  it('serves all who ask at the same time with one run, and who asks during a run with the next', async () => {
    const runs: (() => void)[] = [];
    const sync = new SharedSync(() => new Promise((resolve) => runs.push(resolve)));
    const first = sync.done();
    expect(sync.done()).toBe(first);
    await nextTurn();
    await nextTurn();
    expect(runs).toHaveLength(1);
    const next = sync.done();
    expect(next).not.toBe(first);
    await nextTurn();
    await nextTurn();
    // One at a time.
    expect(runs).toHaveLength(1);
    runs[0]?.();
    await first;
    await nextTurn();
    await nextTurn();
    runs[1]?.();
    await next;
  });

  it('tells who waits that a run has failed, and runs again for the next', async () => {
    let left = 1;
    const sync = new SharedSync(() => (left-- > 0 ? Promise.reject(new Error('EIO')) : Promise.resolve()));
    await expect(sync.done()).rejects.toThrow('EIO');
    await sync.done();
  });
});
