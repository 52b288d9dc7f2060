/**
 * Sends one packet for each flow and looks, behind all rules of its destination, whether it came: raw sockets there see
 * every packet that gets so far.
 *
 * Every packet carries a number of its own, so that none is taken for another one, and has a source port or identifier
 * that no earlier one had, so that no entry of connection tracking answers for it. What should arrive is sent last: when
 * it has come, what was sent before it has come or will not.
 */
import { RawSocket } from '@weir/kernel';
import { icmpMessage, ipPacket, protocols, sctpInit, tcpFlags, tcpSegment, udpDatagram } from '../packets/crafted-packet.ts';
import type { PacketNetwork } from '../packets/packet-network.ts';
import type { TextFlow } from './flow-text.ts';
import { endAddresses } from './support-world.ts';

const patienceMs = 15_000;
const resendMs = 1_000;
const pauseMs = 8;
const [firstPort, lastPort] = [10_000, 60_000];

/** Far enough apart that no answer to one packet, which counts on from its number, is taken for another one. */
const numberStep = 4_096;

let sent = 0;

/** What is expected of flows. */
export interface ExpectedFlows {
  readonly allowed: readonly TextFlow[];
  readonly denied: readonly TextFlow[];
}

interface Attempt {
  readonly flow: TextFlow;
  readonly isAllowed: boolean;
}

/** On one network; {@link close} lets go of its sockets. */
export class FlowTrial {
  readonly #network: PacketNetwork;
  readonly #senders = new Map<string, RawSocket>();
  readonly #receivers = new Map<string, RawSocket>();
  readonly #awaited = new Map<number, Attempt>();
  readonly #arrived = new Set<Attempt>();

  constructor(network: PacketNetwork) {
    this.#network = network;
  }

  /** The flows of which the outcome is another one, each with what it came to. */
  async differences({ allowed, denied }: ExpectedFlows): Promise<string[]> {
    this.#awaited.clear();
    this.#arrived.clear();
    const attempts = [
      ...denied.map((flow): Attempt => ({ flow, isAllowed: false })),
      ...allowed.map((flow): Attempt => ({ flow, isAllowed: true })),
    ];
    const receivers = new Map(attempts.map(({ flow }) => [this.#receiver(flow), flow.to]));
    // What came since it was last looked at must not take the room of what comes now.
    this.#receive(receivers);
    for (const attempt of attempts) this.#send(attempt);
    const startedAt = performance.now();
    let sentAt = startedAt;
    for (let before = -1; ; ) {
      this.#receive(receivers);
      const missing = attempts.filter((attempt) => attempt.isAllowed && !this.#arrived.has(attempt));
      if (missing.length === 0 && this.#arrived.size === before) break;
      if (performance.now() > startedAt + patienceMs) break;
      before = this.#arrived.size;
      if (missing.length > 0 && performance.now() > sentAt + resendMs) {
        for (const attempt of missing) this.#send(attempt);
        sentAt = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return attempts
      .filter((attempt) => this.#arrived.has(attempt) !== attempt.isAllowed)
      .map(({ flow, isAllowed }) => `${flow.text}: ${isAllowed ? 'allowed, but did not arrive' : 'denied, but arrived'}`);
  }

  close(): void {
    for (const socket of [...this.#senders.values(), ...this.#receivers.values()]) socket.close();
  }

  #send(attempt: Attempt): void {
    const { flow } = attempt;
    sent++;
    const number = (0x1000_0000 + sent * numberStep) >>> 0;
    this.#awaited.set(number, attempt);
    const sender = this.#socket(this.#senders, flow.from, { family: flow.source.family });
    const { source, destination, protocol } = flow;
    try {
      sender.send(ipPacket({ source, destination, protocol }, payloadOf(flow, number)), destination);
    } catch {
      // Refused on the spot, by a rule of its own node: it cannot arrive.
    }
  }

  #receiver({ to, destination, protocol }: TextFlow): RawSocket {
    return this.#socket(this.#receivers, to, { family: destination.family, protocol });
  }

  #socket(among: Map<string, RawSocket>, end: TextFlow['to'], options: { readonly family: 4 | 6; readonly protocol?: number }): RawSocket {
    const netns = this.#network.holderOf(endAddresses[end][4]);
    const key = `${netns} ${options.family} ${options.protocol ?? ''}`;
    const socket = among.get(key) ?? new RawSocket({ netns, ...options });
    among.set(key, socket);
    return socket;
  }

  #receive(receivers: ReadonlyMap<RawSocket, TextFlow['to']>): void {
    for (const [socket, end] of receivers) {
      const netns = this.#network.holderOf(endAddresses[end][4]);
      for (let packet = socket.receive(); packet !== undefined; packet = socket.receive()) {
        for (const attempt of this.#attemptsIn(packet)) {
          if (this.#network.holderOf(endAddresses[attempt.flow.to][4]) === netns) this.#arrived.add(attempt);
        }
      }
    }
  }

  /** Whose number is in the packet: it may stand anywhere. */
  #attemptsIn(packet: Buffer): Attempt[] {
    const found: Attempt[] = [];
    for (let offset = 0; offset + 4 <= packet.length; offset += 4) {
      const attempt = this.#awaited.get(packet.readUInt32BE(offset));
      if (attempt !== undefined) found.push(attempt);
    }
    return found;
  }
}

function payloadOf({ source, destination, protocol, port = 0, message, sourcePorts }: TextFlow, number: number): Buffer {
  const ends = { source, destination, protocol };
  const data = Buffer.alloc(8);
  data.writeUInt32BE(number, 0);
  const [low, high] = sourcePorts ?? [firstPort, lastPort];
  const ports = { source: low + (sent % (high - low + 1)), destination: port };
  switch (protocol) {
    case protocols.TCP:
      return tcpSegment(ends, ports, { flags: tcpFlags.SYN, sequence: number, acknowledged: 0 });
    case protocols.UDP:
      return udpDatagram(ends, ports, data);
    case protocols.SCTP:
      return sctpInit(ports, number);
    case protocols.ICMP:
    case protocols.ICMPv6: {
      const rest = Buffer.alloc(4);
      rest.writeUInt16BE(sent & 0xffff, 0);
      return icmpMessage(ends, { type: (message ?? 0) >> 8, code: (message ?? 0) & 255, rest }, data);
    }
    default:
      return data;
  }
}
