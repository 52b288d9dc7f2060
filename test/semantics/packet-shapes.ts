/** Packets that are not the first and whole one of a connection: fragments, middles, options, echo requests. */
import { netpolPolicy as policy } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { echoRequest, ipPacket, type PacketEnds, protocols, udpDatagram } from '../packets/crafted-packet.ts';
import { podAddressOf } from '../packets/two-node-world.ts';
import { addressOf, families, podA, type SemanticsScene } from './semantics-scene.ts';

/** Declares them for one back end. */
export function describePacketShapes(scene: SemanticsScene): void {
  describe('packets that are not the first and whole one of a connection', () => {
    const only80 = policy('x', 'only-80', {
      podSelector: podA,
      policyTypes: ['Ingress'],
      ingress: [
        {
          ports: [
            { protocol: 'UDP', port: 80 },
            { protocol: 'TCP', port: 80 },
          ],
        },
      ],
    });
    const marker = Buffer.from('packet-details-marker');
    const isMarked = (payload: Buffer): boolean => payload.includes(marker);

    it.each(families)('fragments of a datagram pass together or not at all, IPv%i', async (family) => {
      await scene.enforce(only80);
      const [from, to] = [podAddressOf('y/b', family), podAddressOf('x/a', family)];
      const ends: PacketEnds = { source: addressOf(from), destination: addressOf(to), protocol: protocols.UDP };
      const send = (port: number, expected: boolean) => {
        const datagram = udpDatagram(ends, { source: 6_000 + port, destination: port }, Buffer.concat([Buffer.alloc(1_600), marker]));
        return scene.arrives({ from, to, packets: fragments(ends, datagram, port), protocol: protocols.UDP, isIt: isMarked, expected });
      };
      expect(await send(80, true)).toBe(true);
      expect(await send(81, false)).toBe(false);
    });

    it.each(families)('a segment from the middle of a connection that never began is judged like its first, IPv%i', async (family) => {
      await scene.enforce(only80);
      const [from, to] = [podAddressOf('y/b', family), podAddressOf('x/a', family)];
      const ends: PacketEnds = { source: addressOf(from), destination: addressOf(to), protocol: protocols.TCP };
      const segment = (port: number, flags: number) => {
        const header = Buffer.alloc(20);
        header.writeUInt16BE(7_000 + flags, 0);
        header.writeUInt16BE(port, 2);
        header.writeUInt32BE(1_000, 4);
        header.writeUInt32BE(2_000, 8);
        header.writeUInt16BE(0x5000 | flags, 12);
        header.writeUInt16BE(1_000, 14);
        return header;
      };
      const arrived = await Promise.all(
        [0x10, 0x12, 0x18, 0x11, 0x04].map((flags) => {
          const packets = [ipPacket(ends, segment(81, flags))];
          const isIt = (payload: Buffer): boolean => payload.length >= 4 && payload.readUInt16BE(0) === 7_000 + flags;
          return scene.arrives({ from, to, packets, protocol: protocols.TCP, isIt, expected: false });
        }),
      );
      expect(arrived).toEqual([false, false, false, false, false]);
    });

    it('options in front of the transport header do not hide the port: IPv4 options, IPv6 extension headers', async () => {
      await scene.enforce(only80);
      for (const family of families) {
        const [from, to] = [podAddressOf('y/b', family), podAddressOf('x/a', family)];
        const ends: PacketEnds = { source: addressOf(from), destination: addressOf(to), protocol: protocols.UDP };
        const packetTo = (port: number): Buffer =>
          withOptions(ends, udpDatagram(ends, { source: 6_500 + port, destination: port }, marker));
        const crafted = { from, to, protocol: protocols.UDP, isIt: isMarked };
        expect(await scene.arrives({ ...crafted, packets: [packetTo(80)], expected: true }), `IPv${family}`).toBe(true);
        expect(await scene.arrives({ ...crafted, packets: [packetTo(81)], expected: false }), `IPv${family}`).toBe(false);
      }
    });

    it('an echo request needs a rule without ports', async () => {
      const anything = policy('x', 'anything-from-y', {
        podSelector: podA,
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }],
      });
      await scene.enforce(only80, anything);
      expect(
        await scene.differences({ allowed: ['y/a > x/a ICMP', 'y/b > x/a ICMP'], denied: ['z/a > x/a ICMP', 'outside > x/a ICMP'] }),
      ).toEqual([]);
      const ends: PacketEnds = {
        source: addressOf(podAddressOf('z/a', 4)),
        destination: addressOf(podAddressOf('x/a', 4)),
        protocol: protocols.ICMP,
      };
      const packets = [ipPacket(ends, echoRequest(ends, 1, marker))];
      expect(
        await scene.arrives({
          from: podAddressOf('z/a', 4),
          to: podAddressOf('x/a', 4),
          packets,
          protocol: protocols.ICMP,
          isIt: isMarked,
          expected: false,
        }),
      ).toBe(false);
    });
  });
}

/** A payload in two fragments, the first of 1 400 bytes. */
function fragments(ends: PacketEnds, payload: Buffer, identifier: number): Buffer[] {
  const [first, second] = [payload.subarray(0, 1_400), payload.subarray(1_400)];
  if (ends.source.family === 4) {
    return [first, second].map((part, i) => {
      const packet = ipPacket(ends, part);
      packet.writeUInt16BE(identifier, 4);
      packet.writeUInt16BE(i === 0 ? 0x2000 : 1_400 / 8, 6);
      return packet;
    });
  }
  const fragmentHeader = 44;
  return [first, second].map((part, i) => {
    const header = Buffer.from([ends.protocol, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt16BE(i === 0 ? 1 : 1_400, 2);
    header.writeUInt32BE(identifier, 4);
    return ipPacket({ ...ends, protocol: fragmentHeader }, Buffer.concat([header, part]));
  });
}

/** IPv4 with eight bytes of no-operation options, IPv6 with a destination options header. */
function withOptions(ends: PacketEnds, payload: Buffer): Buffer {
  if (ends.source.family === 4) {
    const packet = ipPacket(ends, payload);
    const header = Buffer.concat([packet.subarray(0, 20), Buffer.alloc(8, 1)]);
    header[0] = 0x47;
    return Buffer.concat([header, payload]);
  }
  const destinationOptions = 60;
  return ipPacket({ ...ends, protocol: destinationOptions }, Buffer.concat([Buffer.from([ends.protocol, 0, 1, 4, 0, 0, 0, 0]), payload]));
}
