import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const packages = join(import.meta.dirname, '../..');

describe('SPEC.md', () => {
  it('has a test for every rule, and no test names a rule that is not there', () => {
    const rules = [...readFileSync(join(packages, 'model/SPEC.md'), 'utf8').matchAll(/^\| (NP[0-9]+) \|/gm)].map(([, id]) => id ?? '');
    const titles = ['model', 'compile', 'analyze']
      .flatMap((name) => testFiles(join(packages, name, 'test')))
      .flatMap((file) => ruleIds(readFileSync(file, 'utf8')));
    expect(new Set(rules).size).toBe(rules.length);
    expect(new Set(titles)).toEqual(new Set(rules));
  });
});

/** Ids at the start of a title, or of a row of a table of titles. */
function ruleIds(source: string): string[] {
  return [...source.matchAll(/['"`](NP[0-9]+) /g)].map(([, id]) => id ?? '');
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file));
}
