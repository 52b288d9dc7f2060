/** Crafted packets sent from where one address is, and what of them comes to where another one is. */
import { RawSocket } from '@weir/kernel';
import { defined, parseAddress } from '@weir/net';
import { payloadOf } from './crafted-packet.ts';
import type { PacketNetwork } from './packet-network.ts';

const patienceMs = 10_000;
const resendMs = 1_000;
const quietMs = 400;
const lookMs = 20;

/** Packets that belong together: fragments of one, or just one. */
export interface CraftedSending {
  /** For failure messages. */
  readonly name: string;
  /** Addresses of who sends and who receives. */
  readonly from: string;
  readonly to: string;
  /** Where the packets say that they go, if it is another address. */
  readonly via?: string;
  readonly protocol: number;
  readonly packets: readonly Buffer[];
  /** Whether what came, without its IP headers, is this. */
  readonly isIt: (payload: Buffer) => boolean;
  readonly expected: boolean;
}

/** Names those that did not come although they should, or came although they should not. */
export async function differences(network: PacketNetwork, sendings: readonly CraftedSending[]): Promise<string[]> {
  const arrived = await exchange(network, sendings);
  return sendings
    .filter((each) => arrived.has(each) !== each.expected)
    .map(({ name, expected }) => `${name}: ${expected ? 'did not come' : 'came'}`);
}

/** Sends all at once; gives what came. What is expected is sent again until it has come. */
export async function exchange(network: PacketNetwork, sendings: readonly CraftedSending[]): Promise<Map<CraftedSending, Buffer>> {
  const sockets = new RawSockets(network);
  const arrived = new Map<CraftedSending, Buffer>();
  const missing = (): CraftedSending[] => sendings.filter((each) => each.expected && !arrived.has(each));
  const until = async (isOver: () => boolean, limitMs: number): Promise<void> => {
    for (const end = performance.now() + limitMs; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, lookMs))) {
      for (const each of sendings) for (const payload of sockets.receivedFor(each)) if (each.isIt(payload)) arrived.set(each, payload);
      if (isOver()) return;
    }
  };
  try {
    for (const sending of sendings) sockets.listenFor(sending);
    for (const sending of sendings) sockets.send(sending);
    for (const end = performance.now() + patienceMs; missing().length > 0 && performance.now() < end; ) {
      await until(() => missing().length === 0, resendMs);
      for (const sending of missing()) sockets.send(sending);
    }
    if (sendings.some(({ expected }) => !expected)) await until(() => false, quietMs);
    return arrived;
  } finally {
    sockets.close();
  }
}

/** One socket for each namespace, family and protocol. */
class RawSockets {
  readonly #network: PacketNetwork;
  readonly #senders = new Map<string, RawSocket>();
  readonly #receivers = new Map<string, { readonly socket: RawSocket; readonly payloads: Buffer[] }>();

  constructor(network: PacketNetwork) {
    this.#network = network;
  }

  listenFor({ to, protocol }: CraftedSending): void {
    const key = `${to} ${protocol}`;
    if (this.#receivers.has(key)) return;
    const socket = new RawSocket({ netns: this.#network.holderOf(to), family: familyOf(to), protocol });
    this.#receivers.set(key, { socket, payloads: [] });
  }

  send({ from, to, via = to, packets }: CraftedSending): void {
    const sender = this.#senders.get(from) ?? new RawSocket({ netns: this.#network.holderOf(from), family: familyOf(from) });
    this.#senders.set(from, sender);
    for (const packet of packets) sender.send(packet, defined(parseAddress(via), via));
  }

  /** All that has come to where it would, from the beginning. */
  receivedFor({ to, protocol }: CraftedSending): readonly Buffer[] {
    const { socket, payloads } = defined(this.#receivers.get(`${to} ${protocol}`), 'somebody listens');
    for (let got = socket.receive(); got !== undefined; got = socket.receive()) payloads.push(payloadOf(familyOf(to), got));
    return payloads;
  }

  close(): void {
    for (const socket of this.#senders.values()) socket.close();
    for (const { socket } of this.#receivers.values()) socket.close();
  }
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
