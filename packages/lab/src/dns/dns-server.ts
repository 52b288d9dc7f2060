/** A DNS server on UDP and TCP; whose sockets they are and what the names are is the caller's business. */
import type { Socket as DatagramSocket, RemoteInfo } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { AnswerSources } from './answer-query.ts';
import { respond } from './dns-message.ts';
import { type ResolvedName, resolvedIn } from './resolved-name.ts';

/** What to serve, and where. */
export interface DnsServerOptions {
  /** The names as they are now; asked for every query. */
  readonly sources: () => Promise<AnswerSources>;
  /** Makes the TCP server listen on port 53 (or elsewhere, in tests). */
  readonly listen: (server: Server) => void;
  /** A bound UDP socket. */
  readonly udp: DatagramSocket;
  /** Told of the addresses in an answer; the answer leaves when this has resolved. It never rejects. */
  readonly announce?: (resolved: ResolvedName) => Promise<void>;
  /** Told of socket errors; the server goes on as far as it can. */
  readonly onError: (error: Error) => void;
}

/** A running server. */
export interface DnsServer {
  /** Closes both sockets and every connection. */
  close(): Promise<void>;
}

/** TCP connections at the same time; more are closed at once. */
const connectionsMax = 256;

/** A TCP connection without a query is closed after this time. */
const idleMs = 10_000;

/** Starts to serve. */
export function createDnsServer(options: DnsServerOptions): DnsServer {
  let rotation = 0;
  const answer = async (query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> => {
    const sources = await options.sources();
    rotation += 1;
    const response = respond(query, transport, { sources, rotation });
    const resolved = response === undefined || options.announce === undefined ? undefined : resolvedIn(response, sources.domain);
    if (resolved !== undefined) await options.announce?.(resolved);
    return response;
  };
  let closed = false;
  const { udp } = options;
  const reply = async (query: Buffer, from: RemoteInfo): Promise<void> => {
    const response = await answer(query, 'udp');
    if (response === undefined || closed) return;
    udp.send(response, from.port, from.address, (error) => error !== null && options.onError(error));
  };
  udp.on('message', (query: Buffer, from: RemoteInfo) => {
    reply(query, from).catch(options.onError);
  });
  udp.on('error', options.onError);
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, (query) => answer(query, 'tcp'));
  });
  tcp.maxConnections = connectionsMax;
  tcp.on('error', options.onError);
  options.listen(tcp);
  return {
    close: async () => {
      closed = true;
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => tcp.close(() => resolve())),
        new Promise<void>((resolve) => udp.close(() => resolve())),
      ]);
    },
  };
}

/** Each message has its length in two bytes in front (RFC 1035 §4.2.2); several may come on one connection. */
function serveConnection(socket: Socket, answer: (query: Buffer) => Promise<Buffer | undefined>): void {
  let buffered: Buffer = Buffer.alloc(0);
  // Answers leave in the order of their questions.
  let previous: Promise<void> = Promise.resolve();
  const reply = async (query: Buffer): Promise<void> => {
    const response = await answer(query);
    if (response === undefined) {
      socket.destroy();
      return;
    }
    const length = Buffer.alloc(2);
    length.writeUInt16BE(response.length);
    socket.write(Buffer.concat([length, response]));
  };
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2) {
      const end = 2 + buffered.readUInt16BE(0);
      if (buffered.length < end) return;
      const query = buffered.subarray(2, end);
      buffered = buffered.subarray(end);
      previous = previous.then(() => reply(query)).catch(() => void socket.destroy());
    }
  });
}
