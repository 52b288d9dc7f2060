/**
 * The file of recovery points: how lmdb's file begins at a moment of which everything is on the disk.
 *
 * Two slots are written in turn, each with a checksum: one that a loss of power tears leaves the other.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/** The name of the file, in the directory of the store. */
export const recoveryFile = 'recovery';

/** The first pages of lmdb's file at one moment. */
export interface RecoveryRecord {
  /** From 1, up with every record of the file. */
  readonly sequence: number;
  /** Which run of the machine it is of: 36 characters. */
  readonly bootId: string;
  readonly pages: Uint8Array;
}

const hashBytes = 32;
const sequenceAt = hashBytes;
const bootIdAt = sequenceAt + 8;
const bootIdBytes = 36;
const lengthAt = bootIdAt + bootIdBytes;
const pagesAt = lengthAt + 4;

/** Where in the file a record is to be written, and what. */
export function encodeRecord(record: RecoveryRecord): { readonly position: number; readonly bytes: Uint8Array } {
  // A disk block is never of two slots.
  const slotBytes = Math.ceil((pagesAt + record.pages.length) / 4_096) * 4_096;
  const bytes = Buffer.alloc(slotBytes);
  bytes.writeBigUInt64LE(BigInt(record.sequence), sequenceAt);
  bytes.write(record.bootId, bootIdAt, bootIdBytes, 'latin1');
  bytes.writeUInt32LE(record.pages.length, lengthAt);
  bytes.set(record.pages, pagesAt);
  bytes.set(hashOf(bytes), 0);
  return { position: (record.sequence % 2) * slotBytes, bytes };
}

/** The newest whole record of a file; undefined when there is none. */
export function readRecord(path: string): RecoveryRecord | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  // The first record is in the second slot, so the file is never one slot long.
  const slots = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)].flatMap((slot) => decodeSlot(slot) ?? []);
  return slots.toSorted((a, b) => b.sequence - a.sequence)[0];
}

function decodeSlot(slot: Buffer): RecoveryRecord | undefined {
  if (slot.length < pagesAt || !hashOf(slot).equals(slot.subarray(0, hashBytes))) return undefined;
  return {
    sequence: Number(slot.readBigUInt64LE(sequenceAt)),
    bootId: slot.toString('latin1', bootIdAt, lengthAt),
    pages: slot.subarray(pagesAt, pagesAt + slot.readUInt32LE(lengthAt)),
  };
}

function hashOf(slot: Uint8Array): Buffer {
  return createHash('sha256').update(slot.subarray(hashBytes)).digest();
}
