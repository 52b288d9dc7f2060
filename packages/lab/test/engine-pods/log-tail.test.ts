import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail } from '../../src/engine-pods/log-tail.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-tail-'));
  path = join(directory, 'agent.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function read(tail: LogTail, end?: number): string[] {
  const lines: string[] = [];
  tail.read((line) => lines.push(line), end);
  return lines;
}

describe('the lines that come to a log', () => {
  it('are read once each, from where it is begun, and whole', () => {
    writeFileSync(path, 'earlier\nfirst\nsec');
    const tail = new LogTail(path, 'earlier\n'.length);
    expect(read(tail)).toEqual(['first']);
    expect(read(tail)).toEqual([]);
    appendFileSync(path, 'ond ü\nthird\n');
    expect(read(tail)).toEqual(['second ü', 'third']);
  });

  it('are left to the next reader from where its part begins', () => {
    writeFileSync(path, 'old\nnew\n');
    expect(read(new LogTail(path, 0), 'old\n'.length)).toEqual(['old']);
  });

  it('go on after the log was emptied', () => {
    writeFileSync(path, 'a long line before\n');
    const tail = new LogTail(path, 0);
    read(tail);
    truncateSync(path);
    appendFileSync(path, 'after\n');
    expect(read(tail)).toEqual(['after']);
  });

  it('may be many more than are read at a time, and one without an end is given out in pieces', () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${'x'.repeat(20)}`);
    writeFileSync(path, `${lines.join('\n')}\n${'y'.repeat(600_000)}`);
    const all = read(new LogTail(path, 0));
    expect(all.slice(0, lines.length)).toEqual(lines);
    expect(all.slice(lines.length).join('').length).toBeGreaterThan(300_000);
  });

  it('are none while there is no log', () => {
    expect(read(new LogTail(path, 5))).toEqual([]);
  });
});
