/**
 * Port-forward: connections of a client's machine to ports of a pod, over SPDY/3.1, plain or inside WebSocket
 * messages (`portforward.k8s.io`).
 *
 * ```
 *   SYN error(requestid, port) ▶   SYN data(requestid, port) ▶   the pod's port is dialled
 *   data ◀▶ bytes of the connection, half-closed by FIN            error ◀ nothing, or why it failed
 * ```
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { badRequest, failure } from '../errors/api-error.ts';
import { SpdyConnection } from './spdy-connection.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';

/** Connects to a port of the pod; rejects with the text that the client is shown. */
export type DialPort = (port: number) => Promise<Duplex>;

const streamProtocol = 'portforward.k8s.io';
const tunnelProtocol = `SPDY/3.1+${streamProtocol}`;

const tunnels = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: 4 * 1024 * 1024,
  handleProtocols: (offered) => (offered.has(tunnelProtocol) ? tunnelProtocol : false),
});

/** Accepts an upgrade to port-forward, or answers with a Status that says why not. */
export function acceptPortForward(request: IncomingMessage, socket: Duplex, head: Buffer, dial: DialPort): void {
  const protocol = (request.headers.upgrade ?? '').toLowerCase();
  if (protocol === 'websocket') acceptTunnel(request, { socket, head }, dial);
  else if (protocol === 'spdy/3.1') acceptSpdy(request, { socket, head }, dial);
  else refuseUpgrade(socket, badRequest('unable to upgrade: a port-forward is SPDY/3.1 or a WebSocket').status);
}

interface Connection {
  readonly socket: Duplex;
  readonly head: Buffer;
}

function acceptTunnel(request: IncomingMessage, { socket, head }: Connection, dial: DialPort): void {
  const offered = offeredIn(request.headers['sec-websocket-protocol']);
  if (!offered.includes(tunnelProtocol)) {
    refuseUpgrade(socket, badRequest(`unable to upgrade: none of the offered subprotocols is served; served: ${tunnelProtocol}`).status);
    return;
  }
  tunnels.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
    PortForward.serve(createWebSocketStream(webSocket), Buffer.alloc(0), dial);
  });
}

