/** Packets that no decent sender sends are closed or put together, the same on every back end of Linux. */
import { RawSocket } from '@weir/kernel';
import { type Address, defined, parseAddress } from '@weir/net';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ebpfBackEnd, iptablesBackEnd, nftablesBackEnd } from '../packets/back-ends.ts';
import { type PacketEnds, payloadOf } from '../packets/crafted-packet.ts';
import { contradictingFragments, malformedShapes, type Ports, shapeProtocols, sourceRouted } from '../packets/malformed-packets.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { nodeAddressOf, podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';

const patienceMs = 10_000;
const quietMs = 400;
const resendMs = 1_000;
const server = 'x/a';
/** May send to port 80, of both protocols; may send anything. */
const [picky, trusted] = ['y/b', 'y/c'];
const podA = { matchLabels: { pod: 'a' } };
const only80 = policy('x', 'only-80', {
  podSelector: podA,
  policyTypes: ['Ingress'],
  ingress: [
    {
      from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } }],
      ports: [
        { protocol: 'UDP', port: 80 },
        { protocol: 'TCP', port: 80 },
      ],
    },
  ],
});
const anything = policy('x', 'anything', {
  podSelector: podA,
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'c' } } }] }],
});

/** Some packets that belong together. */
interface Sending {
  readonly name: string;
  readonly from: string;
  readonly ends: PacketEnds;
  /** In the first two bytes of what arrives; no other sending has it. */
  readonly mark: number;
  readonly packets: readonly Buffer[];
  readonly expected: boolean;
}

function endsOf(from: string, family: 4 | 6): { readonly source: Address; readonly destination: Address } {
  const addressOf = (pod: string): Address => defined(parseAddress(podAddressOf(pod, family)), `${pod} has an address`);
  return { source: addressOf(from), destination: addressOf(server) };
}

