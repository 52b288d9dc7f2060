/**
 * What external hosts serve: sockets of the supervisor inside the hosts' namespaces.
 *
 * TCP ports answer HTTP, UDP ports every datagram, both with the host's name and the address that
 * the packets came from: it shows whether a pod's own address or a node's was seen.
 */
import type { Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import { listenTcp, openUdp, SystemCallError } from '@weir/kernel';
import { hostNetnsName } from '../network/netns-names.ts';
import type { ServedPort, ServingHost } from './external-hosts.ts';

/** Opens and closes sockets until they are those of the records. */
export class HostServers {
  readonly #cluster: string;
  /** How to end each open socket, by host and port. */
  readonly #open = new Map<string, () => void>();

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  /** Opens what is missing and closes what is too much. Throws an Error that names the ports that cannot be served. */
  sync(hosts: readonly ServingHost[]): void {
    const wanted = new Map(hosts.flatMap((host) => host.serves.map((port) => [keyOf(host, port), { host, port }] as const)));
    for (const [key, end] of this.#open) {
      if (wanted.has(key)) continue;
      end();
      this.#open.delete(key);
    }
    const problems: string[] = [];
    for (const [key, { host, port }] of wanted) {
      if (this.#open.has(key)) continue;
      try {
        this.#open.set(key, this.#serve(host, port));
      } catch (error) {
        problems.push(`host ${host.name} cannot serve ${port.port}/${port.protocol}: ${reasonOf(error)}`);
      }
    }
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** Closes everything. */
  close(): void {
    this.sync([]);
  }

  #serve(host: ServingHost, { port, protocol }: ServedPort): () => void {
    const where = { netns: hostNetnsName(this.#cluster, host.name), address: '::', port };
    if (protocol === 'TCP') {
      const server = httpServer(host.name);
      listenTcp(server, where);
      return () => {
        server.close();
        server.closeAllConnections();
      };
    }
    const socket = answeringSocket(host.name, openUdp(where));
    return () => socket.close();
  }
}

/** A host that comes back under its name with other addresses is another host. */
function keyOf(host: ServingHost, { port, protocol }: ServedPort): string {
  return `${host.name} ${host.addresses.join()} ${port}/${protocol}`;
}

function httpServer(name: string): Server {
  const server = createServer(({ socket }, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end(answerFor(name, socket.remoteAddress, socket.remotePort));
  });
  // Whoever speaks something else over TCP gets an answer and an orderly end, not a reset.
  server.on('clientError', (_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  return server;
}

function answeringSocket(name: string, socket: DatagramSocket): DatagramSocket {
  socket.on('message', (_, from) => socket.send(answerFor(name, from.address, from.port), from.port, from.address, () => undefined));
  // An ICMP error about an answer that could not be delivered is nothing to end for.
  socket.on('error', () => undefined);
  return socket;
}

function answerFor(name: string, address = '', port = 0): string {
  const plain = address.replace(/^::ffff:/, '');
  return `${name} was reached from ${plain.includes(':') ? `[${plain}]` : plain}:${port}\n`;
}

function reasonOf(error: unknown): string {
  if (error instanceof SystemCallError && error.code === 'EADDRINUSE') return 'a program in it has the port already';
  return error instanceof Error ? error.message : String(error);
}
