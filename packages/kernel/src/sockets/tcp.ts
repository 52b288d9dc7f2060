/** TCP inside a network namespace, as Node's own server and socket. */
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { checked, close, listen } from '../libc/libc.ts';
import { openSocketDescriptor } from './socket-descriptor.ts';

/** Where to listen. */
export interface TcpListenOptions {
  /** Name or path of the namespace; absent: the process's own. */
  readonly netns?: string;
  /** Literal address; `::` takes both families, `0.0.0.0` only IPv4. */
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** Where to connect. */
export interface TcpConnectOptions {
  /** Name or path of the namespace; absent: the process's own. */
  readonly netns?: string;
  /** Literal address; names are the caller's to resolve. */
  readonly address: string;
  readonly port: number;
}

const backlog = 511;

/**
 * Makes the server listen inside the namespace. The kernel listens when this returns; the server's
 * `listening` event follows on the next tick. Works with every class built on net.Server (http,
 * https, http2). Throws a SystemCallError, for example with code `EADDRINUSE`.
 */
export function listenTcp<S extends Server>(server: S, options: TcpListenOptions): S {
  const fd = openTcpListener(options);
  server.listen({ fd });
  return server;
}

/** The listening descriptor alone; the caller owns and closes it. */
export function openTcpListener(options: TcpListenOptions): number {
  const fd = openSocketDescriptor({ netns: options.netns, kind: 'tcp', address: options.address, port: options.port });
  try {
    checked(listen(fd, backlog), 'listen', `${options.address} port ${options.port}`);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Starts to connect from inside the namespace. The result behaves like that of `net.connect`:
 * `connect` or `error` (`ECONNREFUSED`, `EHOSTUNREACH`, …) follows. There is no time limit but the
 * kernel's own.
 */
export function connectTcp(options: TcpConnectOptions): Socket {
  const fd = openSocketDescriptor({ netns: options.netns, kind: 'tcp', address: options.address, port: undefined });
  // Without manualStart the constructor reads at once, which an unconnected socket answers with ENOTCONN.
  const construct: SocketConstructorOpts & { manualStart: boolean } = { fd, manualStart: true, readable: true, writable: true };
  return new Socket(construct).connect({ host: options.address, port: options.port });
}
