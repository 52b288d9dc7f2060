/** The files of a store as lmdb opens them: what is in which database, and the commits' relation to the disk. */
import { type Database, open, type RootDatabase } from 'lmdb';
import { putBack } from './put-back.ts';

/** The databases of one store. */
export interface StoreDatabases {
  readonly root: RootDatabase<Uint8Array, string>;
  /** JSON texts by key, see `keyText`. */
  readonly objects: Database<Uint8Array, string>;
  /** `revision`: the newest. */
  readonly meta: Database<number, string>;
}

/** The file of lmdb, in the directory of the store. */
export const dataFile = 'data.mdb';

/** Under which key the newest revision stands. */
export const revisionKey = 'revision';

/** Not 0: clients take 0 for "any version". */
export const firstRevision = 1;

/**
 * Address space for the file. When the file outgrows it, lmdb maps it anew and keeps the old maps for who still reads
 * there, so that pages would be counted twice; it costs nothing until the file is so large.
 */
const mapBytes = 4 * 1024 ** 3;

/** Opens the store in a directory to read; no process may write there meanwhile. Nothing is made, what is missing is an error. */
export function openToRead(directory: string): StoreDatabases {
  return openDatabases(directory, { readOnly: true });
}

/**
 * Opens the store in a directory to write; nobody else may write there. Commits do not wait for the disk: whoever has
 * to hear of a change hears of it before. So what another run of the machine has left is put in order first.
 */
export function openToWrite(directory: string, bootId: string): StoreDatabases {
  putBack(directory, { bootId, dataFile });
  return openDatabases(directory, { noSync: true });
}

function openDatabases(directory: string, options: { readonly readOnly: true } | { readonly noSync: true }): StoreDatabases {
  const root = open<Uint8Array, string>({
    path: directory,
    // A name with a dot in it would be taken for that of a file.
    noSubdir: false,
    encoding: 'binary',
    maxDbs: 4,
    mapSize: mapBytes,
    ...options,
  });
  return {
    root,
    objects: root.openDB('objects', { encoding: 'binary' }),
    meta: root.openDB('meta', { encoding: 'json' }),
  };
}
