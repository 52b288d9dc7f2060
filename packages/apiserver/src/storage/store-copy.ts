/**
 * A copy of a store's file as it is at one moment, taken beside the server that writes it.
 *
 * lmdb of another process must not open the file itself: opening writes the transaction's number that it found into the
 * lock file, and a commit of the server between the two would be taken back by that. A commit writes its pages where
 * the state before has none, and then one of the two first pages; so a copy during which neither of these changed is
 * whole.
 */
import { closeSync, copyFileSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SnapshotError } from './snapshot-file.ts';

/** lmdb's first two pages, of 4 KiB each: which state is the newest, and where it begins. */
const headBytes = 2 * 4_096;
/** How long a moment without a commit is waited for, in milliseconds; a copy takes less than one for a small store. */
const patienceMs = 20_000;

/** Copies the file; throws {@link SnapshotError} when the store never rests for as long as a copy takes. */
export async function copyStoreFile(from: string, to: string): Promise<void> {
  for (const deadlineMs = performance.now() + patienceMs; performance.now() < deadlineMs; await sleep(Math.random() * 5)) {
    const before = headOf(from);
    copyFileSync(from, to);
    if (headOf(from).equals(before)) return;
  }
  throw new SnapshotError('the store was changed all the time while it was read; try again when the cluster is quieter');
}

function headOf(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(headBytes);
    readSync(fd, head, 0, headBytes, 0);
    return head;
  } finally {
    closeSync(fd);
  }
}
