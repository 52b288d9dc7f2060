import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SyncedFile } from '../../src/storage/synced-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-sync-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a synced file', () => {
  it('serves all who ask at the same time with one sync, and who asks during a sync with the next', async () => {
    const path = join(directory, 'data');
    writeFileSync(path, 'content');
    const file = new SyncedFile(path);
    const first = file.synced();
    expect(file.synced()).toBe(first);
    await first;
    const running = file.synced();
    await nextTurn();
    await nextTurn();
    const next = file.synced();
    expect(next).not.toBe(running);
    await Promise.all([running, next]);
    await file.close();
  });

  it('tells who waits that the file cannot be synced', async () => {
    const file = new SyncedFile(join(directory, 'missing'));
    await expect(file.synced()).rejects.toThrow(/ENOENT/);
    await expect(file.synced()).rejects.toThrow(/ENOENT/);
  });
});
