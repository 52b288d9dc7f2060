/** SCTP packets: a common header and chunks, read and written (RFC 9260 §3). */
import { crc32c } from './crc32c.ts';

/** Types of chunks. */
export const chunkType = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
} as const;

/** One chunk; the value is what stands behind its length. */
export interface Chunk {
  readonly type: number;
  readonly flags: number;
  readonly value: Buffer;
}

/** One packet without its IP header. */
export interface SctpPacket {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tag: number;
  readonly chunks: readonly Chunk[];
}

/** What INIT and INIT ACK say. */
export interface InitFields {
  readonly tag: number;
  readonly window: number;
  readonly initialTsn: number;
  /** INIT ACK only. */
  readonly cookie: Buffer | undefined;
}

const headerBytes = 12;
const chunkHeaderBytes = 4;
const initBytes = 16;
const cookieParameter = 7;
/** Streams that are offered in each direction; one is used. */
const streams = 10;

/** Reads a packet; undefined when it is cut off or its checksum is wrong. */
export function decodePacket(bytes: Buffer): SctpPacket | undefined {
  if (bytes.length < headerBytes) return undefined;
  const zeroed = Buffer.from(bytes);
  zeroed.writeUInt32LE(0, 8);
  if (crc32c(zeroed) !== bytes.readUInt32LE(8)) return undefined;
  const chunks: Chunk[] = [];
  for (let at = headerBytes; at + chunkHeaderBytes <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (length < chunkHeaderBytes || at + length > bytes.length) return undefined;
    chunks.push({ type: bytes.readUInt8(at), flags: bytes.readUInt8(at + 1), value: bytes.subarray(at + chunkHeaderBytes, at + length) });
    at += padded(length);
  }
  return { sourcePort: bytes.readUInt16BE(0), destinationPort: bytes.readUInt16BE(2), tag: bytes.readUInt32BE(4), chunks };
}

/** Writes a packet with its checksum. */
export function encodePacket({ sourcePort, destinationPort, tag, chunks }: SctpPacket): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt32BE(tag >>> 0, 4);
  const parts = chunks.map(({ type, flags, value }) => {
    const chunk = Buffer.alloc(padded(chunkHeaderBytes + value.length));
    chunk.writeUInt8(type, 0);
    chunk.writeUInt8(flags, 1);
    chunk.writeUInt16BE(chunkHeaderBytes + value.length, 2);
    value.copy(chunk, chunkHeaderBytes);
    return chunk;
  });
  const bytes = Buffer.concat([header, ...parts]);
  bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

/** Reads INIT or INIT ACK; undefined when it is cut off. */
export function decodeInit(value: Buffer): InitFields | undefined {
  if (value.length < initBytes) return undefined;
  let cookie: Buffer | undefined;
  for (let at = initBytes; at + chunkHeaderBytes <= value.length; ) {
    const length = value.readUInt16BE(at + 2);
    if (length < chunkHeaderBytes || at + length > value.length) return undefined;
    if (value.readUInt16BE(at) === cookieParameter) cookie = value.subarray(at + chunkHeaderBytes, at + length);
    at += padded(length);
  }
  return { tag: value.readUInt32BE(0), window: value.readUInt32BE(4), initialTsn: value.readUInt32BE(12), cookie };
}

/** Writes the value of INIT or, with a cookie, of INIT ACK. */
export function encodeInit({ tag, window, initialTsn, cookie }: InitFields): Buffer {
  const value = Buffer.alloc(initBytes);
  value.writeUInt32BE(tag >>> 0, 0);
  value.writeUInt32BE(window, 4);
  value.writeUInt16BE(streams, 8);
  value.writeUInt16BE(streams, 10);
  value.writeUInt32BE(initialTsn >>> 0, 12);
  if (cookie === undefined) return value;
  const parameter = Buffer.alloc(padded(chunkHeaderBytes + cookie.length));
  parameter.writeUInt16BE(cookieParameter, 0);
  parameter.writeUInt16BE(chunkHeaderBytes + cookie.length, 2);
  cookie.copy(parameter, chunkHeaderBytes);
  return Buffer.concat([value, parameter]);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
