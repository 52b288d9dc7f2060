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

/** Where lmdb's first page is and its second one can be, which say what state is the newest: pages are as large as the machine's. */
const headPlaces = [0, 4_096, 8_192, 16_384, 32_768, 65_536];
/** More than what they say takes. */
const headBytes = 512;
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
    const head = Buffer.alloc(headPlaces.length * headBytes);
    for (const [i, place] of headPlaces.entries()) readSync(fd, head, i * headBytes, headBytes, place);
    return head;
  } finally {
    closeSync(fd);
  }
}
