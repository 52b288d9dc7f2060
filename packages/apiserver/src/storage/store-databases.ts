/** The files of a store as lmdb opens them: what is in which database, and the commits' relation to the disk. */
import { type Database, open, type RootDatabase } from 'lmdb';

/** The databases of one store. */
export interface StoreDatabases {
  readonly root: RootDatabase<Uint8Array, string>;
  /** JSON texts by key, see `keyText`. */
  readonly objects: Database<Uint8Array, string>;
  /** `revision`: the newest. */
  readonly meta: Database<number, string>;
}

/** Under which key the newest revision stands. */
export const revisionKey = 'revision';

/** Not 0: clients take 0 for "any version". */
export const firstRevision = 1;

/**
 * Address space for the file. When the file outgrows it, lmdb maps it anew and keeps the old maps for who still reads
 * there, so that pages would be counted twice; it costs nothing until the file is so large.
 */
const mapBytes = 4 * 1024 ** 3;

/**
 * Opens the store in a directory. To read beside a process that writes, nothing is made: what is missing is an error.
 * Commits do not wait for the disk: whoever has to hear of a change hears of it before.
 */
export function openStoreDatabases(directory: string, { readOnly }: { readonly readOnly: boolean }): StoreDatabases {
  const root = open<Uint8Array, string>({
    path: directory,
    encoding: 'binary',
    maxDbs: 4,
    mapSize: mapBytes,
    ...(readOnly ? { readOnly } : { noSync: true }),
  });
  return {
    root,
    objects: root.openDB('objects', { encoding: 'binary' }),
    meta: root.openDB('meta', { encoding: 'json' }),
  };
}
