/**
 * A node with three pods and a host outside, each a network namespace of its own, and the traffic
 * between them: real TCP and UDP sockets, crafted packets for everything else.
 *
 *   a, b, c ── veth, /32 and /128, routed ── node ── veth ── ext
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { connectTcp, createNetns, deleteNetns, listenTcp, openUdp, RawSocket, SystemCallError, setNetSysctls } from '@weir/kernel';
import { type Address, defined, type ProtocolNumber, parseAddress, protocolNumber } from '@weir/net';
import { firstPacket, icmpPacket, packet, sctpInit } from './crafted-packets.ts';

/** Who takes part; `other` is a second address of the host outside. */
export type HostName = 'a' | 'b' | 'c' | 'node' | 'ext' | 'other';
export type PodName = 'a' | 'b' | 'c';

export const hostAddresses: Readonly<Record<HostName, Readonly<Record<4 | 6, string>>>> = {
  a: { 4: '10.77.0.1', 6: 'fd77::a' },
  b: { 4: '10.77.0.2', 6: 'fd77::b' },
  c: { 4: '10.77.0.3', 6: 'fd77::c' },
  node: { 4: '192.0.2.1', 6: '2001:db8::1' },
  ext: { 4: '192.0.2.10', 6: '2001:db8::10' },
  other: { 4: '198.51.100.7', 6: '2001:db8:f::7' },
};

/** Ports on which every host answers, TCP and UDP. */
export const listenPorts: readonly number[] = [80, 81, 90, 443];

const pods: readonly PodName[] = ['a', 'b', 'c'];
const gateway = '169.254.1.1';
const gatewayMac = 'ee:ee:ee:ee:ee:ee';
/** How long a packet that should come may take on a busy machine, and how long one is waited for that should not. */
const patienceMs = 10_000;
const silenceMs = 500;

/** What became of an attempt. */
export type Outcome = 'answered' | 'refused' | 'silence';

/** One attempt to talk. */
export interface Attempt {
  readonly from: HostName;
  readonly to: HostName;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp';
  readonly port?: number;
  readonly family: 4 | 6;
  /** Sent from this port, in a packet of our own making: it arrives or it does not. */
  readonly sourcePort?: number;
  /** Type × 256 + code; of our own making too. Default: an echo request, and its reply is waited for. */
  readonly message?: number;
  /** What is expected decides how long is waited. */
  readonly expect: 'allowed' | 'denied';
}

/** The namespaces; made by {@link openWorld}, taken away by {@link World.close}. */
export class World {
  readonly #id = randomBytes(3).toString('hex');
  readonly #servers: Server[] = [];
  readonly #datagramServers: UdpSocket[] = [];
  readonly #connections = new Set<Socket>();

  /** The namespace of a host. */
  netns(host: HostName): string {
    return `weirt-${this.#id}-${host === 'other' ? 'ext' : host}`;
  }

  /** The node's end of a pod's link. */
  podInterface(pod: PodName): string {
    return `weirt${this.#id}${pod}`;
  }

  /** What all names of pod links begin with. */
  get podInterfacePrefix(): string {
    return `weirt${this.#id}`;
  }

