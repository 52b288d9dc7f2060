/**
 * Documents on disk, one file each: what was put is there after a crash, whole. Everything is also in memory, since
 * there are few; names of files are not told by users.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '@weir/kube';

interface StoredDocument<Document> {
  readonly key: string;
  readonly document: Document;
}

/** The disk does not take, or give away, what it should; the message says why. */
export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
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

  /** Keeps the document; it is on disk when this returns. Throws {@link StorageError}, and then the one before is there. */
  put(key: string, document: Document): void {
    const path = this.#pathOf(key);
    const temporary = `${path}.new`;
    try {
      writeFileSync(temporary, JSON.stringify({ key, document } satisfies StoredDocument<Document>), { mode: 0o600, flush: true });
      renameSync(temporary, path);
      this.#syncDirectory();
    } catch (error) {
      discard(temporary);
      throw new StorageError(error);
    }
    this.#documents.set(key, document);
  }

  /**
   * Keeps the end of something. Where the disk does not take it, it is told all the same until the process ends, since the
   * next one comes to the same end; {@link StorageError} is thrown then too.
   */
  settle(key: string, document: Document): void {
    try {
      this.put(key, document);
    } catch (error) {
      this.#documents.set(key, document);
      throw error;
    }
  }

  /** Forgets it, also on disk. Throws {@link StorageError}. */
  delete(key: string): void {
    try {
      rmSync(this.#pathOf(key), { force: true });
      this.#syncDirectory();
    } catch (error) {
      throw new StorageError(error);
    }
    this.#documents.delete(key);
  }

  #pathOf(key: string): string {
    return join(this.#directory, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  }

  #load(path: string): void {
    try {
      const stored: unknown = JSON.parse(readFileSync(path, 'utf8'));
      const { key, document } = (isJsonObject(stored) ? stored : {}) as Partial<StoredDocument<Document>>;
      if (typeof key !== 'string' || !isJsonObject(document) || this.#pathOf(key) !== path)
        throw new Error('it is no document of this store');
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

/** What cannot be removed now is removed by the next process, and the first failure is the one to tell of. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing depends on it.
  }
}
