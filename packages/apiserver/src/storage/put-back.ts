/** A store that an earlier run of the machine has written: what of it was on the disk for certain, and no more. */
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '@weir/net';
import { readRecord, recoveryFile } from './recovery-record.ts';

/** Which run of the machine this is; a new one with every start of its kernel. */
export function machineBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** Whether a store was last opened for writing in another run of the machine, and may be damaged until it is put back. */
export function isOfOtherRun(directory: string, bootId: string): boolean {
  const record = readRecord(join(directory, recoveryFile));
  return record !== undefined && record.bootId !== bootId;
}

/** Puts lmdb's file of another run of the machine back to the last recovery point. Nobody may have it open. */
export function putBack(directory: string, { bootId, dataFile }: { readonly bootId: string; readonly dataFile: string }): void {
  const record = readRecord(join(directory, recoveryFile));
  if (record === undefined || record.bootId === bootId) return;
  const fd = openSync(join(directory, dataFile), 'r+');
  try {
    const written = writeSync(fd, record.pages, 0, record.pages.length, 0);
    assert(written === record.pages.length, 'the pages are written whole');
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
