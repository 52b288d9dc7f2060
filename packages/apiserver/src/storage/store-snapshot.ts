/**
 * Snapshots of a store's directory: taken beside a server that runs, put back while none does.
 *
 * A snapshot is one moment of the store, read from a copy of its file. What is put back replaces everything, in
 * one transaction as well. The revision goes on after the newest of either store, so that a watch from before is
 * told that it has to begin anew (410), whichever of the two it has followed.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isOfOtherRun, machineBootId } from './put-back.ts';
import { RecoveryPoints } from './recovery-point.ts';
import { readSnapshot, SnapshotError, type SnapshotHeader, writeSnapshot } from './snapshot-file.ts';
import { copyStoreFile } from './store-copy.ts';
import { dataFile, firstRevision, openToRead, openToWrite, revisionKey, type StoreDatabases } from './store-databases.ts';

/** Writes a snapshot of the store in `directory` to a file of mode 0600; one that is there is replaced when the new one is whole. */
export async function saveStoreSnapshot(directory: string, file: string): Promise<SnapshotHeader> {
  if (isOfOtherRun(directory, machineBootId())) {
    throw new SnapshotError('the machine was started anew since the store was written; start the cluster once, which puts it in order');
  }
  const found = lstatSync(file, { throwIfNoEntry: false });
  // A snapshot takes the place of what is there: a device or a pipe would be gone for everybody.
  if (found !== undefined && !found.isFile() && !found.isSymbolicLink()) throw new SnapshotError(`${file} is no regular file`);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const copy = `${temporary}.copy`;
  // Secrets are in both: at no moment may others read them.
  mkdirSync(copy, { mode: 0o700 });
  let databases: StoreDatabases | undefined;
  try {
    await copyStoreFile(join(directory, dataFile), join(copy, dataFile));
    databases = openToRead(copy);
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      const header = writeMoment(databases, fd);
      fsyncSync(fd);
      renameSync(temporary, file);
      return header;
    } finally {
      closeSync(fd);
    }
  } finally {
    rmSync(temporary, { force: true });
    await databases?.root.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

function writeMoment({ root, objects, meta }: StoreDatabases, fd: number): SnapshotHeader {
  const transaction = root.useReadTransaction();
  try {
    const revision = meta.get(revisionKey, { transaction }) ?? firstRevision;
    const header = { revision, objects: objects.getCount({ transaction }) };
    const all = objects.getRange({ transaction }).map(({ key, value }) => ({ key, bytes: value }));
    writeSnapshot(header, all, (bytes) => writeWhole(fd, bytes));
    return header;
  } finally {
    transaction.done();
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

/**
 * Replaces what is in the store in `directory` by what a snapshot holds; no server may have it open. Throws
 * `SnapshotError` when the file is not as it should be, and has changed nothing then. Answers what the file says, with
 * the revision that the store has now.
 */
export async function loadStoreSnapshot(directory: string, file: string): Promise<SnapshotHeader> {
  const fd = openSync(file, 'r');
  try {
    const { header, objects } = readSnapshot(fd);
    const bootId = machineBootId();
    const databases = openToWrite(directory, bootId);
    const points = new RecoveryPoints(directory, databases, bootId);
    try {
      const revision = databases.root.transactionSync(() => {
        const present = databases.meta.get(revisionKey) ?? firstRevision;
        databases.objects.clearSync();
        for (const { key, bytes } of objects) databases.objects.putSync(key, bytes);
        const next = Math.max(header.revision, present) + 1;
        databases.meta.putSync(revisionKey, next);
        return next;
      });
      await points.take();
      return { ...header, revision };
    } finally {
      await points.close();
      await databases.root.close();
    }
  } finally {
    closeSync(fd);
  }
}
