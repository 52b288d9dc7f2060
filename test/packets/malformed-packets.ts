/**
 * Packets that no decent sender sends, to a port of a pod: options, extension headers, headers that are cut
 * off, fragments in the wrong order, with gaps and on top of each other. As data, so that every back end
 * gets the same.
 */
import { type Address, addressToBytes } from '@weir/net';
import { ipPacket, type PacketEnds, protocols, tcpSyn, udpDatagram } from './crafted-packet.ts';

/** One shape. */
export interface MalformedShape {
  readonly name: string;
  readonly families: readonly (4 | 6)[];
  readonly protocol: 'UDP' | 'TCP';
  /** Packets of one datagram or segment between the ports; `number` is free for identifiers. */
  readonly packets: (ends: PacketEnds, ports: Ports, number: number) => Buffer[];
  /**
   * What kernels do with it where no policy is asked: `whole` is delivered and has a port; `cut` is delivered, and its
   * port is cut off; `broken` is nothing that a receiver gets.
   */
  readonly kind: 'whole' | 'cut' | 'broken';
}

/** Source and destination. */
export interface Ports {
  readonly source: number;
  readonly destination: number;
}

const both = [4, 6] as const;
const fragmentHeader = 44;
const data = Buffer.alloc(120, 0x77);

const udp = (ends: PacketEnds, ports: Ports): Buffer => udpDatagram(ends, ports, data);

/** All of them. */
export const malformedShapes: readonly MalformedShape[] = [
  { name: 'as it should be', families: both, protocol: 'UDP', kind: 'whole', packets: (ends, ports) => [ipPacket(ends, udp(ends, ports))] },
  ...[8, 40].map(
    (bytes): MalformedShape => ({
      name: `${bytes} bytes of IPv4 options`,
      families: [4],
      protocol: 'UDP',
      kind: 'whole',
      packets: (ends, ports) => [withOptions4(ipPacket(ends, udp(ends, ports)), Buffer.alloc(bytes, 1))],
    }),
  ),
  {
    name: 'a router alert',
    families: [4],
    protocol: 'TCP',
    kind: 'whole',
    packets: (ends, ports) => [withOptions4(ipPacket(ends, tcpSyn(ends, ports)), Buffer.from([148, 4, 0, 0]))],
  },
  ...[1, 3, 8, 9, 16, 40, 160].map(
    (count): MalformedShape => ({
      name: `${count} IPv6 extension headers`,
      families: [6],
      protocol: 'UDP',
      kind: 'whole',
      packets: (ends, ports) => [withExtensions(ends, udp(ends, ports), destinationOptions(count))],
    }),
  ),
  {
    name: 'a long IPv6 extension header',
    families: [6],
    protocol: 'TCP',
    kind: 'whole',
    packets: (ends, ports) => [withExtensions(ends, tcpSyn(ends, ports), [{ type: 60, body: padding(1_014) }])],
  },
  {
    name: 'a routing header that is done, behind hop-by-hop options',
    families: [6],
    protocol: 'TCP',
    kind: 'whole',
    packets: (ends, ports) => [
      withExtensions(ends, tcpSyn(ends, ports), [
        { type: 0, body: padding(6) },
        { type: 43, body: Buffer.from([2, 0, 0, 0, 0, 0]) },
        { type: 60, body: padding(6) },
      ]),
    ],
  },
  {
    name: 'a fragment header on a whole packet',
    families: [6],
    protocol: 'UDP',
    kind: 'whole',
    packets: (ends, ports, number) => fragments(ends, udp(ends, ports), { number, parts: [[0, 1_000]] }),
  },
  ...(['UDP', 'TCP'] as const).flatMap((protocol) =>
    [2, 4, 7].map(
      (bytes): MalformedShape => ({
        name: `${bytes} bytes of a header`,
        families: both,
        protocol,
        kind: bytes < 4 ? 'cut' : 'whole',
        packets: (ends, ports) => [ipPacket(ends, (protocol === 'UDP' ? udp(ends, ports) : tcpSyn(ends, ports)).subarray(0, bytes))],
      }),
    ),
  ),
  {
    name: 'extension headers that end with the packet',
    families: [6],
    protocol: 'UDP',
    kind: 'cut',
    packets: (ends, ports) => [withExtensions(ends, udp(ends, ports).subarray(0, 2), destinationOptions(2))],
  },
  {
    name: 'an extension header longer than its packet',
    families: [6],
    protocol: 'UDP',
    kind: 'broken',
    packets: (ends, ports) => {
      const packet = withExtensions(ends, udp(ends, ports), destinationOptions(1));
      packet[41] = 200;
      return [packet];
    },
  },
  {
    name: 'fragments in order',
    families: both,
    protocol: 'UDP',
    kind: 'whole',
    packets: (ends, ports, number) => fragments(ends, udp(ends, ports), { number, parts: thirds }),
  },
  {
    name: 'fragments in the wrong order',
    families: both,
    protocol: 'UDP',
    kind: 'whole',
    packets: (ends, ports, number) => fragments(ends, udp(ends, ports), { number, parts: [...thirds].reverse() }),
  },
  ...both.map(
    (family): MalformedShape => ({
      name: 'the ports in another fragment than the rest of their header',
      families: [family],
      protocol: 'TCP',
      // RFC 8200 §4.5: all headers are in the first fragment.
      kind: family === 4 ? 'whole' : 'broken',
      packets: (ends, ports, number) =>
        fragments(ends, tcpSyn(ends, ports), {
          number,
          parts: [
            [8, 1_000],
            [0, 8],
          ],
        }),
    }),
  ),
  {
    name: 'without its first fragment',
    families: both,
    protocol: 'UDP',
    kind: 'broken',
    packets: (ends, ports, number) => fragments(ends, udp(ends, ports), { number, parts: thirds.slice(1) }),
  },
  {
    name: 'without its middle fragment',
    families: both,
    protocol: 'UDP',
    kind: 'broken',
    packets: (ends, ports, number) => fragments(ends, udp(ends, ports), { number, parts: [thirds[0] ?? [0, 8], [80, 1_000]] }),
  },
  {
    name: 'fragments of which one lies on another',
    families: both,
    protocol: 'UDP',
    kind: 'broken',
    packets: (ends, ports, number) =>
      fragments(ends, udp(ends, ports), {
        number,
        parts: [
          [0, 48],
          [40, 80],
          [80, 1_000],
        ],
      }),
  },
];

