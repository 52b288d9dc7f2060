/** Which of its two forms the command starts in, and what it keeps: a copy of `bin` beside modules that say which one they are. */
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'weirt-entry-'));
const packages = join(root, 'packages');
const bundle = join(packages, 'cli', 'dist', 'bundle', 'index.js');
const compiled = join(packages, 'net', 'dist', '.tsbuildinfo');

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** An entry of the bundle that says a word, and the arguments' first. */
function mainSaying(word: string): string {
  return `exports.main = ([first]) => { process.stdout.write('${word} ' + first); };`;
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
  write(bundle, mainSaying('bundle'));
  utimesSync(bundle, 2_000, 2_000);
  utimesSync(compiled, 1_000, 1_000);
  expect(started()).toBe('bundle status');
  utimesSync(compiled, 3_000, 3_000);
  expect(started()).toBe('modules status');
});

describe('what V8 compiled of the bundle', () => {
  const kept = join(dirname(bundle), 'kept-code');
  const keptFiles = (): string[] =>
    readdirSync(kept, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.code'))
      .map((name) => join(kept, name));
  const changes = (): number[] => keptFiles().map((file) => statSync(file).mtimeMs);

  beforeEach(() => {
    rmSync(dirname(bundle), { recursive: true, force: true });
    write(bundle, mainSaying('first'));
    utimesSync(compiled, 1_000, 1_000);
  });

  it('is kept at the end of the first start, and serves the next ones', () => {
    expect(started()).toBe('first status');
    const before = changes();
    expect(before).toHaveLength(1);
    expect(started()).toBe('first status');
    expect(changes()).toEqual(before);
  });

  it('is of no other bundle, not even of one as long, and made anew where it is broken', () => {
    started();
    write(bundle, mainSaying('other'));
    expect(started()).toBe('other status');
    for (const file of keptFiles()) truncateSync(file, 100);
    expect(started()).toBe('other status');
    expect(keptFiles().some((file) => statSync(file).size > 100)).toBe(true);
  });

  it.runIf(process.getuid?.() === 0)('is kept by nobody but the owner of the bundle, who could not remove it', () => {
    chownSync(dirname(bundle), 65_534, 65_534);
    expect(started()).toBe('first status');
    expect(existsSync(kept)).toBe(false);
  });
});
