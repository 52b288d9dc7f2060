/**
 * Tries many flows at once with real packets and says which of them arrive.
 *
 * TCP is a connect, UDP a datagram and its echo, ICMP an echo request and its reply, SCTP an INIT
 * that arrives (there are no SCTP sockets on these machines). Every attempt has a source port or
 * identifier that none before it had, so that no connection tracking entry of an earlier attempt
 * answers for it.
 *
 * What is expected decides only how long is waited: a flow that should pass has many seconds and
 * repeats, one that should not is given up when all that should pass have done so and at least as
 * much time again has gone by.
 */
import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { connectTcp, openUdp, RawSocket } from '@weir/kernel';
import { type Address, defined, formatAddress } from '@weir/net';
import { endAddress, type World, type WorldFlow } from '@weir/testkit';
import { echoRequest, ipPacket, payloadOf, protocols, sctpInit } from './crafted-packet.ts';
import type { PacketNetwork } from './packet-network.ts';

/** A flow and whether it should arrive. */
export interface ExpectedFlow {
  readonly flow: WorldFlow;
  readonly allowed: boolean;
}

const patienceMs = 15_000;
const repeatMs = 1_000;
const silenceMs = 300;
const chunkSize = 600;
const firstSourcePort = 10_000;
const lastSourcePort = 64_000;

let lastNumber = firstSourcePort;

/** The flows of which the outcome is not the expected one. */
export async function probeFlows(network: PacketNetwork, world: World, flows: readonly ExpectedFlow[]): Promise<ExpectedFlow[]> {
  const wrong: ExpectedFlow[] = [];
  for (let first = 0; first < flows.length; first += chunkSize) {
    wrong.push(...(await new Probe(network, world).run(flows.slice(first, first + chunkSize))));
  }
  return wrong;
}

/** One chunk of attempts; its sockets live as long as it does. */
class Probe {
  readonly #network: PacketNetwork;
  readonly #world: World;
  readonly #arrived = new Set<ExpectedFlow>();
  readonly #tcp = new Set<Socket>();
  readonly #udp = new Set<UdpSocket>();
  readonly #senders = new Map<string, RawSocket>();
  readonly #receivers = new Map<string, { readonly socket: RawSocket; readonly family: 4 | 6; readonly protocol: number }>();
  /** SCTP tags and ICMP identifiers that were sent, as `holder protocol number`. */
  readonly #awaited = new Map<string, ExpectedFlow>();
  readonly #repeats: (() => void)[] = [];

  constructor(network: PacketNetwork, world: World) {
    this.#network = network;
    this.#world = world;
  }

  async run(flows: readonly ExpectedFlow[]): Promise<ExpectedFlow[]> {
    const startedAt = performance.now();
    const hoped = flows.filter(({ allowed }) => allowed);
    try {
      for (const each of flows) this.#start(each);
      let repeatAt = startedAt + repeatMs;
      while (hoped.some((each) => !this.#arrived.has(each)) && performance.now() < startedAt + patienceMs) {
        await this.#poll(10);
        if (performance.now() < repeatAt) continue;
        for (const repeat of this.#repeats) repeat();
        repeatAt += repeatMs;
      }
      const enough = performance.now() + Math.max(silenceMs, Math.min(performance.now() - startedAt, 3_000));
      while (performance.now() < enough) await this.#poll(20);
    } finally {
      this.#close();
    }
    return flows.filter((each) => this.#arrived.has(each) !== each.allowed);
  }

  #start(each: ExpectedFlow): void {
    const { flow } = each;
    const ends = { source: endAddress(this.#world, flow.source), destination: endAddress(this.#world, flow.destination) };
    const netns = this.#network.holderOf(formatAddress(ends.source));
    const done = (): void => void this.#arrived.add(each);
    switch (flow.protocol) {
      case 'TCP': {
        const socket = connectTcp({ netns, address: formatAddress(ends.destination), port: defined(flow.port, 'TCP has a port') });
        // A reset is an answer too, but one that no server here gives.
        socket.once('connect', done);
        socket.on('error', () => undefined);
        this.#tcp.add(socket);
        return;
      }
      case 'UDP':
        return this.#startUdp(netns, { address: formatAddress(ends.destination), port: defined(flow.port, 'UDP has a port') }, done);
      case 'SCTP':
      case 'ICMP':
        return this.#startRaw(netns, { ...ends, each });
    }
  }

  #startUdp(netns: string, to: { readonly address: string; readonly port: number }, done: () => void): void {
    const socket = openUdp({ netns, address: to.address.includes(':') ? '::' : '0.0.0.0', port: nextNumber() });
    this.#udp.add(socket);
    socket.once('message', done);
    socket.on('error', () => undefined);
    const send = (): void => socket.send('hello', to.port, to.address, () => undefined);
    send();
    this.#repeats.push(send);
  }

  #startRaw(netns: string, { source, destination, each }: { source: Address; destination: Address; each: ExpectedFlow }): void {
    const { family } = source;
    const number = nextNumber();
    const { protocol, watched, body } = (() => {
      if (each.flow.protocol === 'SCTP') {
        const port = defined(each.flow.port, 'SCTP has a port');
        const watched = this.#network.holderOf(formatAddress(destination));
        return { protocol: protocols.SCTP, watched, body: sctpInit({ source: number, destination: port }, number) };
      }
      const protocol = family === 4 ? protocols.ICMP : protocols.ICMPv6;
      return { protocol, watched: netns, body: echoRequest({ source, destination, protocol }, number, Buffer.alloc(8)) };
    })();
    const key = `${watched} ${protocol} ${family}`;
    if (!this.#receivers.has(key)) {
      this.#receivers.set(key, { socket: new RawSocket({ netns: watched, family, protocol }), family, protocol });
    }
    this.#awaited.set(`${watched} ${protocol} ${number}`, each);
    const sender = this.#sender(netns, family);
    const packet = ipPacket({ source, destination, protocol }, body);
    const send = (): void => {
      try {
        sender.send(packet, destination);
      } catch {
        // No route: it cannot arrive, which is what is to be found out.
      }
    };
    send();
    this.#repeats.push(send);
  }

  #sender(netns: string, family: 4 | 6): RawSocket {
    const key = `${netns} ${family}`;
    const known = this.#senders.get(key) ?? new RawSocket({ netns, family });
    this.#senders.set(key, known);
    return known;
  }

  async #poll(milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    for (const [key, { socket, family, protocol }] of this.#receivers) {
      const netns = key.split(' ')[0] ?? '';
      for (let got = socket.receive(); got !== undefined; got = socket.receive()) {
        const number = numberOf(payloadOf(family, got), protocol);
        const each = number === undefined ? undefined : this.#awaited.get(`${netns} ${protocol} ${number}`);
        if (each !== undefined) this.#arrived.add(each);
      }
    }
  }

  #close(): void {
    for (const socket of this.#tcp) socket.destroy();
    for (const socket of this.#udp) socket.close();
    for (const socket of this.#senders.values()) socket.close();
    for (const { socket } of this.#receivers.values()) socket.close();
  }
}

/** The tag of an INIT, or the identifier of an echo reply. */
function numberOf(payload: Buffer, protocol: number): number | undefined {
  if (protocol === protocols.SCTP) return payload.length < 20 || payload[12] !== 1 ? undefined : payload.readUInt32BE(16);
  if (payload.length < 8 || payload[0] !== (protocol === protocols.ICMP ? 0 : 129)) return undefined;
  return payload.readUInt16BE(4);
}

function nextNumber(): number {
  lastNumber = lastNumber >= lastSourcePort ? firstSourcePort : lastNumber + 1;
  return lastNumber;
}
