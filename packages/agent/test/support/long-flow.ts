/**
 * Connections that go on: both ends send a number every some milliseconds, whatever the other does,
 * and count what arrives. A packet that is lost leaves a gap in the numbers of a datagram flow; of a
 * stream the kernel sends it again, so there only the end of the flow can be seen.
 */
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { connectTcp, listenTcp, openUdp } from '@weir/kernel';

const intervalMs = 20;

/** What arrived at one end. */
class Arrivals {
  count = 0;
  lost = 0;
  #next = 0;

  take(number: number): void {
    this.count++;
    this.lost += Math.max(0, number - this.#next);
    this.#next = Math.max(this.#next, number + 1);
  }
}

/** Where flows end. */
export interface FlowTarget {
  readonly netns: string;
  /** `::` takes both families. */
  readonly port: number;
}

/** What a flow is. */
export interface LongFlowOptions {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly from: string;
  readonly address: string;
  readonly port: number;
}

/** Answers flows on one port, TCP and UDP of both families. */
export class FlowServer {
  readonly #arrivals = new Map<string, Arrivals>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #datagrams: UdpSocket;

  constructor({ netns, port }: FlowTarget) {
    this.#server = createServer((socket) => this.#serve(socket));
    listenTcp(this.#server, { netns, address: '::', port });
    this.#datagrams = openUdp({ netns, address: '::', port });
    const known = new Set<string>();
    this.#datagrams.on('message', (message, peer) => {
      const [name = '', number = ''] = message.toString().split(' ');
      this.arrivals(name).take(Number(number));
      if (known.has(name)) return;
      known.add(name);
      let sent = 0;
      this.#every(() => this.#datagrams.send(`${sent++}`, peer.port, peer.address, () => undefined));
    });
  }

  arrivals(name: string): Arrivals {
    const arrivals = this.#arrivals.get(name) ?? new Arrivals();
    this.#arrivals.set(name, arrivals);
    return arrivals;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    this.#datagrams.close();
  }

  #serve(socket: Socket): void {
    let sent = 0;
    const timer = this.#every(() => socket.write(`${sent++}\n`));
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearInterval(timer));
    readLines(socket, (line) => {
      const [name = '', number = ''] = line.split(' ');
      this.arrivals(name).take(Number(number));
    });
  }

  #every(action: () => void): NodeJS.Timeout {
    const timer = setInterval(action, intervalMs);
    this.#timers.add(timer);
    return timer;
  }
}

/** One flow to a {@link FlowServer}. */
export class LongFlow {
  readonly name: string;
  readonly #server: FlowServer;
  readonly #arrivals = new Arrivals();
  readonly #close: () => void;

  constructor(server: FlowServer, options: LongFlowOptions) {
    this.name = options.name;
    this.#server = server;
    this.#close = options.protocol === 'tcp' ? this.#openTcp(options) : this.#openUdp(options);
  }

  /** What has arrived at the server and at the client. */
  get counts(): readonly [number, number] {
    return [this.#server.arrivals(this.name).count, this.#arrivals.count];
  }

  /** Numbers that never arrived, at either end. */
  get lost(): number {
    return this.#server.arrivals(this.name).lost + this.#arrivals.lost;
  }

  close(): void {
    this.#close();
  }

  #openTcp({ from, address, port }: LongFlowOptions): () => void {
    const socket = connectTcp({ netns: from, address, port });
    let sent = 0;
    const timer = setInterval(() => socket.writable && socket.write(`${this.name} ${sent++}\n`), intervalMs);
    socket.on('error', () => socket.destroy());
    readLines(socket, (line) => this.#arrivals.take(Number(line)));
    return () => {
      clearInterval(timer);
      socket.destroy();
    };
  }

  #openUdp({ from, address, port }: LongFlowOptions): () => void {
    const socket = openUdp({ netns: from, address: address.includes(':') ? '::' : '0.0.0.0', port: 0 });
    let sent = 0;
    const timer = setInterval(() => socket.send(`${this.name} ${sent++}`, port, address, () => undefined), intervalMs);
    socket.on('message', (message) => this.#arrivals.take(Number(message.toString())));
    return () => {
      clearInterval(timer);
      socket.close();
    };
  }
}

function readLines(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
