/**
 * The ways into a cluster from outside (NodePort, the address of a load balancer, hostPort), with both
 * values of externalTrafficPolicy and through either node: by which source policies judge a connection,
 * and which one the server sees. All back ends agree.
 */
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { connectTcp, listenTcp, openUdp } from '@weir/kernel';
import type { NetworkPolicy } from '@weir/kube';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { renderProxyTable } from '../../packages/lab/src/services/proxy-table.ts';
import type { ServicePortState, ServiceTarget } from '../../packages/lab/src/services/service-port.ts';
import { backEnds } from '../packets/back-ends.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { nodeAddressOf, podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';

const families = [4, 6] as const;
const nodes = [0, 1] as const;
const protocols = ['TCP', 'UDP'] as const;
const outside = { 4: '203.0.113.10', 6: '2001:db8::10' } as const;
/** What the cluster addresses of the services begin with. */
const cluster = { 4: '10.0.0.1', 6: 'fd00:10::1' } as const;
/** On node-0. */
const pod = 'x/a';
const podPort = 8_090;
const servicePort = 80;
const hostPort = 30_090;
const nodePorts = { Cluster: 30_080, Local: 30_081 } as const;

/** The address of a load balancer whose packets a node gets. */
function balancerAddress(kept: keyof typeof nodePorts, node: number, family: 4 | 6): string {
  const number = (kept === 'Cluster' ? 1 : 3) + node;
  return family === 4 ? `198.51.100.${number}` : `2001:db8:ff::${number}`;
}

/** A way in, by which source it is judged, and which one the server sees; undefined: it leads nowhere. */
interface Way {
  readonly name: string;
  readonly address: (family: 4 | 6) => string;
  readonly port: number;
  readonly judgedBy: 'client' | 'node-1' | undefined;
  readonly seen: 'client' | 'node-0' | 'node-1';
}

const ways: readonly Way[] = [
  ...nodes.flatMap((node) => {
    // With Local only the node of the pod answers, and nothing hides the client.
    const local = { judgedBy: node === 0 ? ('client' as const) : undefined, seen: 'client' as const };
    // With Cluster the node that is entered stands in for the client, on its own pods not before they are judged.
    const cluster = node === 0 ? ({ judgedBy: 'client', seen: 'node-0' } as const) : ({ judgedBy: 'node-1', seen: 'node-1' } as const);
    const nodeAddress = (family: 4 | 6): string => nodeAddressOf(node, family);
    return [
      { name: `NodePort, Cluster, node-${node}`, address: nodeAddress, port: nodePorts.Cluster, ...cluster },
      { name: `NodePort, Local, node-${node}`, address: nodeAddress, port: nodePorts.Local, ...local },
      {
        name: `LoadBalancer, Cluster, node-${node}`,
        address: (family: 4 | 6) => balancerAddress('Cluster', node, family),
        port: servicePort,
        ...cluster,
      },
      {
        name: `LoadBalancer, Local, node-${node}`,
        address: (family: 4 | 6) => balancerAddress('Local', node, family),
        port: servicePort,
        ...local,
      },
    ];
  }),
  { name: 'hostPort, node-0', address: (family) => nodeAddressOf(0, family), port: hostPort, judgedBy: 'client', seen: 'client' },
  { name: 'hostPort, node-1', address: (family) => nodeAddressOf(1, family), port: hostPort, judgedBy: undefined, seen: 'client' },
];

/** Two services of type LoadBalancer, which have a NodePort too, as the proxy of a node sees them. */
function servicesAt(node: number): ServicePortState[] {
  return (['Cluster', 'Local'] as const).flatMap((kept) =>
    families.flatMap((family) =>
      protocols.map((protocol): ServicePortState => {
        const everywhere: ServiceTarget = { kind: 'backends', backends: [{ address: podAddressOf(pod, family), port: podPort }] };
        return {
          name: `x/${kept.toLowerCase()}:port`,
          family,
          protocol,
          port: servicePort,
          clusterIp: `${cluster[family]}${kept === 'Cluster' ? 1 : 2}`,
          externalIps: [],
          balancerIps: nodes.map((each) => balancerAddress(kept, each, family)),
          internal: everywhere,
          external: kept === 'Local' && node !== 0 ? { kind: 'drop' } : everywhere,
          nodePort: nodePorts[kept],
          keepsSource: kept === 'Local',
        };
      }),
    ),
  );
}

/** What the portmap plugin does on the node of a pod with hostPort; the proxy of the lab, which knows no hostPort, would stand in for the client. */
const hostPortTable = [
  'table inet weir_packet_host_ports {',
  '  chain prerouting {',
  '    type nat hook prerouting priority -101; policy accept;',
  ...protocols.flatMap((protocol) => [
    `    ip daddr ${nodeAddressOf(0, 4)} ${protocol.toLowerCase()} dport ${hostPort} dnat ip to ${podAddressOf(pod, 4)}:${podPort}`,
    `    ip6 daddr ${nodeAddressOf(0, 6)} ${protocol.toLowerCase()} dport ${hostPort} dnat ip6 to [${podAddressOf(pod, 6)}]:${podPort}`,
  ]),
  '  }',
  '  chain postrouting {',
  '    type nat hook postrouting priority 99; policy accept;',
  ...protocols.flatMap((protocol) => [
    `    ct status dnat meta l4proto ${protocol.toLowerCase()} ct original proto-dst ${hostPort} meta nfproto ipv4 snat ip to ip saddr`,
    `    ct status dnat meta l4proto ${protocol.toLowerCase()} ct original proto-dst ${hostPort} meta nfproto ipv6 snat ip6 to ip6 saddr`,
  ]),
  '  }',
  '}',
].join('\n');

