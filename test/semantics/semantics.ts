/**
 * The corners of NetworkPolicy on real packets: services, errors, neighbour discovery, fragments,
 * packets that no decent sender sends, and many or large policies.
 */
import { RawSocket } from '@weir/kernel';
import type { LabelSelectorRequirement, NetworkPolicy } from '@weir/kube';
import { defined, parseAddress } from '@weir/net';
import { NetworkPolicyOracle, netpolPolicy as policy, WorldEvaluator, type WorldFlow } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { renderProxyTable, renderProxyTableRemoval } from '../../packages/lab/src/services/proxy-table.ts';
import type { ServicePortState } from '../../packages/lab/src/services/service-port.ts';
import { probeArrivals } from '../packets/arrival-probe.ts';
import type { BackEnd } from '../packets/back-ends.ts';
import { echoRequest, icmpMessage, ipPacket, type PacketEnds, payloadOf, protocols, udpDatagram } from '../packets/crafted-packet.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { type ExpectedFlow, probeFlows } from '../packets/probe-flows.ts';
import { nodeAddressOf, podAddressOf, podEnd, twoNodeWorld } from '../packets/two-node-world.ts';

const families = [4, 6] as const;
const outside = { 4: '203.0.113.10', 6: '2001:db8::10' } as const;
const podA = { matchLabels: { pod: 'a' } };
const denyAll = policy('x', 'deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

/** Declares the suite for one back end. */
export function describeSemantics(backEnd: BackEnd): void {
  describe(`${backEnd.name}: the corners of NetworkPolicy`, () => {
    let policed: PolicedNetwork;
    let world = twoNodeWorld({ policies: [] });

    beforeAll(() => {
      policed = new PolicedNetwork(backEnd);
    });
    afterEach(async () => {
      expect(await policed.drift()).toEqual([]);
      await policed.reset();
    });
    afterAll(async () => {
      await policed.close();
    });

    /** Puts policies in force. */
    async function enforce(...policies: readonly NetworkPolicy[]): Promise<void> {
      world = twoNodeWorld({ policies });
      await policed.moveTo(world);
    }

    /** `from > to PROTOCOL port`, in both families; an end is a pod, `node-0`, `outside` or an address. */
    function flows(text: string, allowed: boolean): ExpectedFlow[] {
      const [from = '', , to = '', protocol, port] = text.split(' ');
      return families.flatMap((family) => {
        const [source, destination] = [endOf(from, family), endOf(to, family)];
        if (source === undefined || destination === undefined) return [];
        const flow = {
          source,
          destination,
          protocol: protocol as WorldFlow['protocol'],
          ...(port !== undefined && { port: Number(port) }),
        };
        return [{ flow, allowed }];
      });
    }

    function endOf(text: string, family: 4 | 6): WorldFlow['source'] | undefined {
      if (text.startsWith('node-')) return { kind: 'address', address: nodeAddressOf(Number(text.slice(5)), family) };
      if (text === 'outside') return { kind: 'address', address: outside[family] };
      if (text.includes('/')) return podEnd(text, family);
      return text.includes(':') === (family === 6) ? { kind: 'address', address: text } : undefined;
    }

    /** Tries everything at once, and asks the evaluator; the result names what went otherwise. */
    async function differences(tried: { readonly allowed?: readonly string[]; readonly denied?: readonly string[] }): Promise<string[]> {
      const expected = [
        ...(tried.allowed ?? []).flatMap((text) => flows(text, true)),
        ...(tried.denied ?? []).flatMap((text) => flows(text, false)),
      ];
      const evaluator = new WorldEvaluator(world);
      const evaluated = expected.filter(({ flow, allowed }) => isUntranslated(flow) && evaluator.verdict(flow).allowed !== allowed);
      return [
        ...evaluated.map((each) => `the evaluator says otherwise: ${JSON.stringify(each)}`),
        ...(await probeFlows(policed.network, world, expected)).map((each) => JSON.stringify(each)),
      ];
    }

    /** Whether the address and the port that it is sent to are those that policies are about. */
    function isUntranslated({ destination, port }: WorldFlow): boolean {
      if (destination.kind === 'pod') return true;
      const known = families.flatMap((family) => [outside[family], nodeAddressOf(0, family), nodeAddressOf(1, family)]);
      return known.includes(destination.address) && (port ?? 0) <= 9_000;
    }

    const addressOf = (text: string) => defined(parseAddress(text), text);
    const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

    interface Crafted {
      readonly from: string;
      readonly to: string;
      readonly packets: readonly Buffer[];
      readonly protocol: number;
      readonly isIt: (payload: Buffer) => boolean;
      readonly expected: boolean;
    }

    /** Sends whole packets from where one address is and says whether one that `isIt` comes to where the other one is. */
    async function arrives({ from, to, packets, protocol, isIt, expected }: Crafted): Promise<boolean> {
      const { family } = addressOf(from);
      const receiver = new RawSocket({ netns: policed.network.holderOf(to), family, protocol });
      const sender = new RawSocket({ netns: policed.network.holderOf(from), family });
      try {
        for (const packet of packets) sender.send(packet, addressOf(to));
        for (const end = performance.now() + (expected ? 10_000 : 400); performance.now() < end; await pause(10)) {
          for (let got = receiver.receive(); got !== undefined; got = receiver.receive()) if (isIt(payloadOf(family, got))) return true;
        }
        return false;
      } finally {
        receiver.close();
        sender.close();
      }
    }

    describe('services', () => {
      const service = { 4: '10.0.0.10', 6: 'fd00:10::10' } as const;
      const proxyTable = 'weir_packet_services';

      const nodePort = 30_080;
      const serve = (backend: string, externalTrafficPolicy: 'Local' | 'Cluster' = 'Cluster'): void => {
        const states = families.flatMap((family) =>
          (['TCP', 'UDP'] as const).map((protocol): ServicePortState => {
            const target = { kind: 'backends', backends: [{ address: podAddressOf(backend, family), port: 8080 }] } as const;
            return {
              name: 'x/service:port',
              family,
              protocol,
              port: 80,
              clusterIp: service[family],
              externalIps: [],
              balancerIps: [],
              sticky: false,
              internal: target,
              external: target,
              nodePort,
              keepsSource: externalTrafficPolicy === 'Local',
            };
          }),
        );
        for (const i of [0, 1]) {
          const nodeAddresses = families.map((family) => nodeAddressOf(i, family));
          policed.network.run(
            policed.network.nodeNetns(`node-${i}`),
            ['nft', '-f', '-'],
            renderProxyTable({ table: proxyTable, nodeAddresses, states }),
          );
        }
      };
      const toService = (from: string): string[] =>
        Object.values(service).flatMap((address) => ['TCP', 'UDP'].map((protocol) => `${from} > ${address} ${protocol} 80`));

      afterEach(() => {
        for (const i of [0, 1])
          policed.network.run(policed.network.nodeNetns(`node-${i}`), ['nft', '-f', '-'], renderProxyTableRemoval(proxyTable));
      });

      it('a pod that everything is forbidden to reaches itself, directly and through its own service', async () => {
        await enforce(denyAll);
        serve('x/a');
        expect(
          await differences({
            allowed: [...toService('x/a'), 'x/a > x/a TCP 80', 'x/a > x/a UDP 80'],
            denied: [...toService('x/b'), ...toService('x/c'), ...toService('y/a')],
          }),
        ).toEqual([]);
      });

      it('traffic to a service is judged by the pod and the port behind it, on the same node and another', async () => {
        const toBackend = { podSelector: podA, policyTypes: ['Egress' as const] };
        const serviceBlocks = Object.values(service).map((address) => ({
          ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` },
        }));
        await enforce(
          policy('y', 'to-the-pod', {
            ...toBackend,
            egress: [{ to: [{ namespaceSelector: {}, podSelector: podA }], ports: [{ port: 8080 }, { protocol: 'UDP', port: 8080 }] }],
          }),
          policy('z', 'to-the-service', { ...toBackend, egress: [{ to: serviceBlocks }] }),
          policy('x', 'on-the-service-port', {
            podSelector: { matchLabels: { pod: 'b' } },
            policyTypes: ['Egress'],
            egress: [{ ports: [{ port: 80 }, { protocol: 'UDP', port: 80 }] }],
          }),
        );
        serve('x/a');
        expect(
          await differences({
            allowed: [...toService('y/a'), ...toService('y/b'), ...toService('x/c')],
            denied: [...toService('z/a'), ...toService('x/b')],
          }),
        ).toEqual([]);
        serve('x/c');
        expect(await differences({ allowed: toService('y/b'), denied: [...toService('y/a'), ...toService('z/a')] })).toEqual([]);
      });

      it('what lets a client in at a pod lets it in through the service, also from outside the cluster', async () => {
        await enforce(
          policy('x', 'let-in', {
            podSelector: podA,
            policyTypes: ['Ingress'],
            ingress: [
              {
                from: [
                  { namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } },
                  { ipBlock: { cidr: '203.0.113.0/24' } },
                  { ipBlock: { cidr: '2001:db8::/64' } },
                ],
                ports: [{ port: 8080 }, { protocol: 'UDP', port: 8080 }],
              },
            ],
          }),
        );
        serve('x/a');
        expect(
          await differences({
            allowed: [...toService('x/b'), ...toService('y/b'), 'outside > x/a TCP 8080', 'outside > x/a UDP 8080'],
            denied: [...toService('y/a'), ...toService('x/c'), 'outside > x/a TCP 80'],
          }),
        ).toEqual([]);
      });

      it('NodePort traffic is judged by the source that arrives: the client with Local, the other node with Cluster', async () => {
        const fromBlocks = (name: string, blocks: readonly string[]): NetworkPolicy =>
          policy('x', name, {
            podSelector: podA,
            policyTypes: ['Ingress'],
            ingress: [{ from: blocks.map((cidr) => ({ ipBlock: { cidr } })), ports: [{ port: 8080 }, { protocol: 'UDP', port: 8080 }] }],
          });
        const fromOutside = fromBlocks('from-outside', ['203.0.113.0/24', '2001:db8::/64']);
        const fromOtherNode = fromBlocks('from-node-1', [`${nodeAddressOf(1, 4)}/32`, `${nodeAddressOf(1, 6)}/128`]);
        const to = (node: number): string[] =>
          families.flatMap((family) =>
            (['TCP', 'UDP'] as const).map((protocol) => `outside > ${nodeAddressOf(node, family)} ${protocol} ${nodePort}`),
          );
        // The pod is on node-0: what goes to node-1 gets that node's address unless the source is kept.
        const expected = [
          { policyInForce: fromOutside, kept: 'Cluster', allowed: to(0), denied: to(1) },
          { policyInForce: fromOtherNode, kept: 'Cluster', allowed: to(1), denied: to(0) },
          { policyInForce: fromOutside, kept: 'Local', allowed: to(0), denied: [] },
          { policyInForce: fromOtherNode, kept: 'Local', allowed: [], denied: to(0) },
        ] as const;
        for (const { policyInForce, kept, allowed, denied } of expected) {
          await enforce(policyInForce);
          serve('x/a', kept);
          expect(await differences({ allowed, denied }), `${policyInForce.metadata.name} ${kept}`).toEqual([]);
        }
      });
    });

    describe('the node', () => {
      it('reaches its own pods whatever policies say, and another node does not', async () => {
        await enforce(denyAll);
        const tried = (from: string, to: string): string[] => [`${from} > ${to} TCP 80`, `${from} > ${to} UDP 81`, `${from} > ${to} ICMP`];
        expect(
          await differences({
            allowed: [...tried('node-0', 'x/a'), ...tried('node-1', 'x/b')],
            denied: [...tried('node-1', 'x/a'), ...tried('node-0', 'x/b'), ...tried('x/a', 'node-0'), ...tried('x/a', 'node-1')],
          }),
        ).toEqual([]);
      });

      it('and pods on the host network are one: no policy selects them, and no selector of pods means them', async () => {
        const fromPodsB = policy('x', 'from-pods-b', {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } }] }],
        });
        const closed = twoNodeWorld({
          policies: [fromPodsB, policy('z', 'closed', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
        });
        const podIPs = families.map((family) => ({ ip: nodeAddressOf(1, family) }));
        world = {
          ...closed,
          pods: closed.pods.map((pod) => {
            if (`${pod.metadata.namespace}/${pod.metadata.name}` !== 'z/b') return pod;
            const spec = { ...pod.spec, containers: pod.spec?.containers ?? [], hostNetwork: true };
            return { ...pod, spec, status: { ...pod.status, podIP: nodeAddressOf(1, 4), podIPs } };
          }),
        };
        await policed.moveTo(world);
        expect(
          await differences({
            // z/b is selected by `closed`, and has a label that `from-pods-b` asks for.
            allowed: ['node-1 > y/b TCP 80', 'y/b > node-1 TCP 80', 'x/b > node-1 UDP 80', 'x/b > x/a TCP 80'],
            denied: ['node-1 > x/a TCP 80', 'node-1 > x/a UDP 80', 'node-1 > z/a TCP 80', 'z/c > y/b TCP 80'],
          }),
        ).toEqual([]);
      });

      it('and its isolated pods find each other by neighbour discovery', async () => {
        await enforce(denyAll);
        const { network } = policed;
        const own = podAddressOf('x/a', 6);
        const link = defined(
          [...network.linkedPods().values()].find(({ addresses }) => addresses.includes(own)),
          'the pod has a link',
        );
        const node = network.nodeNetns('node-0');
        network.run(node, ['ip', 'neigh', 'del', own, 'dev', link.interface]);
        network.run(network.holderOf(own), ['ip', 'neigh', 'del', 'fe80::1', 'dev', 'eth0']);
        expect(await differences({ allowed: ['node-0 > x/a TCP 80'] })).toEqual([]);
        expect(network.run(node, ['ip', 'neigh', 'show', own])).toMatch(/lladdr/);
        expect(network.run(network.holderOf(own), ['ip', 'neigh', 'show', 'fe80::1'])).toMatch(/lladdr/);
      });
    });

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
        await enforce(toOutside);
        for (const to of [outside[family], podAddressOf('y/a', family)]) {
          const from = podAddressOf('x/a', family);
          const receiver = new RawSocket({ netns: policed.network.holderOf(from), family, protocol: icmp[family] });
          const sender = new RawSocket({ netns: policed.network.holderOf(from), family });
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
        await enforce(toOutside);
        const { network } = policed;
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
        await enforce(toOutside);
        expect(await arrives({ ...crafted, expected: false })).toBe(false);
        await enforce();
        expect(await arrives({ ...crafted, expected: true })).toBe(true);
      });
    });

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
        await enforce(only80);
        const [from, to] = [podAddressOf('y/b', family), podAddressOf('x/a', family)];
        const ends: PacketEnds = { source: addressOf(from), destination: addressOf(to), protocol: protocols.UDP };
        const send = (port: number, expected: boolean) => {
          const datagram = udpDatagram(ends, { source: 6_000 + port, destination: port }, Buffer.concat([Buffer.alloc(1_600), marker]));
          return arrives({ from, to, packets: fragments(ends, datagram, port), protocol: protocols.UDP, isIt: isMarked, expected });
        };
        expect(await send(80, true)).toBe(true);
        expect(await send(81, false)).toBe(false);
      });

      it.each(families)('a segment from the middle of a connection that never began is judged like its first, IPv%i', async (family) => {
        await enforce(only80);
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
            return arrives({ from, to, packets, protocol: protocols.TCP, isIt, expected: false });
          }),
        );
        expect(arrived).toEqual([false, false, false, false, false]);
      });

      it('options in front of the transport header do not hide the port: IPv4 options, IPv6 extension headers', async () => {
        await enforce(only80);
        for (const family of families) {
          const [from, to] = [podAddressOf('y/b', family), podAddressOf('x/a', family)];
          const ends: PacketEnds = { source: addressOf(from), destination: addressOf(to), protocol: protocols.UDP };
          const packetTo = (port: number): Buffer =>
            withOptions(ends, udpDatagram(ends, { source: 6_500 + port, destination: port }, marker));
          const crafted = { from, to, protocol: protocols.UDP, isIt: isMarked };
          expect(await arrives({ ...crafted, packets: [packetTo(80)], expected: true }), `IPv${family}`).toBe(true);
          expect(await arrives({ ...crafted, packets: [packetTo(81)], expected: false }), `IPv${family}`).toBe(false);
        }
      });

      it('an echo request needs a rule without ports', async () => {
        const anything = policy('x', 'anything-from-y', {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }],
        });
        await enforce(only80, anything);
        expect(
          await differences({ allowed: ['y/a > x/a ICMP', 'y/b > x/a ICMP'], denied: ['z/a > x/a ICMP', 'outside > x/a ICMP'] }),
        ).toEqual([]);
        const ends: PacketEnds = {
          source: addressOf(podAddressOf('z/a', 4)),
          destination: addressOf(podAddressOf('x/a', 4)),
          protocol: protocols.ICMP,
        };
        const packets = [ipPacket(ends, echoRequest(ends, 1, marker))];
        expect(
          await arrives({
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

    describe('many and large policies', () => {
      it('1 000 policies select one pod: each counts, also when some of them go', async () => {
        const onPort = (port: number): NetworkPolicy =>
          policy('x', `port-${port}`, {
            podSelector: podA,
            policyTypes: ['Ingress'],
            ingress: [
              {
                from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: port % 2 === 0 ? 'b' : 'c' } } }],
                ports: [{ protocol: 'TCP', port }],
              },
            ],
          });
        const wrong = async (): Promise<string[]> => {
          const oracle = new NetworkPolicyOracle(world);
          const tried = ['y/a', 'y/b', 'y/c'].flatMap((from) =>
            [...ports, 1_001].flatMap((port) => flows(`${from} > x/a TCP ${port}`, false)),
          );
          const judged = tried.map(({ flow }) => ({ flow, allowed: oracle.verdict(flow).allowed }));
          expect(judged.filter(({ allowed }) => allowed).length).toBeGreaterThan(900);
          return (await probeArrivals(policed.network, world, judged)).map((each) => JSON.stringify(each));
        };
        const ports = Array.from({ length: 1_000 }, (_, i) => i + 1);
        await enforce(onPort(1));
        const few = policed.node('node-0').dataplane.sizes.rules;
        await enforce(...ports.map(onPort));
        // Lookups, not lists, where the back end has them.
        if (backEnd.name === 'nftables') expect(policed.node('node-0').dataplane.sizes.rules).toBe(few);
        expect(await wrong()).toEqual([]);
        await enforce(...ports.filter((port) => port % 97 !== 3).map(onPort));
        expect(await wrong()).toEqual([]);
        expect(policed.replaced).toEqual([]);
      });

      it('a selector of 20 expressions asks for all of them', async () => {
        const labels = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key-${i}`, `value-${i % 3}`]));
        const expressions: LabelSelectorRequirement[] = Object.entries(labels).map(([key, value], i) => {
          const kinds: LabelSelectorRequirement[] = [
            { key, operator: 'In', values: ['other', value] },
            { key, operator: 'Exists' },
            { key: `no-${key}`, operator: 'DoesNotExist' },
            { key, operator: 'NotIn', values: ['other', 'more'] },
          ];
          return defined(kinds[i % kinds.length], 'a kind');
        });
        const letIn = policy('x', 'twenty', {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchExpressions: expressions } }] }],
        });
        const almost: Record<string, Record<string, string>> = {
          'y/a': labels,
          'y/b': { ...labels, 'key-16': 'wrong' },
          'y/c': { ...labels, 'no-key-18': '' },
          'z/a': { ...labels, 'key-19': 'more' },
          'z/b': Object.fromEntries(Object.entries(labels).filter(([key]) => key !== 'key-17')),
          'z/c': Object.fromEntries(Object.entries(labels).filter(([key]) => key !== 'key-19')),
        };
        world = twoNodeWorld({ policies: [letIn], labels: almost });
        await policed.moveTo(world);
        const oracle = new NetworkPolicyOracle(world);
        const tried = Object.keys(almost)
          .flatMap((pod) => flows(`${pod} > x/a TCP 80`, false))
          .map(({ flow }) => ({ flow, allowed: oracle.verdict(flow).allowed }));
        // NotIn holds for a label that is not there: z/c passes as well.
        expect(tried.filter(({ allowed }) => allowed)).toHaveLength(4);
        expect(await probeFlows(policed.network, world, tried)).toEqual([]);
      });

      it('policies of which the names differ only in their last letters keep apart', async () => {
        const long = (last: string): string => `${'n'.repeat(240)}${last}`;
        const from = (name: string, pod: string): NetworkPolicy =>
          policy('x', name, {
            podSelector: podA,
            policyTypes: ['Ingress'],
            ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod } } }] }],
          });
        await enforce(from(long('b'), 'b'), from(long('c'), 'c'));
        expect(await differences({ allowed: ['y/b > x/a TCP 80', 'y/c > x/a TCP 80'], denied: ['y/a > x/a TCP 80'] })).toEqual([]);
        await enforce(from(long('c'), 'c'));
        expect(await differences({ allowed: ['y/c > x/a TCP 80'], denied: ['y/b > x/a TCP 80', 'y/a > x/a TCP 80'] })).toEqual([]);
      });
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
