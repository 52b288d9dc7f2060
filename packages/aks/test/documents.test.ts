/** What the endpoint keeps on disk: damage is told, and never passed over. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DocumentStore, StorageError } from '../src/state/document-store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-documents-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (): DocumentStore<{ readonly a: number }> => new DocumentStore(directory);
const file = (): string => join(directory, readdirSync(directory)[0] ?? '');

describe('a store of documents', () => {
  it('gives back what was put, also to the next process, and what half a put has left is nothing', () => {
    open().put('k', { a: 1 });
    writeFileSync(`${file()}.new`, '{"key":');
    expect(open().list()).toEqual([{ a: 1 }]);
    expect(readdirSync(directory)).toHaveLength(1);
  });

  it.each([
    ['cut off', '{"key":"k","docu'],
    ['empty', ''],
    ['something else', '[]'],
    ['without its document', '{"key":"k"}'],
    ['that of another key', '{"key":"other","document":{"a":1}}'],
  ])('is not opened with a file that is %s, and the file is named', (_name, text) => {
    open().put('k', { a: 1 });
    writeFileSync(file(), text);
    expect(open).toThrow(`${file()} cannot be read; move it away to go on without it`);
  });

  it('that cannot write says so, and has what it had', () => {
    const store = open();
    store.put('k', { a: 1 });
    // What is no folder any more takes nothing.
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    expect(() => store.put('k', { a: 2 })).toThrow(StorageError);
    expect(store.get('k')).toEqual({ a: 1 });
  });
});
