/**
 * Tries thousands of flows with one packet each: the first packet of every connection is made by hand
 * and sent from its source's namespace, and the kernel of the destination notes in a set what came
 * through to it, behind all other rules, and answers nothing.
 *
 * A packet that should arrive is sent again when it has not; the ones that should not are given up
 * when everything else has arrived and nothing more comes. Every packet has a source port or
 * identifier of its own, so that no entry of connection tracking answers for another one.
 */
import { RawSocket } from '@weir/kernel';
import { type Address, defined, formatAddress } from '@weir/net';
import { endAddress, type World } from '@weir/testkit';
import { ArrivalSets, arrivalKey } from './arrival-sets.ts';
import { echoRequest, ipPacket, protocols, sctpInit, tcpSyn, udpDatagram } from './crafted-packet.ts';
import type { PacketNetwork } from './packet-network.ts';
import type { ExpectedFlow } from './probe-flows.ts';

const patienceMs = 15_000;
const resendMs = 1_000;
const quietMs = 60;
/** Above all ports that rules of random worlds name. */
const firstNumber = 8_100;
const lastNumber = 64_000;
/** Flows at once: fewer than there are numbers, and few enough for a set to be read quickly. */
const chunkSize = 20_000;

let number = firstNumber;

interface Attempt {
  readonly expected: ExpectedFlow;
  readonly source: Address;
  readonly destination: Address;
  readonly from: string;
  readonly to: string;
}

/** The flows of which the outcome is not the expected one. */
export async function probeArrivals(network: PacketNetwork, world: World, flows: readonly ExpectedFlow[]): Promise<ExpectedFlow[]> {
  const probe = new ArrivalProbe(network);
  try {
    return await probe.wrongOf(world, flows);
  } finally {
    probe.close();
  }
}

function attemptsOf(network: PacketNetwork, world: World, flows: readonly ExpectedFlow[]): Attempt[] {
  const known = new Map<object, { address: Address; netns: string }>();
  const at = (end: ExpectedFlow['flow']['source']): { address: Address; netns: string } => {
    const found = known.get(end);
    if (found !== undefined) return found;
    const address = endAddress(world, end);
    const made = { address, netns: network.holderOf(formatAddress(address)) };
    known.set(end, made);
    return made;
  };
  return flows.map((expected) => {
    const [source, destination] = [at(expected.flow.source), at(expected.flow.destination)];
    return { expected, source: source.address, destination: destination.address, from: source.netns, to: destination.netns };
  });
}

/** For many trials on one network; while it is open, nobody there answers anything. */
export class ArrivalProbe {
  readonly #network: PacketNetwork;
  readonly #senders = new Map<string, RawSocket>();
  readonly #receivers = new Map<string, ArrivalSets>();
  readonly #awaited = new Map<string, Attempt>();
  readonly #arrived = new Set<Attempt>();

  constructor(network: PacketNetwork) {
    this.#network = network;
  }

  /** The flows of which the outcome is not the expected one. */
  async wrongOf(world: World, flows: readonly ExpectedFlow[]): Promise<ExpectedFlow[]> {
    const wrong: ExpectedFlow[] = [];
    for (let first = 0; first < flows.length; first += chunkSize) {
      wrong.push(...(await this.#run(attemptsOf(this.#network, world, flows.slice(first, first + chunkSize)))));
    }
    return wrong;
  }

  async #run(attempts: readonly Attempt[]): Promise<ExpectedFlow[]> {
    this.#awaited.clear();
    this.#arrived.clear();
    for (const receiver of this.#receivers.values()) receiver.flush();
    for (const { to } of attempts) {
      if (!this.#receivers.has(to)) this.#receivers.set(to, new ArrivalSets(this.#network, to));
    }
    for (const attempt of attempts) this.#send(attempt);
    const startedAt = performance.now();
    const missing = (): Attempt[] => attempts.filter((each) => each.expected.allowed && !this.#arrived.has(each));
    let sentAt = startedAt;
    for (let before = -1; ; ) {
      this.#read();
      const left = missing();
      if (left.length === 0 && this.#arrived.size === before) break;
      if (performance.now() > startedAt + patienceMs) break;
      before = this.#arrived.size;
      if (left.length > 0 && performance.now() > sentAt + resendMs) {
        for (const attempt of left) this.#send(attempt);
        sentAt = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, quietMs));
    }
    return attempts.filter((each) => this.#arrived.has(each) !== each.expected.allowed).map(({ expected }) => expected);
  }

  close(): void {
    for (const socket of this.#senders.values()) socket.close();
    for (const receiver of this.#receivers.values()) receiver.close();
  }

  #send(attempt: Attempt): void {
    const { expected, source, destination, from, to } = attempt;
    number = number >= lastNumber ? firstNumber : number + 1;
    const { protocol, body } = bodyOf(expected, { source, destination });
    this.#awaited.set(`${to} ${arrivalKey({ destination, protocol, number })}`, attempt);
    const key = `${from} ${source.family}`;
    let sender = this.#senders.get(key);
    if (sender === undefined) {
      sender = new RawSocket({ netns: from, family: source.family });
      this.#senders.set(key, sender);
    }
    try {
      sender.send(ipPacket({ source, destination, protocol }, body), destination);
    } catch {
      // Refused on the spot, by a rule or for want of a route: it cannot arrive, which is what is to be found out.
    }
  }

  #read(): void {
    for (const [netns, receiver] of this.#receivers) {
      for (const key of receiver.read()) {
        const attempt = this.#awaited.get(`${netns} ${key}`);
        if (attempt !== undefined) this.#arrived.add(attempt);
      }
    }
  }
}

function bodyOf({ flow }: ExpectedFlow, ends: { source: Address; destination: Address }): { protocol: number; body: Buffer } {
  if (flow.protocol === 'ICMP') {
    const protocol = ends.source.family === 4 ? protocols.ICMP : protocols.ICMPv6;
    return { protocol, body: echoRequest({ ...ends, protocol }, number, Buffer.alloc(8)) };
  }
  const protocol = protocols[flow.protocol];
  const ports = { source: number, destination: defined(flow.port, `${flow.protocol} has a port`) };
  if (flow.protocol === 'TCP') return { protocol, body: tcpSyn({ ...ends, protocol }, ports) };
  if (flow.protocol === 'UDP') return { protocol, body: udpDatagram({ ...ends, protocol }, ports, Buffer.alloc(8)) };
  return { protocol, body: sctpInit(ports, number) };
}
