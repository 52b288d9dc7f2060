/**
 * Traffic between pods of one node that goes on while something bad happens to the agent: allowed and
 * denied in every state of the test, so that each packet lost or let through is a fault.
 */
import type { Socket } from 'node:dgram';
import { openUdp } from '@weir/kernel';
import type { NetworkPolicySpec } from '@weir/kube';
import { DatagramStream, PacketCounter } from '@weir/testkit';
import type { NodeWorld, TestPod } from './node-world.ts';

/** The only port that the server's policies allow in every state, to friends. */
export const allowedPort = 7001;
const deniedPort = 7002;
const sourcePort = 5_555;

type Lane = 'allowedNew' | 'allowedEstablished' | 'deniedPort' | 'deniedPeer';

/** Datagrams of each lane: what was sent, and how much of it arrived. */
export interface TrafficCount {
  readonly sent: Readonly<Record<Lane, number>>;
  readonly arrived: Readonly<Record<Lane, number>>;
}

/** Three pods that nothing else of the test changes. */
export class SteadyTraffic {
  readonly server: TestPod;
  readonly friend: TestPod;
  readonly #stranger: TestPod;
  readonly #echo: Socket;
  readonly #streams = new Set<DatagramStream>();

  private constructor(pods: { readonly server: TestPod; readonly friend: TestPod; readonly stranger: TestPod }) {
    this.server = pods.server;
    this.friend = pods.friend;
    this.#stranger = pods.stranger;
    this.#echo = openUdp({ netns: pods.server.netns, address: '0.0.0.0', port: allowedPort });
    this.#echo.on('error', () => undefined);
    this.#echo.on('message', (message, from) => this.#echo.send(message, from.port, from.address, () => undefined));
  }

  /** Makes the pods and the policy `server`, and has an agent admit them. */
  static async open(world: NodeWorld): Promise<SteadyTraffic> {
    await world.addPolicy('server', serverPolicy(0));
    const server = await world.addPod('server', { app: 'server' });
    const friend = await world.addPod('friend', { role: 'friend' });
    const stranger = await world.addPod('stranger', { role: 'stranger' });
    await world.attach(server, friend, stranger);
    await world.becomes(friend, server, false);
    return new SteadyTraffic({ server, friend, stranger });
  }

  /** Sends while `section` runs, and counts when nothing is under way any more. */
  async countWhile(section: () => Promise<void>): Promise<TrafficCount> {
    const { address } = this.server;
    const counter = new PacketCounter(this.server.netns, {
      allowedNew: `ip saddr ${this.friend.address} udp sport != ${sourcePort} udp dport ${allowedPort}`,
      allowedEstablished: `ip saddr ${this.friend.address} udp sport ${sourcePort} udp dport ${allowedPort}`,
      deniedPort: `ip saddr ${this.friend.address} udp dport ${deniedPort}`,
      deniedPeer: `ip saddr ${this.#stranger.address} udp dport ${allowedPort}`,
    });
    const friend = await this.#start(this.friend, [
      { address, port: allowedPort, flow: 'each' },
      { address, port: allowedPort, flow: 'all', sourcePort },
      { address, port: deniedPort, flow: 'each' },
    ]);
    const stranger = await this.#start(this.#stranger, [{ address, port: allowedPort, flow: 'each' }]);
    await section();
    const [allowedNew = -1, allowedEstablished = -1, wrongPort = -1] = await friend.stop();
    const [deniedPeer = -1] = await stranger.stop();
    return { sent: { allowedNew, allowedEstablished, deniedPort: wrongPort, deniedPeer }, arrived: await counter.settled() };
  }

  close(): void {
    for (const stream of this.#streams) stream.kill();
    this.#echo.close();
  }

  async #start({ netns }: TestPod, lanes: Parameters<typeof DatagramStream.start>[1]): Promise<DatagramStream> {
    const stream = await DatagramStream.start(netns, lanes);
    this.#streams.add(stream);
    return stream;
  }
}

/** Versions of the server's policy: all let friends in at the allowed port, and nobody else of this traffic anywhere. */
export function serverPolicy(version: number): NetworkPolicySpec {
  const ports = [{ protocol: 'UDP', port: allowedPort }, ...(version % 3 === 0 ? [] : [{ protocol: 'UDP', port: 8_000 + version }])];
  const friends =
    version % 2 === 0
      ? { podSelector: { matchLabels: { role: 'friend' } } }
      : { podSelector: { matchExpressions: [{ key: 'role', operator: 'In' as const, values: ['friend', `extra-${version}`] }] } };
  return { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'], ingress: [{ from: [friends], ports }] };
}
