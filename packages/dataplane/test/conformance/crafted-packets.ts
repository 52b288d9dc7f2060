/** Packets that no socket sends: with a chosen source port, or a chosen message of ICMP. */
import { randomBytes } from 'node:crypto';
import { type Address, addressToBytes, protocolNumber } from '@weir/net';

/** Ports of a datagram or of the first segment of a connection. */
export interface Ports {
  readonly source: number;
  readonly destination: number;
}

export interface PacketEnds {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
}

/** An IP packet; the kernel fills in length and checksum of IPv4 headers. */
export function packet({ source, destination, protocol }: PacketEnds, payload: Buffer): Buffer {
  const addresses = [addressToBytes(source), addressToBytes(destination)];
  if (source.family === 4) {
    const header = Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0]);
    return Buffer.concat([header, ...addresses, payload]);
  }
  const header = Buffer.from([0x60, 0, 0, 0, 0, 0, protocol, 64]);
  header.writeUInt16BE(payload.length, 4);
  return Buffer.concat([header, ...addresses, payload]);
}

function pseudoHeader({ source, destination, protocol }: PacketEnds, length: number): Buffer {
  return Buffer.concat([
    addressToBytes(source),
    addressToBytes(destination),
    Buffer.from([0, 0, length >> 8, length & 255, 0, 0, 0, protocol]),
  ]);
}

function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An SCTP INIT chunk to the port (RFC 9260 §3.3.2), with a checksum of zero. */
export function sctpInit(port: number, sourcePort: number = 40_000 + (randomBytes(2).readUInt16BE() % 20_000)): Buffer {
  const init = Buffer.alloc(32);
  init.writeUInt16BE(sourcePort, 0);
  init.writeUInt16BE(port, 2);
  init.writeUInt8(1, 12);
  init.writeUInt16BE(20, 14);
  init.writeUInt32BE(0x1234, 16);
  init.writeUInt32BE(65_536, 20);
  init.writeUInt16BE(1, 24);
  init.writeUInt16BE(1, 26);
  return init;
}

/** A datagram of UDP, or the first packet of TCP or SCTP, with the payload. */
export function firstPacket(ends: PacketEnds, ports: Ports, payload: Buffer): Buffer {
  if (ends.protocol === protocolNumber.SCTP) return Buffer.concat([sctpInit(ports.destination, ports.source), payload]);
  const header = Buffer.alloc(ends.protocol === protocolNumber.UDP ? 8 : 20);
  header.writeUInt16BE(ports.source, 0);
  header.writeUInt16BE(ports.destination, 2);
  const whole = Buffer.concat([header, payload]);
  if (ends.protocol === protocolNumber.UDP) {
    whole.writeUInt16BE(whole.length, 4);
    return withChecksum(ends, whole, 6);
  }
  whole.writeUInt32BE(1_000, 4);
  // Five words of header, SYN.
  whole.writeUInt16BE(0x5002, 12);
  whole.writeUInt16BE(1_000, 14);
  return withChecksum(ends, whole, 16);
}

/** A message of ICMP (type × 256 + code) that asks for something, of the family's own protocol. */
export function icmpPacket(ends: PacketEnds, message: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(message, 0);
  header.writeUInt16BE(randomBytes(2).readUInt16BE(), 4);
  return withChecksum(ends, Buffer.concat([header, payload]), 2);
}

/** ICMP of IPv4 is the only one whose checksum leaves the addresses out. */
function withChecksum(ends: PacketEnds, bytes: Buffer, offset: number): Buffer {
  const isBare = ends.protocol === protocolNumber.ICMP;
  bytes.writeUInt16BE(internetChecksum(isBare ? bytes : Buffer.concat([pseudoHeader(ends, bytes.length), bytes])), offset);
  return bytes;
}
