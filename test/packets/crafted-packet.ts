/**
 * Packets made by hand, for what Node has no sockets for: SCTP and ICMP, and anything with a header
 * that a decent sender would not send. Checksums are right, as connection tracking looks at them.
 */
import { type Address, addressToBytes } from '@weir/net';

/** The ends of a packet and what its payload is. */
export interface PacketEnds {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
}

/** Numbers of the protocols. */
export const protocols = { ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58, SCTP: 132 } as const;

/** A whole IP packet; the kernel fills in length and checksum of IPv4 headers. */
export function ipPacket({ source, destination, protocol }: PacketEnds, payload: Buffer): Buffer {
  const addresses = [addressToBytes(source), addressToBytes(destination)];
  if (source.family === 4) return Buffer.concat([Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0]), ...addresses, payload]);
  const header = Buffer.from([0x60, 0, 0, 0, 0, 0, protocol, 64]);
  header.writeUInt16BE(payload.length, 4);
  return Buffer.concat([header, ...addresses, payload]);
}

/** Where in a received packet the payload begins: raw IPv4 sockets give the header too, IPv6 ones do not. */
export function payloadOf(family: 4 | 6, received: Buffer): Buffer {
  return family === 4 ? received.subarray(((received[0] ?? 0) & 15) * 4) : received;
}

/** A UDP datagram of the ports, with its checksum. */
export function udpDatagram(ends: PacketEnds, ports: { readonly source: number; readonly destination: number }, data: Buffer): Buffer {
  const datagram = Buffer.concat([Buffer.alloc(8), data]);
  datagram.writeUInt16BE(ports.source, 0);
  datagram.writeUInt16BE(ports.destination, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  datagram.writeUInt16BE(internetChecksum(Buffer.concat([pseudoHeader(ends, datagram.length), datagram])) || 0xffff, 6);
  return datagram;
}

/** The first segment of a TCP connection between the ports, with its checksum. */
export function tcpSyn(ends: PacketEnds, ports: { readonly source: number; readonly destination: number }): Buffer {
  return tcpSegment(ends, ports, { flags: tcpFlags.SYN, sequence: 0, acknowledged: 0 });
}

/** Bits of a TCP header. */
export const tcpFlags = { SYN: 0x02, RST: 0x04, ACK: 0x10 } as const;

/** What a TCP segment says of itself. */
export interface TcpSegment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly data?: Buffer;
}

/** A TCP segment between the ports, with its checksum. */
export function tcpSegment(
  ends: PacketEnds,
  ports: { readonly source: number; readonly destination: number },
  { flags, sequence, acknowledged, data = Buffer.alloc(0) }: TcpSegment,
): Buffer {
  const segment = Buffer.concat([Buffer.alloc(20), data]);
  segment.writeUInt16BE(ports.source, 0);
  segment.writeUInt16BE(ports.destination, 2);
  segment.writeUInt32BE(sequence, 4);
  segment.writeUInt32BE(acknowledged, 8);
  segment.writeUInt8(0x50, 12);
  segment.writeUInt8(flags, 13);
  segment.writeUInt16BE(65_535, 14);
  segment.writeUInt16BE(internetChecksum(Buffer.concat([pseudoHeader(ends, segment.length), segment])), 16);
  return segment;
}

/** An ICMP or ICMPv6 message: type, code, the four bytes behind the checksum, and data. */
export function icmpMessage(
  ends: PacketEnds,
  head: { readonly type: number; readonly code?: number; readonly rest: Buffer },
  data: Buffer,
): Buffer {
  const message = Buffer.concat([Buffer.from([head.type, head.code ?? 0, 0, 0]), head.rest, data]);
  const covered = ends.source.family === 6 ? Buffer.concat([pseudoHeader(ends, message.length), message]) : message;
  message.writeUInt16BE(internetChecksum(covered), 2);
  return message;
}

/** An echo request of the family with an identifier. */
export function echoRequest(ends: PacketEnds, identifier: number, data: Buffer): Buffer {
  const rest = Buffer.alloc(4);
  rest.writeUInt16BE(identifier, 0);
  rest.writeUInt16BE(1, 2);
  return icmpMessage(ends, { type: ends.source.family === 4 ? 8 : 128, rest }, data);
}

/** The first packet of an SCTP association: an INIT chunk (RFC 9260 §3.3.2). */
export function sctpInit(ports: { readonly source: number; readonly destination: number }, initiateTag: number): Buffer {
  return sctpPacket(ports, 0, { type: sctpChunks.INIT, value: sctpInitValue(initiateTag) });
}

/** Types of chunks. */
export const sctpChunks = { DATA: 0, INIT: 1, INIT_ACK: 2, HEARTBEAT: 4, COOKIE_ECHO: 10, COOKIE_ACK: 11 } as const;

/** What an INIT or INIT ACK chunk says. */
export function sctpInitValue(initiateTag: number): Buffer {
  const value = Buffer.alloc(16);
  value.writeUInt32BE(initiateTag, 0);
  value.writeUInt32BE(65_536, 4);
  value.writeUInt16BE(1, 8);
  value.writeUInt16BE(1, 10);
  return value;
}

/** A packet of one chunk, with its checksum. */
export function sctpPacket(
  ports: { readonly source: number; readonly destination: number },
  verificationTag: number,
  { type, value }: { readonly type: number; readonly value: Buffer },
): Buffer {
  const packet = Buffer.concat([Buffer.alloc(16), value]);
  packet.writeUInt16BE(ports.source, 0);
  packet.writeUInt16BE(ports.destination, 2);
  packet.writeUInt32BE(verificationTag, 4);
  // A whole DATA chunk: beginning and end of its message.
  packet.writeUInt16BE(type === sctpChunks.DATA ? 3 : type << 8, 12);
  packet.writeUInt16BE(value.length + 4, 14);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
}

function pseudoHeader({ source, destination, protocol }: PacketEnds, length: number): Buffer {
  const end = source.family === 4 ? [0, protocol, length >> 8, length & 255] : [0, 0, length >> 8, length & 255, 0, 0, 0, protocol];
  return Buffer.concat([addressToBytes(source), addressToBytes(destination), Buffer.from(end)]);
}

function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The checksum of SCTP (RFC 9260 appendix A), bit by bit. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
