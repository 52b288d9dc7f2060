/**
 * Files and standard input as texts, as they come from every system: UTF-8 with or without a byte order mark, and UTF-16
 * as PowerShell writes it.
 */
import { readFileSync, readSync } from 'node:fs';

/** Reads a file; throws Node's errors, and an Error where it is no text. */
export function readTextFile(path: string): string {
  return decodeText(readFileSync(path));
}

/** What a text is made of; throws an Error where it is neither UTF-8 nor UTF-16. */
export function decodeText(bytes: Uint8Array): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const encoding = isUtf16 ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`the file is no text in ${isUtf16 ? 'UTF-16' : 'UTF-8'}`);
  }
}

/** How a piece of standard input is read: as `readSync` of `node:fs` does. */
export type ReadPiece = (descriptor: number, buffer: Uint8Array) => number;

/** What is read at a time, in bytes. */
const pieceBytes = 64 * 1024;

/** Reads standard input to its end. */
export function readStandardInput(read: ReadPiece = readSync): string {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = new Uint8Array(pieceBytes);
    const count = readOn(read, piece);
    if (count === 0) return decodeText(Buffer.concat(pieces));
    pieces.push(piece.subarray(0, count));
  }
}

/** The next bytes; 0 at the end, which Windows tells as an error. */
function readOn(read: ReadPiece, piece: Uint8Array): number {
  for (;;) {
    try {
      return read(0, piece);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      // A pipe that another process made non-blocking has nothing yet.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