function acceptSpdy(request: IncomingMessage, { socket, head }: Connection, dial: DialPort): void {
  const offered = offeredIn(request.headers['x-stream-protocol-version']);
  if (!offered.includes(streamProtocol)) {
    const message = `unable to upgrade: unable to negotiate protocol: client supports ${offered.join(', ')}, server accepts ${streamProtocol}`;
    const accepted = { 'X-Accepted-Stream-Protocol-Versions': streamProtocol };
    refuseUpgrade(socket, failure({ code: 403, reason: 'Forbidden', message }).status, accepted);
    return;
  }
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${streamProtocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  PortForward.serve(socket, head, dial);
}

function offeredIn(header: string | readonly string[] | undefined): readonly string[] {
  return (header ?? '')
    .toString()
    .split(',')
    .map((name) => name.trim());
}

/** One forwarded connection: its two streams, and the pod's end of it. */
interface Forwarded {
  error: number | undefined;
  data: number | undefined;
  port: number;
  target: Duplex | undefined;
  /** The pod's end has more than it takes. */
  isSlow: boolean;
  /** What came before the pod's end was there. */
  readonly early: (Buffer | 'end')[];
}

/** What a connection keeps of bytes that have nowhere to go yet, over all its streams. */
const earlyBytesMax = 1024 * 1024;
/** What an end costs at least: it is kept, too. */
const endBytes = 64;

class PortForward {
  readonly #connection: SpdyConnection;
  readonly #dial: DialPort;
  readonly #byRequest = new Map<string, Forwarded>();
  readonly #byData = new Map<number, Forwarded>();
  #earlyBytes = 0;

  /** Serves a connection until it ends. */
  static serve(socket: Duplex, head: Buffer, dial: DialPort): PortForward {
    return new PortForward(socket, head, dial);
  }

  private constructor(socket: Duplex, head: Buffer, dial: DialPort) {
    this.#dial = dial;
    this.#connection = new SpdyConnection(socket, head, {
      stream: (id, headers) => this.#opened(id, headers),
      data: (id, payload) => this.#received(id, payload),
      end: (id) => this.#received(id, 'end'),
      close: () => this.#closed(),
    });
  }

  #opened(id: number, headers: ReadonlyMap<string, string>): void {
    const type = headers.get('streamtype');
    const port = Number(headers.get('port'));
    // Clients of long ago sent no requestid; there the data stream is the second one.
    const request = headers.get('requestid') ?? String(type === 'error' ? id : id - 2);
    if ((type !== 'error' && type !== 'data') || !Number.isInteger(port) || port < 1 || port > 65_535) {
      this.#connection.reset(id);
      return;
    }
    const known = this.#byRequest.get(request) ?? { error: undefined, data: undefined, port, target: undefined, isSlow: false, early: [] };
    this.#byRequest.set(request, known);
    known[type] = id;
    if (type === 'data') this.#byData.set(id, known);
    if (known.error !== undefined && known.data !== undefined) void this.#forward(request, known);
  }

  async #forward(request: string, forwarded: Forwarded): Promise<void> {
    try {
      const target = await this.#dial(forwarded.port).finally(() => this.#connection.resume());
      await this.#join(forwarded, target);
      await this.#finish(forwarded, '');
    } catch (error) {
      await this.#finish(forwarded, error instanceof Error ? error.message : String(error));
    }
    this.#takeEarly(forwarded);
    this.#byRequest.delete(request);
    this.#byData.delete(forwarded.data ?? 0);
    for (const id of [forwarded.data, forwarded.error]) if (id !== undefined) this.#connection.forget(id);
  }

  /** Carries bytes both ways; resolves when the pod's end has said everything. */
  async #join(forwarded: Forwarded, target: Duplex): Promise<void> {
    const id = forwarded.data ?? 0;
    forwarded.target = target;
    target.on('error', () => target.destroy());
    for (const piece of this.#takeEarly(forwarded)) write(target, piece);
    try {
      for await (const piece of target as AsyncIterable<Buffer>) await this.#connection.send(id, piece, false);
    } catch {
      // The pod's end broke off: what was said until then has arrived.
    }
    target.destroy();
  }

  async #finish({ error, data }: Forwarded, message: string): Promise<void> {
    const nothing = Buffer.alloc(0);
    if (error !== undefined) await this.#connection.send(error, Buffer.from(message), true);
    if (data !== undefined) await this.#connection.send(data, nothing, true);
  }

  #received(id: number, piece: Buffer | 'end'): void {
    const forwarded = this.#byData.get(id);
    if (forwarded === undefined) return;
    if (forwarded.target === undefined) {
      this.#keepEarly(forwarded, piece);
      return;
    }
    const { target } = forwarded;
    if (write(target, piece) || forwarded.isSlow) return;
    // The peers know no windows: what a slow port does not take holds the whole connection.
    forwarded.isSlow = true;
    this.#connection.pause();
    const goOn = (): void => {
      forwarded.isSlow = false;
      target.off('drain', goOn).off('close', goOn);
      this.#connection.resume();
    };
    target.on('drain', goOn).on('close', goOn);
  }

  /** What waits for the pod's port beyond the bound waits on the wire; what waits for its own second stream has no excuse. */
  #keepEarly(forwarded: Forwarded, piece: Buffer | 'end'): void {
    forwarded.early.push(piece);
    this.#earlyBytes += sizeOf(piece);
    if (this.#earlyBytes <= earlyBytesMax) return;
    if (forwarded.error === undefined) this.#connection.destroy();
    else this.#connection.pause();
  }

  #takeEarly({ early }: Forwarded): readonly (Buffer | 'end')[] {
    const pieces = early.splice(0);
    for (const piece of pieces) this.#earlyBytes -= sizeOf(piece);
    return pieces;
  }

  #closed(): void {
    for (const { target } of this.#byRequest.values()) target?.destroy();
  }
}

function sizeOf(piece: Buffer | 'end'): number {
  return piece === 'end' ? endBytes : piece.length + endBytes;
}

/** Whether more can be written at once. */
function write(target: Duplex, piece: Buffer | 'end'): boolean {
  if (target.destroyed || target.writableEnded) return true;
  if (piece !== 'end') return target.write(piece);
  target.end();
  return true;
}
