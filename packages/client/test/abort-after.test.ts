/** Time limits, and what the garbage collector must not take with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { abortAfter } from '../src/index.ts';

test('a time limit fires although nobody holds what it is made of while garbage is collected', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const signal = abortAfter(200, new AbortController().signal);
  const deadline = performance.now() + 10_000;
  while (!signal.aborted && performance.now() < deadline) {
    collectGarbage();
    await sleep(20);
  }
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('a time limit ends early, with the same reason, when what it belongs to is aborted before or afterwards', () => {
  const parent = new AbortController();
  const signal = abortAfter(60_000, parent.signal);
  expect(signal.aborted).toBe(false);
  parent.abort('stopped');
  expect(signal.reason).toBe('stopped');
  expect(abortAfter(60_000, parent.signal).reason).toBe('stopped');
});
