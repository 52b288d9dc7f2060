/** Packets that no decent sender sends are closed or put together, the same on every back end of Linux. */
import { type Address, defined, parseAddress } from '@weir/net';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ebpfBackEnd, iptablesBackEnd, nftablesBackEnd } from '../packets/back-ends.ts';
import type { PacketEnds } from '../packets/crafted-packet.ts';
import { contradictingFragments, malformedShapes, type Ports, shapeProtocols, sourceRouted } from '../packets/malformed-packets.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { type CraftedSending, differences, exchange } from '../packets/raw-exchange.ts';
import { nodeAddressOf, podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';

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

function endsOf(from: string, family: 4 | 6): { readonly source: Address; readonly destination: Address } {
  const addressOf = (pod: string): Address => defined(parseAddress(podAddressOf(pod, family)), `${pod} has an address`);
  return { source: addressOf(from), destination: addressOf(server) };
}

const policed = new PolicedNetwork();
afterAll(() => policed.close());

let mark = 2_000;
/** What arrives begins with a source port that nothing else has. */
function sending(
  name: string,
  from: string,
  family: 4 | 6,
  more: Pick<CraftedSending, 'protocol' | 'packets' | 'expected'>,
): CraftedSending {
  const own = mark;
  const isIt = (payload: Buffer): boolean => payload.length >= 2 && payload.readUInt16BE(0) === own;
  return { name: `IPv${family} ${name}`, from: podAddressOf(from, family), to: podAddressOf(server, family), isIt, ...more };
}

/** Every shape from a pod to a port. */
function shapes(from: string, port: number, isExpected: (kind: 'whole' | 'cut' | 'broken') => boolean): CraftedSending[] {
  return malformedShapes.flatMap(({ name, families, protocol, kind, packets }) =>
    families.map((family) => {
      const ends: PacketEnds = { ...endsOf(from, family), protocol: shapeProtocols[protocol] };
      const ports: Ports = { source: ++mark, destination: port };
      return sending(`${protocol} from ${from} to ${port}: ${name}`, from, family, {
        protocol: ends.protocol,
        packets: packets(ends, ports, mark),
        expected: isExpected(kind),
      });
    }),
  );
}

describe.each([nftablesBackEnd, iptablesBackEnd, ebpfBackEnd])('$name: packets that no decent sender sends', (backEnd) => {
  beforeAll(() => policed.reset(backEnd));
  afterEach(() => policed.reset());

  it('all of them that are whole or only cut off reach a pod that no policy isolates', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [] }));
    expect(
      await differences(
        policed.network,
        shapes(picky, 81, (kind) => kind !== 'broken'),
      ),
    ).toEqual([]);
  });

  it('DP13: what is whole is judged by its port, and what is not is closed, also by a rule without ports', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [only80, anything] }));
    const sendings = [
      ...shapes(picky, 80, (kind) => kind === 'whole'),
      ...shapes(picky, 81, () => false),
      ...shapes(trusted, 81, (kind) => kind === 'whole'),
      ...shapes('y/a', 80, () => false),
    ];
    expect(await differences(policed.network, sendings)).toEqual([]);
  });

  it('DP13: of fragments that contradict each other none comes to a port that is closed', async () => {
    await policed.moveTo(twoNodeWorld({ policies: [only80, anything] }));
    const orders = [
      [80, 81],
      [81, 80],
    ] as const;
    const sendings = ([4, 6] as const).flatMap((family) =>
      orders.map(([first, second]) => {
        const ends: PacketEnds = { ...endsOf(picky, family), protocol: shapeProtocols.UDP };
        const source = ++mark;
        const ports = [
          { source, destination: first },
          { source, destination: second },
        ] as const;
        const packets = contradictingFragments(ends, ports, source);
        return sending(`${first}, then ${second}`, picky, family, { protocol: ends.protocol, packets, expected: false });
      }),
    );
    const arrived = await exchange(policed.network, [...sendings, ...shapes(picky, 80, (kind) => kind === 'whole')]);
    expect(sendings.filter((each) => arrived.get(each)?.readUInt16BE(2) === 81).map(({ name }) => name)).toEqual([]);
  });

  it('a packet that names the node as its destination and the pod in a source route comes to no port', async () => {
    const via = nodeAddressOf(0, 4);
    const routed = (expected: boolean): CraftedSending => {
      const ends: PacketEnds = { ...endsOf(picky, 4), protocol: shapeProtocols.UDP };
      const packets = [sourceRouted(ends, { source: ++mark, destination: 80 }, defined(parseAddress(via), via))];
      return { ...sending('source routed', picky, 4, { protocol: ends.protocol, packets, expected }), via };
    };
    policed.network.realise(twoNodeWorld({ policies: [] }));
    // Both pods are on this node.
    for (const netns of [policed.network.nodeNetns('node-0'), policed.network.holderOf(podAddressOf(server, 4))]) {
      policed.network.run(netns, ['sh', '-c', 'for file in /proc/sys/net/ipv4/conf/*/accept_source_route; do echo 1 > $file; done']);
    }
    expect(await differences(policed.network, [routed(true)])).toEqual([]);
    for (const policies of [[], [only80]]) {
      await policed.moveTo(twoNodeWorld({ policies }));
      expect(await differences(policed.network, [routed(false)])).toEqual([]);
    }
  });
});
