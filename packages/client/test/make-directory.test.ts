import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory } from '../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'weirt-make-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a directory that is asked for', () => {
  it('is made with those above it, and may be there already', () => {
    const path = join(directory, 'a', 'b', 'c');
    makeDirectory(path, 0o700);
    makeDirectory(path);
    makeDirectory(`${directory}/a/../a/d/`);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'a', 'd')).isDirectory()).toBe(true);
  });

  it('may be a link to one', () => {
    symlinkSync(directory, join(directory, 'link'));
    makeDirectory(join(directory, 'link', 'e'));
    expect(statSync(join(directory, 'e')).isDirectory()).toBe(true);
  });

  it('is refused where there cannot be one', () => {
    writeFileSync(join(directory, 'file'), '');
    symlinkSync('nowhere', join(directory, 'dangling'));
    expect(() => makeDirectory(join(directory, 'file'))).toThrow('EEXIST');
    expect(() => makeDirectory(join(directory, 'file', 'below'))).toThrow('EEXIST');
    expect(() => makeDirectory(join(directory, 'dangling'))).toThrow('EEXIST');
  });

  it.runIf(process.platform === 'linux')('is refused by the kernel below /proc, and does not keep anybody waiting', () => {
    expect(() => makeDirectory('/proc/nope/below')).toThrow('ENOENT');
  });
});
