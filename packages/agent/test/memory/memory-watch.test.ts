/** When memory counts as short. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryGuard } from '../../src/memory/memory-guard.ts';
import { MemoryNoteFile } from '../../src/memory/memory-note.ts';
import { MemoryWatch } from '../../src/memory/memory-watch.ts';

class Setup {
  used = 0;
  garbage = 0;
  nowMs = 0;
  collections = 0;
  readonly watch = new MemoryWatch({
    limitBytes: 100,
    residentBytes: () => this.used + this.garbage,
    collectGarbage: () => {
      this.collections++;
      this.garbage = 0;
    },
    nowMs: () => this.nowMs,
  });
}

describe('the memory watch', () => {
  it('takes garbage for no alarm', () => {
    const setup = new Setup();
    setup.used = 50;
    setup.garbage = 70;
    expect(setup.watch.check()).toBe('good');
    expect(setup.collections).toBe(1);
  });

  it('says near from 85 % on, until it is below 80 % again, and collects garbage now and then only', () => {
    const setup = new Setup();
    const states = [84, 85, 90, 82, 79].map((used) => {
      setup.used = used;
      setup.nowMs += 1_000;
      return setup.watch.check();
    });
    expect(states).toEqual(['good', 'near', 'near', 'near', 'good']);
    expect(setup.collections).toBe(1);
    setup.used = 90;
    setup.nowMs += 30_000;
    setup.watch.check();
    expect(setup.collections).toBe(2);
  });

  it('says full at the limit, after a collection, and for good', () => {
    const setup = new Setup();
    setup.used = 90;
    setup.garbage = 20;
    expect(setup.watch.check()).toBe('near');
    setup.used = 100;
    expect(setup.watch.check()).toBe('full');
    setup.used = 10;
    expect(setup.watch.check()).toBe('full');
  });
});

describe('the memory guard of the next process', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-memory-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const guard = (limitMb: number | undefined): MemoryGuard =>
    new MemoryGuard({ limitMb, stateDirectory: directory, log: pino({ level: 'silent' }), sizes: () => ({}), onFull: () => undefined });

  it.each([
    [1, 10_000],
    [2, 60_000],
    [3, 300_000],
    [9, 300_000],
  ])('waits after %i ends %i ms before it reads the cluster, and says why', (ends, holdMs) => {
    new MemoryNoteFile(directory).write({ state: 'full', at: '2026-01-01T00:00:00Z', rssMb: 97, limitMb: 96, ends });
    const next = guard(96);
    expect(next.begin()).toBe(holdMs);
    expect(next.hold).toContain('ended at its memory limit (97 of 96 MB at 2026-01-01T00:00:00Z)');
    next.release();
    expect(next.hold).toBeUndefined();
  });

  it('begins at once without a note, with a damaged one, or without a limit', () => {
    expect(guard(96).begin()).toBe(0);
    new MemoryNoteFile(directory).write({ state: 'near', at: 'x', rssMb: 1, limitMb: 1, ends: 1 });
    expect(guard(undefined).begin()).toBe(0);
    writeFileSync(join(directory, 'memory.json'), '{"state":"full"');
    expect(guard(96).begin()).toBe(0);
  });
});
