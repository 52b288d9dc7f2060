/** The five-tuple of a packet, of ICMP with its message, from the beginning of its bytes, IPv4 and IPv6. */
import { addressFromBytes, type Flow, hasPorts, isIcmp, type ProtocolNumber } from '@weir/net';

/** IPv6 extension headers that may stand before the transport header (RFC 8200): hop-by-hop, routing, destination options. */
const optionHeaders: ReadonlySet<number> = new Set([0, 43, 60]);
const fragmentHeader = 44;
const optionHeadersMax = 8;

/** Undefined when the bytes are no packet or end too early; later fragments have no ports and no message. */
export function readFlow(packet: Buffer): Flow | undefined {
  const version = (packet[0] ?? 0) >>> 4;
  if (version === 4) return readIpv4(packet);
  return version === 6 ? readIpv6(packet) : undefined;
}

function readIpv4(packet: Buffer): Flow | undefined {
  if (packet.length < 20) return undefined;
  const ends = { source: addressFromBytes(packet.subarray(12, 16)), destination: addressFromBytes(packet.subarray(16, 20)) };
  const protocol = packet.readUInt8(9);
  if ((packet.readUInt16BE(6) & 0x1fff) !== 0) return { ...ends, protocol };
  const headerBytes = (packet.readUInt8(0) & 0xf) * 4;
  return withTransport({ ...ends, protocol }, packet, headerBytes);
}

function readIpv6(packet: Buffer): Flow | undefined {
  if (packet.length < 40) return undefined;
  const ends = { source: addressFromBytes(packet.subarray(8, 24)), destination: addressFromBytes(packet.subarray(24, 40)) };
  let protocol = packet.readUInt8(6);
  let at = 40;
  for (let headers = 0; headers < optionHeadersMax && (optionHeaders.has(protocol) || protocol === fragmentHeader); headers++) {
    if (at + 8 > packet.length) return undefined;
    const next = packet.readUInt8(at);
    if (protocol === fragmentHeader) {
      if ((packet.readUInt16BE(at + 2) & 0xfff8) !== 0) return { ...ends, protocol: next };
      at += 8;
    } else {
      at += (packet.readUInt8(at + 1) + 1) * 8;
    }
    protocol = next;
  }
  return withTransport({ ...ends, protocol }, packet, at);
}

function withTransport(flow: Flow & { readonly protocol: ProtocolNumber }, packet: Buffer, at: number): Flow | undefined {
  if (isIcmp(flow.protocol) && at + 2 <= packet.length) return { ...flow, message: packet.readUInt16BE(at) };
  if (!hasPorts(flow.protocol)) return flow;
  if (at + 4 > packet.length) return undefined;
  return { ...flow, sourcePort: packet.readUInt16BE(at), destinationPort: packet.readUInt16BE(at + 2) };
}
