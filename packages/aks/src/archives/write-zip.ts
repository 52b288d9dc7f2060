/** ZIP archives as PKWARE's APPNOTE describes them (version 2.0): files stored as they are, in the order given. */
import { crc32 } from 'node:zlib';

/** A file of an archive. */
export interface ZipFile {
  /** With forward slashes, relative. */
  readonly name: string;
  readonly content: Buffer;
}

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endRecord = 0x06054b50;
const version = 20;
/** The name is UTF-8. */
const flags = 0x0800;
/** 1980-01-01: the first day that the format knows; an archive is the same on every day. */
const firstDay = 0x0021;

/** The archive of these files. */
export function writeZip(files: readonly ZipFile[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name);
    const facts = factsOf(file);
    const body = Buffer.concat([numbers([4, localHeader], ...facts, [2, name.length], [2, 0]), name, file.content]);
    directory.push(
      numbers([4, centralHeader], [2, version], ...facts, [2, name.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
      name,
    );
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = numbers([4, endRecord], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, central.length], [4, offset], [2, 0]);
  return Buffer.concat([...bodies, central, end]);
}

type Field = readonly [bytes: 2 | 4, value: number];

function factsOf({ content }: ZipFile): readonly Field[] {
  const stored: Field = [2, 0];
  const size: Field = [4, content.length];
  return [[2, version], [2, flags], stored, [2, 0], [2, firstDay], [4, crc32(content)], size, size];
}

/** Little-endian numbers one after the other. */
function numbers(...fields: readonly Field[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) at = buffer.writeUIntLE(value, at, bytes);
  return buffer;
}
