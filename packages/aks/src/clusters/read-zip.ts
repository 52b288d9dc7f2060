/** Reads ZIP archives that strangers send: bounded in files and bytes, and with names that stay below where they are unpacked. */
import { crc32, inflateRawSync } from 'node:zlib';
import type { ArchivedFile } from '@weir/kube';

/** How much an archive may hold. */
export interface ZipBounds {
  readonly files: number;
  /** Of all files together, unpacked. */
  readonly bytes: number;
}

/** What is wrong with an archive, in words that follow "the archive". */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endLength = 22;
const entryLength = 46;
const localLength = 30;
/** Kinds of compression: none, and DEFLATE. */
const [stored, deflated] = [0, 8];

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly offset: number;
}

/** The files in it, without directories. Throws {@link ZipError}. */
export function readZip(archive: Buffer, bounds: ZipBounds): readonly ArchivedFile[] {
  try {
    const entries = readDirectory(archive, bounds);
    return entries.filter(({ name }) => !name.endsWith('/')).map((entry) => readFile(archive, entry));
  } catch (error) {
    if (error instanceof ZipError) throw error;
    // Numbers that lead out of the archive, and streams that are none.
    throw new ZipError('is damaged');
  }
}

function readDirectory(archive: Buffer, bounds: ZipBounds): readonly Entry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  if (count > bounds.files) throw new ZipError(`has ${count} files, and ${bounds.files} are taken`);
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== entrySignature) throw new ZipError('is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const name = archive.toString('utf8', at + entryLength, at + entryLength + nameLength);
    checkName(name);
    const entry = {
      name,
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      packed: archive.readUInt32LE(at + 20),
      unpacked: archive.readUInt32LE(at + 24),
      offset: archive.readUInt32LE(at + 42),
    };
    bytes += entry.unpacked;
    if (bytes > bounds.bytes) throw new ZipError(`holds more than ${bounds.bytes} bytes`);
    entries.push(entry);
    at += entryLength + nameLength + extraLength + commentLength;
  }
  if (new Set(entries.map(({ name }) => name)).size !== entries.length) throw new ZipError('has a file twice');
  return entries;
}

/** The record at the end, behind which there may be a comment. */
function findEnd(archive: Buffer): number {
  for (let at = archive.length - endLength; at >= Math.max(0, archive.length - endLength - 0xffff); at--) {
    if (archive.readUInt32LE(at) === endSignature) return at;
  }
  throw new ZipError('is no ZIP archive');
}

function readFile(archive: Buffer, { name, method, crc, packed, unpacked, offset }: Entry): ArchivedFile {
  if (archive.readUInt32LE(offset) !== localSignature) throw new ZipError('is damaged');
  const start = offset + localLength + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
  const body = archive.subarray(start, start + packed);
  if (method !== stored && method !== deflated) throw new ZipError(`packs '${name}' in a way that is not known`);
  const content = method === stored ? body : inflateRawSync(body, { maxOutputLength: Math.max(1, unpacked) });
  if (content.length !== unpacked || crc32(content) !== crc) throw new ZipError(`holds '${name}' damaged`);
  return { name, content: Buffer.from(content) };
}

function checkName(name: string): void {
  const parts = name.replace(/\/$/, '').split('/');
  const isBad = parts.some((part) => part === '' || part === '..' || part.includes('\\') || part.includes('\0'));
  if (isBad || name.length > 512) throw new ZipError(`has a file with a name that leads elsewhere: '${name.slice(0, 80)}'`);
}