describe.each([nftablesBackEnd, iptablesBackEnd, ebpfBackEnd])('$name: packets that no decent sender sends', (backEnd) => {
  let policed: PolicedNetwork;
  beforeAll(() => {
    policed = new PolicedNetwork(backEnd);
  });
  afterEach(() => policed.reset());
  afterAll(() => policed.close());

  let mark = 2_000;
  /** Every shape from a pod to a port. */
  const shapes = (from: string, port: number, isExpected: (kind: 'whole' | 'cut' | 'broken') => boolean): Sending[] =>
    malformedShapes.flatMap(({ name, families, protocol, kind, packets }) =>
      families.map((family): Sending => {
        const ends: PacketEnds = { ...endsOf(from, family), protocol: shapeProtocols[protocol] };
        const ports: Ports = { source: ++mark, destination: port };
        return {
          name: `IPv${family} ${protocol} from ${from} to ${port}: ${name}`,
          from,
          ends,
          mark,
          packets: packets(ends, ports, mark),
          expected: isExpected(kind),
        };
      }),
    );

  /** Sends all at once; gives what came, by mark. What is expected is sent again until it has come. */
  async function exchange(sendings: readonly Sending[]): Promise<Map<number, Buffer>> {
    const { network } = policed;
    const receivers = ([4, 6] as const).flatMap((family) =>
      Object.values(shapeProtocols).map((protocol) => ({
        family,
        socket: new RawSocket({ netns: network.holderOf(podAddressOf(server, family)), family, protocol }),
      })),
    );
    const senders = new Map<string, RawSocket>();
    const arrived = new Map<number, Buffer>();
    const send = ({ from, ends, packets }: Sending): void => {
      const { family } = ends.source;
      const key = `${from} ${family}`;
      const sender = senders.get(key) ?? new RawSocket({ netns: network.holderOf(podAddressOf(from, family)), family });
      senders.set(key, sender);
      for (const packet of packets) sender.send(packet, ends.destination);
    };
    const read = (): void => {
      for (const { family, socket } of receivers) {
        for (let got = socket.receive(); got !== undefined; got = socket.receive()) {
          const payload = payloadOf(family, got);
          if (payload.length >= 2) arrived.set(payload.readUInt16BE(0), payload);
        }
      }
    };
    const missing = (): Sending[] => sendings.filter((each) => each.expected && !arrived.has(each.mark));
    const until = async (isOver: () => boolean, limitMs: number): Promise<void> => {
      for (const end = performance.now() + limitMs; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
        read();
        if (isOver()) return;
      }
    };
    try {
      for (const sending of sendings) send(sending);
      for (const end = performance.now() + patienceMs; missing().length > 0 && performance.now() < end; ) {
        await until(() => missing().length === 0, resendMs);
        for (const sending of missing()) send(sending);
      }
      await until(() => false, quietMs);
    } finally {
      for (const { socket } of receivers) socket.close();
      for (const socket of senders.values()) socket.close();
    }
    return arrived;
  }

  /** Names those that did not come although they should, or came although they should not. */
  async function differences(sendings: readonly Sending[]): Promise<string[]> {
    const arrived = await exchange(sendings);
    return sendings
      .filter((each) => arrived.has(each.mark) !== each.expected)
      .map(({ name, expected }) => `${name}: ${expected ? 'did not come' : 'came'}`);
  }

  it('all of them that are whole or only cut off reach a pod that no policy isolates', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [] }));
    expect(await differences(shapes(picky, 81, (kind) => kind !== 'broken'))).toEqual([]);
  });

  it('what is whole is judged by its port, and what is not is closed', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [only80, anything] }));
    const sendings = [
      ...shapes(picky, 80, (kind) => kind === 'whole'),
      ...shapes(picky, 81, () => false),
      ...shapes('y/a', 80, () => false),
    ];
    expect(await differences(sendings)).toEqual([]);
  });

  it('what has no port that could be read is not let in by a rule without ports either', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [only80, anything] }));
    expect(await differences(shapes(trusted, 81, (kind) => kind === 'whole'))).toEqual([]);
  });

  it('of fragments that contradict each other none comes to a port that is closed', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [only80, anything] }));
    const sendings = ([4, 6] as const).flatMap((family) =>
      (
        [
          [80, 81],
          [81, 80],
        ] as const
      ).map((destinations): Sending => {
        const ends: PacketEnds = { ...endsOf(picky, family), protocol: shapeProtocols.UDP };
        const source = ++mark;
        const ports = destinations.map((destination) => ({ source, destination })) as unknown as [Ports, Ports];
        const packets = contradictingFragments(ends, ports, source);
        return { name: `IPv${family} ${destinations.join()}`, from: picky, ends, mark, packets, expected: false };
      }),
    );
    const arrived = await exchange([...sendings, ...shapes(picky, 80, (kind) => kind === 'whole')]);
    expect(sendings.filter((each) => arrived.get(each.mark)?.readUInt16BE(2) === 81).map(({ name }) => name)).toEqual([]);
  });

  it('a packet that names the node as its destination and the pod in a source route comes to no port', async () => {
    const node = defined(parseAddress(nodeAddressOf(0, 4)), 'the node has an address');
    const routed = (expected: boolean): Sending => {
      const ends: PacketEnds = { ...endsOf(picky, 4), protocol: shapeProtocols.UDP };
      const packets = [sourceRouted(ends, { source: ++mark, destination: 80 }, node)];
      return { name: 'source routed', from: picky, ends: { ...ends, destination: node }, mark, packets, expected };
    };
    policed.network.realise(twoNodeWorld({ policies: [] }));
    // Both pods are on this node.
    for (const netns of [policed.network.nodeNetns('node-0'), policed.network.holderOf(podAddressOf(server, 4))]) {
      policed.network.run(netns, ['sh', '-c', 'for file in /proc/sys/net/ipv4/conf/*/accept_source_route; do echo 1 > $file; done']);
    }
    expect(await differences([routed(true)])).toEqual([]);
    for (const policies of [[], [only80]]) {
      await policed.moveTo(twoNodeWorld({ policies }));
      expect(await differences([routed(false)])).toEqual([]);
    }
  });
});
