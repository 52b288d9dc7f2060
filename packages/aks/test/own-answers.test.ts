/** The list of answers that are Weir's own: what it names is there to be met. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('the page of managed clusters names only codes that the endpoint answers', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const folder = join(root, 'packages', 'aks', 'src');
  const page = readFileSync(join(root, 'docs', 'aks.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  const codes = rows.flatMap((row) => [...(row.split(' | ').at(-1) ?? '').matchAll(/`([A-Z]\w+)`/g)].map(([, code = '']) => code));
  expect(codes.length).toBeGreaterThan(20);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  expect(codes.filter((code) => !sources.some((source) => source.includes(`'${code}'`)))).toEqual([]);
});
