/**
 * What a loss of power leaves of a store: the last moment that was wholly on the disk.
 *
 * lmdb commits to the page cache and orders nothing on the disk, so after a loss of power its file may point to pages
 * that never got there. Three things make that harmless. A recovery point is the beginning of the file (its two meta
 * pages, one of which names the tree of the moment), recorded in a file of its own once everything older is on the
 * disk. A read transaction of that moment keeps lmdb from using its pages again until the next point is recorded.
 * And whoever opens the store in a later run of the machine puts the recorded beginning back first (`put-back.ts`).
 *
 * When only the process ends, the page cache has everything and nothing is put back.
 */
import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transaction } from 'lmdb';
import { encodeRecord, type RecoveryRecord, readRecord, recoveryFile } from './recovery-record.ts';
import { dataFile, revisionKey, type StoreDatabases } from './store-databases.ts';

/** Records the recovery points of a store that this process writes to. */
export class RecoveryPoints {
  readonly #databases: StoreDatabases;
  readonly #data: Promise<FileHandle>;
  readonly #record: Promise<FileHandle>;
  readonly #bootId: string;
  readonly #pageBytes: number;
  readonly #dataFd: number;
  #sequence: number;
  /** Keeps the pages of the last point. */
  #pin: Transaction | undefined;

  /** Records the present state, and waits for the disk. */
  constructor(directory: string, databases: StoreDatabases, bootId: string) {
    this.#databases = databases;
    this.#bootId = bootId;
    this.#pageBytes = (databases.root.getStats() as { readonly pageSize: number }).pageSize;
    const path = join(directory, recoveryFile);
    this.#sequence = readRecord(path)?.sequence ?? 0;
    this.#dataFd = openSync(join(directory, dataFile), 'r');
    fdatasyncSync(this.#dataFd);
    const { pin, record } = this.#capture();
    this.#pin = pin;
    const { position, bytes } = encodeRecord(record);
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_DSYNC, 0o600);
    writeSync(fd, bytes, 0, bytes.length, position);
    closeSync(fd);
    syncDirectory(directory);
    this.#data = open(join(directory, dataFile), 'r');
    this.#record = open(path, constants.O_WRONLY | constants.O_DSYNC);
    // Whoever waits for a point is told.
    for (const handle of [this.#data, this.#record]) handle.catch(() => undefined);
  }

  /** Resolves when a loss of power leaves everything that was committed before this call. One call at a time. */
  async take(): Promise<void> {
    const { pin, record } = this.#capture();
    try {
      await (await this.#data).datasync();
      const { position, bytes } = encodeRecord(record);
      await (await this.#record).write(bytes, 0, bytes.length, position);
    } catch (error) {
      pin.done();
      throw error;
    }
    this.#pin?.done();
    this.#pin = pin;
  }

  /** The store may be closed afterwards. */
  async close(): Promise<void> {
    this.#pin?.done();
    this.#pin = undefined;
    closeSync(this.#dataFd);
    await Promise.all([this.#data, this.#record].map(async (handle) => (await handle).close()));
  }

  /** The newest commit, and how the file begins with it: nothing else runs between the two. */
  #capture(): { readonly pin: Transaction; readonly record: RecoveryRecord } {
    const { root, meta } = this.#databases;
    const pin = root.useReadTransaction();
    // lmdb begins a transaction with its first read.
    meta.get(revisionKey, { transaction: pin });
    const pages = Buffer.alloc(2 * this.#pageBytes);
    readSync(this.#dataFd, pages, 0, pages.length, 0);
    this.#sequence++;
    return { pin, record: { sequence: this.#sequence, bootId: this.#bootId, pages } };
  }
}

/** A new file outlives a loss of power when its directory does. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
