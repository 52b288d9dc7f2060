/**
 * What a connection may cost before anybody has said who they are: how many there are, in all and from one address,
 * how long a handshake, a head and a body may take, how long a connection may be idle, and how large a head may be.
 */
import type { Http2SecureServer, SecureServerOptions, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** The limits of a listener. Times in milliseconds. */
export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly handshakeMs: number;
  /** From the first byte, or the connection, to the end of the head. */
  readonly headMs: number;
  /** From the first byte to the end of the body; also how long an answer may take to be read. */
  readonly bodyMs: number;
  /** How long an HTTP/2 connection without a stream stays. */
  readonly idleMs: number;
  /** Request line and headers. */
  readonly headBytes: number;
  /** Streams of one HTTP/2 connection. */
  readonly streamsPerConnection: number;
}

/** The limits unless others are given. A command of `kubectl exec` travels in the URL, so heads can be long. */
export const usualConnectionLimits: ConnectionLimits = {
  connections: 8_192,
  connectionsPerAddress: 4_096,
  handshakeMs: 10_000,
  headMs: 30_000,
  bodyMs: 60_000,
  idleMs: 120_000,
  headBytes: 128 * 1024,
  streamsPerConnection: 250,
};

/** The limits that Node takes as options of a server. */
export function serverLimits(limits: ConnectionLimits): SecureServerOptions {
  return {
    handshakeTimeout: limits.handshakeMs,
    settings: { maxConcurrentStreams: limits.streamsPerConnection, maxHeaderListSize: limits.headBytes },
  };
}

/** Applies the rest to a server that does not listen yet. */
export function boundConnections(server: Http2SecureServer, limits: ConnectionLimits): void {
  server.maxConnections = limits.connections;
  // A server that speaks both versions takes these from its fields only.
  Object.assign(server, {
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.bodyMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headMs),
  });
  const byAddress = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const present = (byAddress.get(address) ?? 0) + 1;
    if (present > limits.connectionsPerAddress) {
      socket.destroy();
      return;
    }
    byAddress.set(address, present);
    socket.once('close', () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
  });
  server.on('session', (session: ServerHttp2Session) => endWhenIdle(session, limits.idleMs));
}

/** Silence is no idleness: a watch may have nothing to tell for an hour. */
function endWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  let streams = 0;
  const close = (): void => session.close();
  let timer = setTimeout(close, idleMs);
  session.on('stream', (stream) => {
    streams += 1;
    clearTimeout(timer);
    stream.once('close', () => {
      streams -= 1;
      if (streams === 0 && !session.closed) timer = setTimeout(close, idleMs);
    });
  });
  session.once('close', () => clearTimeout(timer));
}
