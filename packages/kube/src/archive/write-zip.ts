/**
 * ZIP archives, in which manifests travel to a cluster that runs a command with them. As PKWARE's APPNOTE describes
 * them (version 2.0): files stored as they are, in the order given; the same files are the same bytes on every day.
 */
import { encodeUtf8 } from '../protobuf/utf8.ts';

/** A file of an archive. */
export interface ArchivedFile {
  /** With forward slashes, relative. */
  readonly name: string;
  readonly content: Uint8Array;
}

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endRecord = 0x06054b50;
const version = 20;
/** The name is UTF-8. */
const flags = 0x0800;
/** 1980-01-01: the first day that the format knows. */
const firstDay = 0x0021;

/** The archive of these files. */
export function writeZip(files: readonly ArchivedFile[]): Uint8Array {
  const bodies: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const name = encodeUtf8(file.name);
    const facts = factsOf(file);
    const body = joined([numbers([4, localHeader], ...facts, [2, name.length], [2, 0]), name, file.content]);
    directory.push(
      numbers([4, centralHeader], [2, version], ...facts, [2, name.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
      name,
    );
    bodies.push(body);
    offset += body.length;
  }
  const central = joined(directory);
  const end = numbers([4, endRecord], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, central.length], [4, offset], [2, 0]);
  return joined([...bodies, central, end]);
}

type Field = readonly [bytes: 2 | 4, value: number];

function factsOf({ content }: ArchivedFile): readonly Field[] {
  const stored: Field = [2, 0];
  const size: Field = [4, content.length];
  return [[2, version], [2, flags], stored, [2, 0], [2, firstDay], [4, crc32(content)], size, size];
}

/** Little-endian numbers one after the other. */
function numbers(...fields: readonly Field[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The checksum of the format (ISO 3309, reflected polynomial edb88320). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (remainders[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 0 ? rest >>> 1 : (rest >>> 1) ^ 0xedb88320;
  return rest;
});
