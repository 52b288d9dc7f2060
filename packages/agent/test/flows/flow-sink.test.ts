/** Where flow records go: bounded, and never waiting for anybody. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSink, StreamSink } from '../../src/flows/flow-sink.ts';

describe('a flow file', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-flow-sink-'));
    path = join(directory, 'flows');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('begins anew at its limit, keeps one predecessor, and is for its owner alone', () => {
    const sink = new FileSink(path, 100);
    for (let i = 0; i < 50; i++) expect(sink.write([`line ${i} ........\n`])).toBe(1);
    sink.close();
    expect(statSync(path).size).toBeLessThanOrEqual(100);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(100);
    expect(existsSync(`${path}.2`)).toBe(false);
    expect(readFileSync(path, 'utf8')).toContain('line 49 ');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('goes on behind what is in it', () => {
    for (const line of ['one\n', 'two\n']) {
      const sink = new FileSink(path, 1_000);
      sink.write([line]);
      sink.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  it('throws while it cannot be written, and goes on when it can', () => {
    const sink = new FileSink(path, 10);
    sink.write(['12345\n']);
    rmSync(directory, { recursive: true });
    expect(() => sink.write(['67890\n'])).toThrow('ENOENT');
    mkdirSync(directory);
    expect(sink.write(['67890\n'])).toBe(1);
    sink.close();
    expect(readFileSync(path, 'utf8')).toBe('67890\n');
  });

  it('is no pipe, no device and no link to somewhere else', () => {
    execFileSync('mknod', [path, 'p']);
    expect(() => new FileSink(path, 10)).toThrow(/ENXIO|no regular file/);
    expect(() => new FileSink('/dev/null', 10)).toThrow('no regular file');
    const link = join(directory, 'link');
    symlinkSync(join(directory, 'elsewhere'), link);
    expect(() => new FileSink(link, 10)).toThrow('ELOOP');
  });
});

describe('standard output', () => {
  it('takes no more than a slow reader can be helped with', () => {
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const sink = new StreamSink(stuck);
    const line = `${'x'.repeat(100_000)}\n`;
    let written = 0;
    for (let i = 0; i < 100; i++) written += sink.write([line]);
    expect(written).toBeGreaterThan(5);
    expect(written).toBeLessThan(15);
    stuck.destroy();
    expect(sink.write([line])).toBe(0);
  });
});
