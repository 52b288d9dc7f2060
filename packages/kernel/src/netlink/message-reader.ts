/**
 * Reading netlink datagrams: messages, attributes, errors.
 *
 * Views into the datagram are handed out, never copies; whoever keeps one copies it.
 */
import { endianness } from 'node:os';
import { assert } from '@weir/net';

const hostLittleEndian = endianness() === 'LE';

/** Control message types (`NLMSG_*` of linux/netlink.h). */
export const controlMessage = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** Message flags (`NLM_F_*` of linux/netlink.h). */
export const messageFlag = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  echo: 0x8,
  dumpInterrupted: 0x10,
  dump: 0x300,
  excl: 0x200,
  create: 0x400,
  append: 0x800,
} as const;

/** One message; `payload` follows the netlink header (for netfilter it starts with nfgenmsg). */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

/** What an error message says; `errno` 0 is an acknowledgement. */
export interface NetlinkAnswer {
  readonly errno: number;
  /** The kernel's own sentence (extended acknowledgement), where it gives one. */
  readonly text?: string;
}

/** Splits a datagram into its messages. */
export function readMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  let at = 0;
  while (at + 16 <= datagram.length) {
    const length = readHostU32(datagram, at);
    assert(length >= 16 && at + length <= datagram.length, 'a netlink message must lie inside its datagram');
    messages.push({
      type: readHostU16(datagram, at + 4),
      flags: readHostU16(datagram, at + 6),
      sequence: readHostU32(datagram, at + 8),
      payload: datagram.subarray(at + 16, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Reads attributes in order; nesting and byte-order flags are taken off the type. */
export function readAttributeList(bytes: Buffer): { type: number; value: Buffer }[] {
  const attributes: { type: number; value: Buffer }[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = readHostU16(bytes, at);
    assert(length >= 4 && at + length <= bytes.length, 'a netlink attribute must lie inside its message');
    attributes.push({ type: readHostU16(bytes, at + 2) & 0x3fff, value: bytes.subarray(at + 4, at + length) });
    at += (length + 3) & ~3;
  }
  return attributes;
}

/** Attributes by type; of repeated ones the last. */
export function readAttributes(bytes: Buffer): Map<number, Buffer> {
  return new Map(readAttributeList(bytes).map(({ type, value }) => [type, value]));
}

/** The attributes of a netfilter message, behind its nfgenmsg. */
export function readMessageAttributes(message: NetlinkMessage): Map<number, Buffer> {
  return readAttributes(message.payload.subarray(4));
}

/** The text of a netlink string, without its zero byte. */
export function readText(value: Buffer | undefined): string {
  if (value === undefined) return '';
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

/** Reads NLMSG_ERROR (and the status of NLMSG_DONE), with the text of NETLINK_EXT_ACK. */
export function readAnswer(message: NetlinkMessage): NetlinkAnswer {
  const errno = -(readHostU32(message.payload, 0) | 0);
  const hasText = (message.flags & 0x200) !== 0;
  // NETLINK_CAP_ACK is set on our sockets: only the header of the request comes back (16 bytes).
  const text = hasText ? readText(readAttributes(message.payload.subarray(4 + 16)).get(1)) : '';
  return text === '' ? { errno } : { errno, text };
}

/** A 32-bit number in host byte order. */
export function readHostU32(bytes: Buffer, at: number): number {
  return hostLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

function readHostU16(bytes: Buffer, at: number): number {
  return hostLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}
