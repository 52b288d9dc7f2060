/**
 * Writing netlink messages into one growing buffer: headers, attributes, nests.
 *
 * A batch of a hundred thousand elements is one buffer of some megabytes, so the writer appends in
 * place and patches lengths afterwards instead of joining small buffers. Headers are in host byte
 * order, attribute values of the netfilter subsystems in network byte order.
 */
import { endianness } from 'node:os';

const hostLittleEndian = endianness() === 'LE';
const headerBytes = 16;
const subsystemHeaderBytes = 4;

/** The header of one netfilter netlink message (`struct nlmsghdr` and `struct nfgenmsg`). */
export interface MessageHeader {
  /** Subsystem in the high byte, operation in the low one. */
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** NFPROTO_* number. */
  readonly family: number;
  /** Network byte order on the wire; the subsystem for batch begin and end, else 0. */
  readonly resource?: number;
}

/** Appends messages; the bytes so far are {@link MessageWriter.bytes}. */
export class MessageWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 8192) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** How many bytes are written. */
  get length(): number {
    return this.#length;
  }

  /** What is written so far, without a copy; valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets what is written and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /** Starts a message; give what it returns to {@link endMessage}. */
  beginMessage(header: MessageHeader): number {
    const start = this.#beginWith(header, subsystemHeaderBytes);
    this.#buffer[start + 16] = header.family;
    this.#buffer[start + 17] = 0;
    this.#buffer.writeUInt16BE(header.resource ?? 0, start + 18);
    return start;
  }

  /** Starts a message of another protocol, whose fixed part (a multiple of four bytes) follows netlink's own header. */
  beginMessageOf(header: Pick<MessageHeader, 'type' | 'flags' | 'sequence'>, fixed: Uint8Array): number {
    const start = this.#beginWith(header, fixed.length);
    this.#buffer.set(fixed, start + headerBytes);
    return start;
  }

  /** Ends the message that began at `start`. */
  endMessage(start: number): void {
    this.#hostU32(start, this.#length - start);
  }

  /** Sets flags of the message that began at `start`. */
  addFlags(start: number, flags: number): void {
    const at = start + 6;
    const before = hostLittleEndian ? this.#buffer.readUInt16LE(at) : this.#buffer.readUInt16BE(at);
    this.#hostU16(at, before | flags);
  }

  /** Starts a nested attribute; give what it returns to {@link endNest}. */
  beginNest(type: number): number {
    const start = this.#reserve(4);
    this.#hostU16(start + 2, type);
    return start;
  }

  /** Ends the nest that began at `start`. The caller keeps a nest below 65 536 bytes. */
  endNest(start: number): void {
    this.#hostU16(start, this.#length - start);
  }

  u8(type: number, value: number): void {
    const at = this.#attribute(type, 1);
    this.#buffer[at] = value;
  }

  u16(type: number, value: number): void {
    const at = this.#attribute(type, 2);
    this.#buffer.writeUInt16BE(value, at);
  }

  /** A 32-bit value; negative numbers are written in two's complement. */
  u32(type: number, value: number): void {
    const at = this.#attribute(type, 4);
    this.#buffer.writeUInt32BE(value >>> 0, at);
  }

  u64(type: number, value: bigint): void {
    const at = this.#attribute(type, 8);
    this.#buffer.writeBigUInt64BE(value, at);
  }

  /** Text with the terminating zero byte that netlink strings carry. */
  text(type: number, value: string): void {
    const bytes = Buffer.byteLength(value);
    const at = this.#attribute(type, bytes + 1);
    this.#buffer.write(value, at);
    this.#buffer[at + bytes] = 0;
  }

  raw(type: number, value: Uint8Array): void {
    const at = this.#attribute(type, value.length);
    this.#buffer.set(value, at);
  }

  /** Bytes without an attribute header: the fixed part of a structure inside a nest, a multiple of four bytes. */
  fixed(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
  }

  #beginWith(header: Pick<MessageHeader, 'type' | 'flags' | 'sequence'>, fixedBytes: number): number {
    const start = this.#reserve(headerBytes + fixedBytes);
    this.#hostU32(start, 0);
    this.#hostU16(start + 4, header.type);
    this.#hostU16(start + 6, header.flags);
    this.#hostU32(start + 8, header.sequence);
    this.#hostU32(start + 12, 0);
    return start;
  }

  // Reserving may move the buffer, so callers take the place first and the buffer afterwards.
  /** Writes an attribute header for `payloadBytes` and returns where the payload goes. */
  #attribute(type: number, payloadBytes: number): number {
    const padded = (payloadBytes + 3) & ~3;
    const start = this.#reserve(4 + padded);
    this.#hostU16(start, 4 + payloadBytes);
    this.#hostU16(start + 2, type);
    for (let i = start + 4 + payloadBytes; i < start + 4 + padded; i++) this.#buffer[i] = 0;
    return start + 4;
  }

  #reserve(bytes: number): number {
    const start = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    return start;
  }

  #hostU16(at: number, value: number): void {
    if (hostLittleEndian) this.#buffer.writeUInt16LE(value, at);
    else this.#buffer.writeUInt16BE(value, at);
  }

  #hostU32(at: number, value: number): void {
    if (hostLittleEndian) this.#buffer.writeUInt32LE(value, at);
    else this.#buffer.writeUInt32BE(value, at);
  }
}

/** A 32-bit number as the four bytes that the kernel keeps in a register in host byte order. */
export function hostU32Bytes(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  writeHostU32(bytes, value, 0);
  return bytes;
}

/** Writes what {@link hostU32Bytes} gives into `bytes` from `at` on. */
export function writeHostU32(bytes: Buffer, value: number, at: number): void {
  if (hostLittleEndian) bytes.writeUInt32LE(value, at);
  else bytes.writeUInt32BE(value, at);
}
