/** The page about clients names tests: they exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'design', 'clients.md'), 'utf8');

/** `file` – title, of every table line. */
const named = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what it does'))
  .flatMap((line) =>
    Array.from(line.matchAll(/`((?:test|packages)\/[^`]+)` – (.+?)(?=; `(?:test|packages)\/| \|$)/g), ([, file = '', title = '']) => [
      file,
      title,
    ]),
  );

it('every requirement of a client names a test that exists under its title', () => {
  expect(named.length).toBeGreaterThan(100);
  const missing = named.filter(([file = '', title = '']) => {
    const path = join(root, file);
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(title);
  });
  expect(missing).toEqual([]);
});

it('no requirement is left without a test', () => {
  const bare = page.split('\n').filter((line) => /^\| (?!what it does)/.test(line) && !line.includes('` – '));
  expect(bare).toEqual([]);
});
