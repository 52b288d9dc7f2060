/** The audit log as a file: private, bounded, and no reason to stop. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';

let directory: string;
let path: string;
let troubles: string[];
const onTrouble = (message: string): void => {
  troubles.push(message);
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-audit-'));
  path = join(directory, 'audit.log');
  troubles = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

describe('an audit log', () => {
  it('has each line in its file before anything else happens', async () => {
    const log = new AuditLog({ path, onTrouble });
    for (let i = 0; i < 1_000; i++) log.write(`line ${i}`);
    await turn();
    expect(linesOf(path)).toEqual(Array.from({ length: 1_000 }, (_, i) => `line ${i}`));
    log.write('the last one');
    log.close();
    expect(linesOf(path).at(-1)).toBe('the last one');
    expect(troubles).toEqual([]);
  });

  it('can be read by its owner only, also when the file was there before', () => {
    writeFileSync(path, 'before\n', { mode: 0o644 });
    chmodSync(path, 0o644);
    const log = new AuditLog({ path, onTrouble });
    log.write('after');
    log.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(linesOf(path)).toEqual(['before', 'after']);
  });

  it('is bounded: the newest lines are in a few files, none cut in two', async () => {
    const log = new AuditLog({ path, fileBytes: 1_000, files: 3, onTrouble });
    for (let i = 0; i < 300; i++) {
      log.write(`line ${String(i).padStart(4, '0')}`);
      await turn();
    }
    log.close();
    expect(readdirSync(directory).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2']);
    const kept = ['.2', '.1', ''].flatMap((ending) => {
      const file = `${path}${ending}`;
      expect(statSync(file).size).toBeLessThanOrEqual(1_000);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      return linesOf(file);
    });
    expect(kept.length).toBeGreaterThanOrEqual(200);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => `line ${String(300 - kept.length + i).padStart(4, '0')}`));
  });

  it('counts what it cannot write, says so once, and goes on when it can', async () => {
    const log = new AuditLog({ path: join(directory, 'later', 'audit.log'), onTrouble });
    for (let i = 0; i < 3; i++) {
      log.write(`lost ${i}`);
      await turn();
    }
    expect(log.lost).toBe(3);
    expect(troubles).toEqual([expect.stringContaining('the audit log cannot be written')]);
    mkdirSync(join(directory, 'later'));
    log.write('written');
    await turn();
    expect(linesOf(join(directory, 'later', 'audit.log'))).toEqual(['written']);
    expect(troubles.slice(1)).toEqual(['the audit log is written again; 3 events are not in it']);
    expect(log.lost).toBe(0);
    log.close();
  });

  it('counts what a full disk does not take, and leaves one broken line at most', () => {
    const program = join(import.meta.dirname, '../support/full-disk.ts');
    const told = execFileSync(process.execPath, ['--conditions=source', '--import', 'tsx', program, path], { encoding: 'utf8' });
    const { lost, troubles: words } = JSON.parse(told) as { readonly lost: number; readonly troubles: readonly string[] };
    const lines = linesOf(path);
    expect(lost).toBeGreaterThan(10);
    expect(words).toEqual([expect.stringContaining('EFBIG'), `the audit log is written again; ${lost} events are not in it`]);
    expect(lines.at(-1)).toBe('the disk has room again');
    const whole = lines.slice(0, -1).filter((line) => /^line \d+ x{90}$/.test(line));
    expect(whole).toHaveLength(30 - lost);
    expect(lines.length - 1 - whole.length).toBeLessThanOrEqual(1);
  });

  it('is not written through a link', async () => {
    const other = join(directory, 'other');
    writeFileSync(other, '', { mode: 0o644 });
    symlinkSync(other, path);
    const log = new AuditLog({ path, onTrouble });
    log.write('lost');
    await turn();
    log.close();
    expect(readFileSync(other, 'utf8')).toBe('');
    expect(statSync(other).mode & 0o777).toBe(0o644);
    expect(troubles).toEqual([expect.stringContaining('ELOOP')]);
  });
});