/** Bytes of three fragments. */
const thirds: readonly (readonly [number, number])[] = [
  [0, 40],
  [40, 80],
  [80, 1_000],
];

/**
 * Two datagrams as fragments of one: the first piece of both, and the rest. Whoever judges by the one first
 * piece and puts together with the other is fooled.
 */
export function contradictingFragments(ends: PacketEnds, [one, other]: readonly [Ports, Ports], number: number): Buffer[] {
  const piece = (ports: Ports): Buffer[] => fragments(ends, udp(ends, ports), { number, parts: [[0, 40]] });
  return [...piece(one), ...piece(other), ...fragments(ends, udp(ends, other), { number, parts: [[40, 1_000]] })];
}

/** A datagram that goes by way of a router which it names as its destination (RFC 791, loose source route). */
export function sourceRouted(ends: PacketEnds, ports: Ports, router: Address): Buffer {
  const packet = ipPacket({ ...ends, destination: router }, udp(ends, ports));
  return withOptions4(packet, Buffer.concat([Buffer.from([131, 7, 4]), addressToBytes(ends.destination), Buffer.from([0])]));
}

interface Extension {
  readonly type: number;
  /** What follows next header and length; with them a multiple of eight bytes. */
  readonly body: Buffer;
}

function destinationOptions(count: number): Extension[] {
  return Array.from({ length: count }, () => ({ type: 60, body: padding(6) }));
}

/** PadN options of so many bytes. */
function padding(bytes: number): Buffer {
  const options = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    // Hosts take no more than seven bytes of padding at once; what they know nothing of and may skip they take longer.
    const length = Math.min(bytes - at, 257);
    options[at] = length > 7 ? 0x1e : 1;
    options[at + 1] = length - 2;
    at += length;
  }
  return options;
}

function withExtensions(ends: PacketEnds, payload: Buffer, extensions: readonly Extension[]): Buffer {
  const types = [...extensions.map(({ type }) => type), ends.protocol];
  const headers = extensions.map(({ body }, i) => Buffer.concat([Buffer.from([types[i + 1] ?? 0, (body.length + 2) / 8 - 1]), body]));
  return ipPacket({ ...ends, protocol: types[0] ?? ends.protocol }, Buffer.concat([...headers, payload]));
}

function withOptions4(packet: Buffer, options: Buffer): Buffer {
  const header = Buffer.concat([packet.subarray(0, 20), options]);
  header[0] = 0x40 | (header.length / 4);
  return Buffer.concat([header, packet.subarray(20)]);
}

interface Fragmentation {
  readonly number: number;
  /** First byte and the one behind the last; one that reaches the payload's end is the last. */
  readonly parts: readonly (readonly [number, number])[];
}

function fragments(ends: PacketEnds, payload: Buffer, { number, parts }: Fragmentation): Buffer[] {
  return parts.map(([from, to]) => {
    const part = payload.subarray(from, to);
    const hasMore = to < payload.length;
    if (ends.source.family === 4) {
      const packet = ipPacket(ends, part);
      packet.writeUInt16BE(number, 4);
      packet.writeUInt16BE((hasMore ? 0x2000 : 0) | (from / 8), 6);
      return packet;
    }
    const header = Buffer.from([ends.protocol, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt16BE(from | (hasMore ? 1 : 0), 2);
    header.writeUInt32BE(number, 4);
    return ipPacket({ ...ends, protocol: fragmentHeader }, Buffer.concat([header, part]));
  });
}

/** Numbers of the shapes' protocols. */
export const shapeProtocols = { UDP: protocols.UDP, TCP: protocols.TCP } as const;
