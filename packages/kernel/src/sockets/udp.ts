/** UDP inside a network namespace, as Node's own datagram socket. */
import { createSocket, type Socket } from 'node:dgram';
import { openSocketDescriptor } from './socket-descriptor.ts';

/** What to open. */
export interface UdpOptions {
  /** Name or path of the namespace; absent: the process's own. */
  readonly netns?: string;
  /** Literal address: it decides the family, and is what is bound when `port` is given. `::` takes both families. */
  readonly address: string;
  /** Port to bind, 0 for any; absent: unbound (for a client that then connects). */
  readonly port?: number;
}

/**
 * Opens a UDP socket that belongs to the namespace; it is bound when this returns. Throws a
 * SystemCallError, for example with code `EADDRINUSE`.
 */
export function openUdp(options: UdpOptions): Socket {
  const fd = openSocketDescriptor({ netns: options.netns, kind: 'udp', address: options.address, port: options.port });
  const socket = createSocket({ type: options.address.includes(':') ? 'udp6' : 'udp4' });
  socket.bind({ fd });
  return socket;
}
