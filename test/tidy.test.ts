/** Properties of the house itself that no other tool checks. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = files.filter((file) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the house', () => {
  it('has at least the packages of its plan', () => {
    expect(sources.length).toBeGreaterThan(100);
  });

  it('starts every source file with a comment that says what it owns', () => {
    expect(sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(read(file)))).toEqual([]);
  });

  it('names files after one concept, in kebab-case', () => {
    const grabBags = /(^|[-/])(utils?|helpers?|common|manager|misc)(\.|-|\/)/;
    expect(sources.filter((file) => grabBags.test(file.replace(/^packages\/[^/]+\/src/, '')))).toEqual([]);
    expect(sources.filter((file) => !/^[a-z0-9-]+(\.d)?\.ts$/.test(file.split('/').at(-1) ?? ''))).toEqual([]);
  });

  it('holds no path of one machine', () => {
    const machinePath = /(\/home\/\w|\/root\/|\/work\/)/;
    const prose = files.filter((file) => /\.(ts|mjs|cjs|js|json|md|ya?ml|c|h)$/.test(file) && file !== 'test/tidy.test.ts');
    expect(prose.filter((file) => machinePath.test(read(file)))).toEqual([]);
  });

  it('keeps the door to Windows, the one file that no test can open, at 100 lines', () => {
    expect(read('packages/kernel/src/hns/windows-hns-door.ts').trimEnd().split('\n').length).toBeLessThanOrEqual(100);
  });

  it('says of every rule of a SPEC.md which test shows it', () => {
    const tests = files.filter((file) => /\.(test|case)\.ts$|(^|\/)test\/.*\.ts$/.test(file)).map(read);
    const missing: string[] = [];
    for (const spec of files.filter((file) => file.endsWith('SPEC.md'))) {
      const ids = [...read(spec).matchAll(/^(?:\| *|- |#+ )?\*{0,2}([A-Z]{1,4}\d{1,3})\*{0,2}\b/gm)].map((match) => match[1] ?? '');
      for (const id of new Set(ids)) {
        const mention = new RegExp(`\\b${id}\\b`);
        if (!tests.some((test) => mention.test(test))) missing.push(`${spec}: ${id}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('links only to files that are there', () => {
    const broken: string[] = [];
    for (const file of files.filter((name) => name.endsWith('.md'))) {
      for (const [, target = ''] of read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        if (!existsSync(join(root, normalize(join(dirname(file), target))))) broken.push(`${file}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('gives a reason for every run-time dependency', () => {
    const reasons = read('design/dependencies.md');
    const dependencies = files
      .filter((file) => /^packages\/[^/]+\/package\.json$/.test(file) && !file.includes('/testkit/'))
      .flatMap((file) => Object.keys((JSON.parse(read(file)) as { dependencies?: Record<string, string> }).dependencies ?? {}));
    expect([...new Set(dependencies)].filter((name) => !name.startsWith('@weir/') && !reasons.includes(name))).toEqual([]);
  });
});