/** Ends that have to be closed. */
class Ends {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #datagrams: UdpSocket[] = [];
  #lastPort = 20_000;

  /** Answers each connection and each datagram with the address that it comes from. */
  serve(netns: string): void {
    const server = createServer((socket) => {
      this.#keep(socket);
      socket.write(plain(socket.remoteAddress));
    });
    this.#servers.push(listenTcp(server, { netns, address: '::', port: podPort }));
    const datagrams = openUdp({ netns, address: '::', port: podPort });
    datagrams.on('message', (_, from) => datagrams.send(plain(from.address), from.port, from.address, () => undefined));
    this.#datagrams.push(datagrams);
  }

  /** Asks, again and again where a datagram can be lost, and tells what was answered. */
  ask(
    netns: string,
    target: { readonly protocol: 'TCP' | 'UDP'; readonly address: string; readonly port: number },
    told: (seen: string) => void,
  ): void {
    const { protocol, address, port } = target;
    if (protocol === 'TCP') {
      const socket = connectTcp({ netns, address, port });
      this.#keep(socket);
      socket.on('data', (data: Buffer) => told(data.toString()));
      return;
    }
    // A port that no attempt before had: connection tracking remembers datagrams for some time.
    const socket = openUdp({ netns, address: address.includes(':') ? '::' : '0.0.0.0', port: ++this.#lastPort });
    this.#datagrams.push(socket);
    const send = (): void => socket.send('?', port, address, () => undefined);
    const timer = setInterval(send, 500);
    socket.on('close', () => clearInterval(timer));
    socket.on('error', () => undefined);
    socket.on('message', (data) => told(data.toString()));
    send();
  }

  /** Ends what was asked; servers go on. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const socket of this.#datagrams.splice(1)) socket.close();
  }

  close(): void {
    this.hangUp();
    for (const server of this.#servers) server.close();
    for (const socket of this.#datagrams) socket.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
}

function plain(address: string | undefined): string {
  return (address ?? '').replace('::ffff:', '');
}

const policed = new PolicedNetwork();
const ends = new Ends();
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

beforeAll(() => {
  const { network } = policed;
  network.realise(twoNodeWorld({ policies: [] }));
  for (const node of nodes) {
    const nodeAddresses = families.map((family) => nodeAddressOf(node, family));
    const states = servicesAt(node);
    network.run(
      network.nodeNetns(`node-${node}`),
      ['nft', '-f', '-'],
      renderProxyTable({ table: 'weir_packet_services', nodeAddresses, states }),
    );
    for (const family of families) {
      for (const kept of ['Cluster', 'Local'] as const) network.routeOutside(balancerAddress(kept, node, family), `node-${node}`);
    }
  }
  network.run(network.nodeNetns('node-0'), ['nft', '-f', '-'], hostPortTable);
  ends.serve(network.holderOf(podAddressOf(pod, 4)));
});
afterAll(async () => {
  ends.close();
  await policed.close();
});

/** Who is seen behind every way in, or silence, in both families and protocols. */
async function seenThrough(expected: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const seen = new Map([...expected.keys()].map((key) => [key, 'silence']));
  const netns = policed.network.holderOf(outside[4]);
  for (const way of ways) {
    for (const family of families) {
      for (const protocol of protocols) {
        const target = { protocol, address: way.address(family), port: way.port };
        ends.ask(netns, target, (text) => void seen.set(keyOf(way, family, protocol), text));
      }
    }
  }
  const startedAt = performance.now();
  const isComplete = (): boolean => [...expected].every(([key, text]) => text === 'silence' || seen.get(key) !== 'silence');
  while (!isComplete() && performance.now() < startedAt + 15_000) await pause(10);
  await pause(Math.max(300, performance.now() - startedAt));
  ends.hangUp();
  return seen;
}

function keyOf(way: Way, family: 4 | 6, protocol: string): string {
  return `${way.name}, ${protocol}, IPv${family}`;
}

const letIn = (name: string, blocks: readonly string[]): NetworkPolicy =>
  policy('x', name, {
    podSelector: { matchLabels: { pod: 'a' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: blocks.map((cidr) => ({ ipBlock: { cidr } })), ports: [{ port: podPort }, { protocol: 'UDP', port: podPort }] }],
  });
const states: readonly { readonly lets: Way['judgedBy']; readonly policies: readonly NetworkPolicy[] }[] = [
  { lets: 'client', policies: [letIn('client', ['203.0.113.0/24', '2001:db8::/64'])] },
  { lets: 'node-1', policies: [letIn('node', [`${nodeAddressOf(1, 4)}/32`, `${nodeAddressOf(1, 6)}/128`])] },
];

describe.each(backEnds)('$name: connections from outside of the cluster', (backEnd) => {
  afterEach(async () => {
    expect(await policed.drift()).toEqual([]);
  });

  it.each(states)(
    'are judged by the source that arrives, where policies let in the $lets; the server sees who the way shows',
    async (state) => {
      await policed.reset(backEnd);
      await policed.moveTo(twoNodeWorld({ policies: state.policies }));
      const expected = new Map<string, string>();
      for (const way of ways) {
        for (const family of families) {
          const addresses = { client: outside[family], 'node-0': nodeAddressOf(0, family), 'node-1': nodeAddressOf(1, family) };
          const isLetIn = way.judgedBy !== undefined && way.judgedBy === state.lets;
          for (const protocol of protocols) expected.set(keyOf(way, family, protocol), isLetIn ? addresses[way.seen] : 'silence');
        }
      }
      expect(Object.fromEntries(await seenThrough(expected))).toEqual(Object.fromEntries(expected));
      expect([...expected.values()].filter((each) => each !== 'silence')).toHaveLength(state.lets === 'client' ? 20 : 8);
    },
  );
});
