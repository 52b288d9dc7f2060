import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileWatch } from '../src/file-watch.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-watch-'));
  mkdirSync(join(directory, 'sub'));
  write('a.yaml', 'a');
  write('sub/b.yaml', 'b');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string): string => join(directory, name);
const write = (name: string, text: string): void => writeFileSync(at(name), text);
/** Never looks by itself: what it finds, it was told of. */
const told = { lookEvery: 1_000_000, calm: 5 };
const never = new AbortController().signal;

describe('waiting for a change of files', () => {
  it('ends with a file that is written, comes, goes or takes the place of another, in folders below as well', async () => {
    const watch = new FileWatch([directory], told);
    expect(watch.size).toBe(2);
    const steps: readonly (readonly [() => void, readonly string[]])[] = [
      [(): void => write('a.yaml', 'longer'), ['a.yaml']],
      [(): void => write('sub/c.yaml', 'c'), ['sub/c.yaml']],
      [(): void => rmSync(at('sub/b.yaml')), ['sub/b.yaml']],
      [(): void => renameSync(at('sub/c.yaml'), at('a.yaml')), ['a.yaml', 'sub/c.yaml']],
    ];
    for (const [change, names] of steps) {
      const changed = watch.changed(never);
      change();
      expect(await changed).toEqual(names.map(at));
    }
  });

  it('finds what changed before it began to wait', async () => {
    const watch = new FileWatch([at('a.yaml')], told);
    write('a.yaml', 'changed meanwhile');
    expect(await watch.changed(never)).toEqual([at('a.yaml')]);
  });

  it('looks now and then where nobody tells', async () => {
    const watch = new FileWatch([at('later/d.yaml')], { lookEvery: 5, calm: 5 });
    const changed = watch.changed(never);
    // The folder was not there when it began, so that nobody tells of what is in it.
    mkdirSync(at('later'));
    write('later/d.yaml', 'd');
    expect(await changed).toEqual([at('later/d.yaml')]);
  });

  it('ends without a change when it is interrupted', async () => {
    const interrupt = new AbortController();
    const changed = new FileWatch([directory], told).changed(interrupt.signal);
    interrupt.abort();
    expect(await changed).toEqual([]);
  });
});
