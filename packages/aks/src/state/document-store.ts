/**
 * Documents on disk, one file each: what was put is there after a crash, whole. Everything is also in memory, since
 * there are few; names of files are not told by users.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface StoredDocument<Document> {
  readonly key: string;
  readonly document: Document;
}

/** A folder of documents of one kind, by key. */
export class DocumentStore<Document> {
  readonly #directory: string;
  readonly #documents = new Map<string, Document>();

  /** Opens the folder, which is made when there is none. Throws when a file in it is damaged: nothing is forgotten silently. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(directory)) {
      // A put that did not come to its end; the document before it is whole.
      if (!file.endsWith('.json')) rmSync(join(directory, file), { force: true });
      else this.#load(join(directory, file));
    }
  }

  get(key: string): Document | undefined {
    return this.#documents.get(key);
  }

  /** All, or those of which the key begins with `prefix`, in the order of their keys. */
  list(prefix = ''): readonly Document[] {
    return [...this.#documents]
      .filter(([key]) => key.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, document]) => document);
  }

  /** Keeps the document; it is on disk when this returns. */
  put(key: string, document: Document): void {
    const path = this.#pathOf(key);
    const temporary = `${path}.new`;
    writeFileSync(temporary, JSON.stringify({ key, document } satisfies StoredDocument<Document>), { mode: 0o600, flush: true });
    renameSync(temporary, path);
    this.#syncDirectory();
    this.#documents.set(key, document);
  }

  delete(key: string): void {
    rmSync(this.#pathOf(key), { force: true });
    this.#syncDirectory();
    this.#documents.delete(key);
  }

  #pathOf(key: string): string {
    return join(this.#directory, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  }

  #load(path: string): void {
    try {
      const { key, document } = JSON.parse(readFileSync(path, 'utf8')) as StoredDocument<Document>;
      this.#documents.set(key, document);
    } catch (error) {
      throw new Error(`${path} cannot be read; move it away to go on without it`, { cause: error });
    }
  }

  #syncDirectory(): void {
    const directory = openSync(this.#directory, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}
