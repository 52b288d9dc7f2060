/** ICMP errors on real packets: those of allowed connections come back, others do not come in. */
import { RawSocket } from '@weir/kernel';
import { netpolPolicy as policy } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { icmpMessage, ipPacket, type PacketEnds, payloadOf, protocols, udpDatagram } from '../packets/crafted-packet.ts';
import { podAddressOf } from '../packets/two-node-world.ts';
import { addressOf, families, outside, pause, podA, type SemanticsScene } from './semantics-scene.ts';

/** Declares them for one back end. */
export function describeErrors(scene: SemanticsScene): void {
  describe('errors', () => {
    const toOutside = policy('x', 'to-outside', {
      podSelector: podA,
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        {
          to: [
            { ipBlock: { cidr: '203.0.113.0/24' } },
            { ipBlock: { cidr: '2001:db8::/64' } },
            { namespaceSelector: {}, podSelector: podA },
          ],
        },
      ],
    });
    let lastPort = 5_000;
    const udp = (from: string, to: string, data: Buffer) => {
      const ends: PacketEnds = { source: addressOf(from), destination: addressOf(to), protocol: protocols.UDP };
      return ipPacket(ends, udpDatagram(ends, { source: ++lastPort, destination: 9_999 }, data));
    };
    const icmp = { 4: protocols.ICMP, 6: protocols.ICMPv6 } as const;
    const unreachable = { 4: [3, 3], 6: [1, 4] } as const;
    const tooBig = { 4: [3, 4], 6: [2, 0] } as const;
    const isError = (wanted: readonly number[]) => (payload: Buffer) => payload[0] === wanted[0] && payload[1] === wanted[1];

    it.each(families)('of an allowed connection come back to an isolated pod: nobody listens, IPv%i', async (family) => {
      await scene.enforce(toOutside);
      for (const to of [outside[family], podAddressOf('y/a', family)]) {
        const from = podAddressOf('x/a', family);
        const receiver = new RawSocket({ netns: scene.policed.network.holderOf(from), family, protocol: icmp[family] });
        const sender = new RawSocket({ netns: scene.policed.network.holderOf(from), family });
        sender.send(udp(from, to, Buffer.alloc(8)), addressOf(to));
        let came = false;
        for (const end = performance.now() + 10_000; !came && performance.now() < end; await pause(10)) {
          for (let got = receiver.receive(); got !== undefined; got = receiver.receive())
            came ||= isError(unreachable[family])(payloadOf(family, got));
        }
        receiver.close();
        sender.close();
        expect(came).toBe(true);
      }
    });

    it.each(families)('of an allowed connection come back to an isolated pod: a packet is too big for a link, IPv%i', async (family) => {
      await scene.enforce(toOutside);
      const { network } = scene.policed;
      const hop = network.holderOf(outside[family]);
      const router = hop.replace(/-e\d+$/, '-router');
      network.run(router, ['ip', 'link', 'set', 'e0', 'mtu', '1300']);
      try {
        const from = podAddressOf('x/a', family);
        const packet = udp(from, outside[family], Buffer.alloc(1_380));
        // Do not fragment.
        if (family === 4) packet[6] = 0x40;
        const receiver = new RawSocket({ netns: network.holderOf(from), family, protocol: icmp[family] });
        const sender = new RawSocket({ netns: network.holderOf(from), family });
        sender.send(packet, addressOf(outside[family]));
        let came = false;
        for (const end = performance.now() + 10_000; !came && performance.now() < end; await pause(10)) {
          for (let got = receiver.receive(); got !== undefined; got = receiver.receive())
            came ||= isError(tooBig[family])(payloadOf(family, got));
        }
        receiver.close();
        sender.close();
        expect(came).toBe(true);
      } finally {
        network.run(router, ['ip', 'link', 'set', 'e0', 'mtu', '1500']);
      }
    });

    it.each(families)('of connections that never were do not reach an isolated pod, IPv%i', async (family) => {
      const to = podAddressOf('x/a', family);
      const ends: PacketEnds = { source: addressOf(outside[family]), destination: addressOf(to), protocol: icmp[family] };
      const [type, code] = unreachable[family];
      const error = icmpMessage(ends, { type, code, rest: Buffer.alloc(4) }, udp(to, outside[family], Buffer.alloc(8)));
      const crafted = {
        from: outside[family],
        to,
        packets: [ipPacket(ends, error)],
        protocol: icmp[family],
        isIt: isError(unreachable[family]),
      };
      await scene.enforce(toOutside);
      expect(await scene.arrives({ ...crafted, expected: false })).toBe(false);
      await scene.enforce();
      expect(await scene.arrives({ ...crafted, expected: true })).toBe(true);
    });
  });
}
