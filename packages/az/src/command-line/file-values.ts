/** `@file` in place of a value: what is in the file; `@-` is standard input. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The words, with what files hold. A word that names no file stays as it is, as az leaves it. */
export function withFiles(words: readonly string[], home: string): readonly string[] {
  return words.map((word) => {
    const at = word.startsWith('@') ? -1 : word.indexOf('=');
    const value = word.slice(at + 1);
    return value.startsWith('@') && value.length > 1 ? `${word.slice(0, at + 1)}${contentOf(value, home)}` : word;
  });
}

function contentOf(value: string, home: string): string {
  const name = value.slice(1);
  try {
    const path = name.startsWith('~/') ? join(home, name.slice(2)) : name;
    return readFileSync(name === '-' ? 0 : path, 'utf8').replace(/\n+$/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return value;
    throw error;
  }
}
