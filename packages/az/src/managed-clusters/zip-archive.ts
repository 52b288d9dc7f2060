/** Zip archives of a few small files, stored as they are (PKWARE's APPNOTE, version 2.0). */
import { crc32 } from 'node:zlib';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

/** The archive. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const { name, content } of entries) {
    const title = Buffer.from(name, 'utf8');
    const about = described(content, title.length);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), about, title, content]);
    directory.push(centralEntry(about, title, offset));
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, central, end]);
}

/** What both headers of a file have in common: version, flags, method, time, checksum, sizes, length of the name. */
function described(content: Buffer, nameLength: number): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt16LE(20, 0);
  // Bit 11: the name is UTF-8.
  bytes.writeUInt16LE(0x0800, 2);
  // 1 January 1980: the archive does not depend on when it was made.
  bytes.writeUInt16LE(0x21, 8);
  bytes.writeUInt32LE(crc32(content), 10);
  bytes.writeUInt32LE(content.length, 14);
  bytes.writeUInt32LE(content.length, 18);
  bytes.writeUInt16LE(nameLength, 22);
  return bytes;
}

function centralEntry(about: Buffer, title: Buffer, offset: number): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), about, rest, title]);
}