  /** Tries until it does not throw: the kernel lets go of some things a moment after it was told to. */
  async until(attempt: () => void): Promise<void> {
    for (const deadline = Date.now() + patienceMs; ; await pause(20)) {
      try {
        return attempt();
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  /** Runs a program inside a host's namespace and returns what it printed. */
  run(host: HostName, ...command: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.netns(host), ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  open(): void {
    for (const host of ['node', 'ext', ...pods] as const) createNetns(this.netns(host));
    setNetSysctls(this.netns('node'), { 'ipv4/ip_forward': '1', 'ipv6/conf/all/forwarding': '1', 'ipv6/conf/default/accept_dad': '0' });
    for (const host of ['ext', ...pods] as const) setNetSysctls(this.netns(host), { 'ipv6/conf/default/accept_dad': '0' });
    for (const host of ['node', 'ext', ...pods] as const) this.#ip(host, 'link set lo up');
    this.#linkOutside();
    for (const pod of pods) this.#linkPod(pod);
    for (const host of ['node', 'ext', ...pods] as const) this.#serve(host);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    for (const server of this.#servers) server.close();
    for (const server of this.#datagramServers) server.close();
    for (const host of ['node', 'ext', ...pods] as const) deleteNetns(this.netns(host));
    await Promise.resolve();
  }

  /** Whether an attempt gets through. */
  async attempt(attempt: Attempt): Promise<Outcome> {
    if (attempt.sourcePort !== undefined || attempt.message !== undefined) return this.#deliverCrafted(attempt);
    const address = hostAddresses[attempt.to][attempt.family];
    const waitMs = attempt.expect === 'allowed' ? patienceMs : silenceMs;
    switch (attempt.protocol) {
      case 'tcp':
        return this.#tcp(attempt.from, { address, port: attempt.port ?? 80 }, waitMs);
      case 'udp':
        return this.#udp(attempt.from, { address, port: attempt.port ?? 80 }, waitMs);
      case 'sctp':
        return (await this.deliver(attempt, sctpInit(attempt.port ?? 80), 132)) ? 'answered' : 'silence';
      case 'icmp':
        return this.#ping(attempt, waitMs);
      default:
        throw new Error('no such protocol');
    }
  }

  /** Opens a TCP connection that stays; it answers each message with the same one. */
  async connect(from: HostName, to: HostName, port: number): Promise<Socket> {
    const socket = connectTcp({ netns: this.netns(from), address: hostAddresses[to][4], port });
    this.#connections.add(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  }

  /** Whether the connection still carries a message there and back. */
  echo(socket: Socket, waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMs);
      socket.once('data', () => {
        clearTimeout(timer);
        resolve(true);
      });
      socket.on('error', () => resolve(false));
      socket.write('hello');
    });
  }

  /** Sends a crafted packet and says whether it arrived whole; a header alone gets the marker behind it. `source` forges the sender. */
  async deliver(
    attempt: Attempt & { readonly source?: Address },
    payload: Buffer | ((marker: Buffer) => Buffer),
    protocol: number,
  ): Promise<boolean> {
    const marker = randomBytes(8);
    const body = typeof payload === 'function' ? payload(marker) : Buffer.concat([payload, marker]);
    const destination = addressOf(attempt.to, attempt.family);
    const source = attempt.source ?? addressOf(attempt.from, attempt.family);
    const receiver = new RawSocket({ netns: this.netns(attempt.to), family: attempt.family, protocol });
    const sender = new RawSocket({ netns: this.netns(attempt.from), family: attempt.family });
    try {
      if (!sends(sender, packet({ source, destination, protocol }, body), destination)) return false;
      const deadline = Date.now() + (attempt.expect === 'allowed' ? patienceMs : silenceMs);
      while (Date.now() < deadline) {
        for (let got = receiver.receive(); got !== undefined; got = receiver.receive()) if (got.includes(marker)) return true;
        await pause(10);
      }
      return false;
    } finally {
      receiver.close();
      sender.close();
    }
  }

  async #deliverCrafted(attempt: Attempt): Promise<Outcome> {
    const { from, to, family, sourcePort, port = 80, message } = attempt;
    const protocol = protocolOfAttempt(attempt);
    const ends = { source: addressOf(from, family), destination: addressOf(to, family), protocol };
    const build = (marker: Buffer): Buffer =>
      message === undefined ? firstPacket(ends, { source: sourcePort ?? 0, destination: port }, marker) : icmpPacket(ends, message, marker);
    return (await this.deliver(attempt, build, protocol)) ? 'answered' : 'silence';
  }

  #tcp(from: HostName, to: { address: string; port: number }, waitMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const socket = connectTcp({ netns: this.netns(from), ...to });
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(outcome);
      };
      const timer = setTimeout(() => end('silence'), waitMs);
      socket.once('connect', () => end('answered'));
      socket.once('error', () => end('refused'));
    });
  }

  #udp(from: HostName, to: { address: string; port: number }, waitMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const socket = openUdp({ netns: this.netns(from), address: to.address.includes(':') ? '::' : '0.0.0.0', port: 0 });
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        socket.close();
        resolve(outcome);
      };
      const timer = setTimeout(() => end('silence'), waitMs);
      socket.once('message', () => end('answered'));
      socket.once('error', () => end('refused'));
      socket.connect(to.port, to.address, () => socket.send('hello'));
    });
  }

  /** An echo request of our own and the reply to it: the packet that comes back carries the marker. */
  async #ping(attempt: Attempt, waitMs: number): Promise<Outcome> {
    const [request, reply, protocol] = attempt.family === 4 ? [8, 0, 1] : [128, 129, 58];
    const marker = randomBytes(8);
    const ends = { source: addressOf(attempt.from, attempt.family), destination: addressOf(attempt.to, attempt.family), protocol };
    const receiver = new RawSocket({ netns: this.netns(attempt.from), family: attempt.family, protocol });
    const sender = new RawSocket({ netns: this.netns(attempt.from), family: attempt.family });
    try {
      if (!sends(sender, packet(ends, icmpPacket(ends, request * 256, marker)), ends.destination)) return 'silence';
      const deadline = Date.now() + waitMs;
      while (Date.now() < deadline) {
        for (let got = receiver.receive(); got !== undefined; got = receiver.receive()) {
          const type = attempt.family === 4 ? got[20] : got[0];
          if (type === reply && got.includes(marker)) return 'answered';
        }
        await pause(10);
      }
      return 'silence';
    } finally {
      receiver.close();
      sender.close();
    }
  }

  #linkOutside(): void {
    this.#ip('node', `link add eth0 type veth peer name eth0 netns ${this.netns('ext')}`);
    for (const [host, prefix] of [
      ['node', hostAddresses.node],
      ['ext', hostAddresses.ext],
    ] as const) {
      this.#ip(host, `addr add ${prefix[4]}/24 dev eth0`);
      this.#ip(host, `addr add ${prefix[6]}/64 dev eth0 nodad`);
      this.#ip(host, 'link set eth0 up');
    }
    this.#ip('ext', `addr add ${hostAddresses.other[4]}/32 dev lo`);
    this.#ip('ext', `addr add ${hostAddresses.other[6]}/128 dev lo`);
    this.#ip('ext', `route add default via ${hostAddresses.node[4]}`);
    this.#ip('ext', `-6 route add default via ${hostAddresses.node[6]}`);
    this.#ip('node', `route add default via ${hostAddresses.ext[4]}`);
    this.#ip('node', `-6 route add default via ${hostAddresses.ext[6]}`);
  }

  #linkPod(pod: PodName): void {
    const link = this.podInterface(pod);
    const own = hostAddresses[pod];
    this.#ip('node', `link add ${link} address ${gatewayMac} type veth peer name eth0 netns ${this.netns(pod)}`);
    this.#ip('node', `link set ${link} up`);
    this.#ip('node', `addr add fe80::1/64 dev ${link} nodad`);
    this.#ip(pod, `addr add ${own[4]}/32 dev eth0`);
    this.#ip(pod, `addr add ${own[6]}/128 dev eth0 nodad`);
    this.#ip(pod, 'link set eth0 up');
    this.#ip('node', `route add ${own[4]}/32 dev ${link}`);
    this.#ip('node', `-6 route add ${own[6]}/128 dev ${link}`);
    this.#ip(pod, `route add ${gateway} dev eth0 scope link`);
    this.#ip(pod, `neigh add ${gateway} lladdr ${gatewayMac} dev eth0 nud permanent`);
    this.#ip(pod, `route add default via ${gateway}`);
    this.#ip(pod, '-6 route add default via fe80::1 dev eth0');
  }

  #serve(host: HostName): void {
    for (const port of listenPorts) {
      const server = createServer((socket) => {
        this.#connections.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('data', (data: Buffer) => socket.write(data));
      });
      this.#servers.push(listenTcp(server, { netns: this.netns(host), address: '::', port }));
      const socket = openUdp({ netns: this.netns(host), address: '::', port });
      socket.on('error', () => undefined);
      socket.on('message', (message, from) => socket.send(message, from.port, from.address));
      this.#datagramServers.push(socket);
    }
  }

  #ip(host: HostName, command: string): void {
    execFileSync('ip', ['-n', this.netns(host), ...command.split(' ')], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** Makes the world; when that fails, nothing of it stays. */
export async function openWorld(): Promise<World> {
  const world = new World();
  try {
    world.open();
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** Sends a packet; false when the sender's own machine does not let it out. */
function sends(sender: RawSocket, bytes: Buffer, destination: Address): boolean {
  try {
    sender.send(bytes, destination);
    return true;
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EPERM') return false;
    throw error;
  }
}

/** A host's address of a family. */
export function addressOf(host: HostName, family: 4 | 6): Address {
  return defined(parseAddress(hostAddresses[host][family]), `${host} has an address`);
}

/** The number of the attempt's protocol, in its family. */
export function protocolOfAttempt({ protocol, family }: Attempt): ProtocolNumber {
  const { ICMP, ICMPv6, TCP, UDP, SCTP } = protocolNumber;
  return { tcp: TCP, udp: UDP, sctp: SCTP, icmp: family === 4 ? ICMP : ICMPv6 }[protocol];
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
