/**
 * Files and standard input as texts, as they come from every system: UTF-8 with or without a byte order mark, and UTF-16
 * as PowerShell writes it.
 */
import { readFileSync, readSync } from 'node:fs';

/** A text, and where it is not what it should be. */
export interface LenientText {
  readonly text: string;
  /** The first byte that is not UTF-8, where the text was read as Windows-1252 for it: its line and column, from 1. */
  readonly notUtf8?: { readonly line: number; readonly column: number };
}

/**
 * What a text is made of, also where it was saved with the characters of an old Windows: names and labels of Kubernetes
 * have none of those, comments and annotations do. Throws an Error where UTF-16 is broken.
 */
export function decodeLeniently(bytes: Uint8Array): LenientText {
  try {
    return { text: decodeText(bytes) };
  } catch (error) {
    if (isUtf16(bytes)) throw error;
    const text = new TextDecoder('windows-1252').decode(bytes);
    const before = text.slice(0, firstNotUtf8(bytes)).split('\n');
    return { text, notUtf8: { line: before.length, column: (before.at(-1) ?? '').length + 1 } };
  }
}

/** How many bytes are UTF-8 from the start; Windows-1252 has a character for each byte. */
function firstNotUtf8(bytes: Uint8Array): number {
  const isUtf8 = (length: number): boolean => {
    try {
      // A sequence that is cut off is none that is wrong.
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isUtf8(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Reads a file; throws Node's errors, and an Error where it is no text. */
export function readTextFile(path: string): string {
  return decodeText(readFileSync(path));
}

/** What a text is made of; throws an Error where it is neither UTF-8 nor UTF-16. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = isUtf16(bytes) ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`the file is no text in ${isUtf16(bytes) ? 'UTF-16' : 'UTF-8'}`);
  }
}

function isUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** How a piece of standard input is read: as `readSync` of `node:fs` does. */
export type ReadPiece = (descriptor: number, buffer: Uint8Array) => number;

/** What is read at a time, in bytes. */
const pieceBytes = 64 * 1024;

/** Reads standard input to its end; throws an Error where it is no text. */
export function readStandardInput(read: ReadPiece = readSync): string {
  return decodeText(readStandardInputBytes(read));
}

/** As {@link readStandardInput}, before it is a text. */
export function readStandardInputBytes(read: ReadPiece = readSync): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = new Uint8Array(pieceBytes);
    const count = readOn(read, piece);
    if (count === 0) return Buffer.concat(pieces);
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
