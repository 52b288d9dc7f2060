/** Which of its two forms the command starts in: a copy of `bin` beside modules that say which one they are. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'weirt-entry-'));
const packages = join(root, 'packages');
const bundle = join(packages, 'cli', 'dist', 'bundle', 'index.js');
const compiled = join(packages, 'net', 'dist', '.tsbuildinfo');

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function started(): string {
  return execFileSync(process.execPath, [join(packages, 'cli', 'bin', 'weir.js'), 'status'], { encoding: 'utf8' });
}

beforeAll(() => {
  cpSync(join(import.meta.dirname, '..', 'bin'), join(packages, 'cli', 'bin'), { recursive: true });
  write(join(packages, 'cli', 'package.json'), '{"type":"module"}');
  write(join(packages, 'cli', 'dist', 'index.js'), 'export const main = ([word]) => { process.stdout.write(`modules ${word}`); };');
  write(compiled, '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('starts from its modules where there is no bundle, from the bundle where there is one, and from its modules when any was compiled since', () => {
  expect(started()).toBe('modules status');
  write(bundle, 'export const main = ([word]) => { process.stdout.write(`bundle ${word}`); };');
  utimesSync(bundle, 2_000, 2_000);
  utimesSync(compiled, 1_000, 1_000);
  expect(started()).toBe('bundle status');
  utimesSync(compiled, 3_000, 3_000);
  expect(started()).toBe('modules status');
});
