/**
 * exec and attach over WebSocket: subprotocols `v5.channel.k8s.io` and `v4.channel.k8s.io`.
 *
 * ```
 *   binary messages, first byte = channel
 *   0 stdin ◀ client   1 stdout ▶   2 stderr ▶   3 status ▶ (once, at the end)   4 resize ◀   255 half close ◀ (v5)
 * ```
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { ApiError, badRequest } from '../errors/api-error.ts';
import { CommandInput, commandOutput, endOutput } from './command-streams.ts';
import { parseRemoteCommandQuery, type RemoteCommandQuery } from './remote-command-query.ts';
import { type RemoteCommandResult, type RemoteCommandSession, ResizeChannel, resultStatus } from './remote-command-session.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

/** How long the client may take to answer our close frame. */
const closeTimeoutMs = 5_000;

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: 4 * 1024 * 1024,
  handleProtocols: (offered) => choose(offered) ?? false,
});

/**
 * Accepts a WebSocket upgrade of exec or attach. When it has to be refused the client gets a Status with the
 * reason, and the same error is thrown (ApiError).
 */
export async function acceptWebSocketCommand(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<RemoteCommandSession> {
  let query: RemoteCommandQuery;
  try {
    query = parseRemoteCommandQuery(request.url ?? '/');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (choose(offered) === undefined) {
      throw badRequest(`unable to upgrade: none of the offered subprotocols is served; served: ${protocols.join(', ')}`);
    }
  } catch (error) {
    if (error instanceof ApiError) refuseUpgrade(socket, error.status);
    throw error;
  }
  const webSocket = await new Promise<WebSocket>((resolve, reject) => {
    socket.once('close', () => reject(badRequest('the client went away during the WebSocket handshake')));
    server.handleUpgrade(request, socket, head, resolve);
  });
  return new WebSocketCommand(webSocket, query);
}

function choose(offered: Iterable<string>): string | undefined {
  const names = new Set(offered);
  return protocols.find((name) => names.has(name));
}

class WebSocketCommand implements RemoteCommandSession {
  readonly command: readonly string[];
  readonly container?: string;
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly #socket: WebSocket;
  readonly #input?: CommandInput;
  readonly #resize = new ResizeChannel();
  readonly #gone = new AbortController();
  readonly #closed: Promise<void>;
  #finished: Promise<void> | undefined;

  constructor(socket: WebSocket, query: RemoteCommandQuery) {
    this.#socket = socket;
    this.command = query.command;
    if (query.container !== undefined) this.container = query.container;
    this.tty = query.tty;
    if (query.stdin) {
      this.#input = new CommandInput({ pause: () => socket.pause(), resume: () => this.#resume() });
      this.stdin = this.#input.stream;
    }
    if (query.stdout) this.stdout = commandOutput((piece) => this.#send(channels.stdout, piece));
    if (query.stderr) this.stderr = commandOutput((piece) => this.#send(channels.stderr, piece));
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#input?.end();
        if (this.#finished === undefined) this.#gone.abort();
        resolve();
      });
    });
    // A broken connection is followed by 'close', which is all that matters here.
    socket.on('error', () => undefined);
    // Messages come as one Buffer each (`binaryType` is nodebuffer).
    socket.on('message', (data) => this.#receive(data as Buffer));
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  onResize(callback: Parameters<ResizeChannel['subscribe']>[0]): void {
    this.#resize.subscribe(callback);
  }

  finish(result: RemoteCommandResult): Promise<void> {
    this.#finished ??= this.#finish(result);
    return this.#finished;
  }

  async #finish(result: RemoteCommandResult): Promise<void> {
    await Promise.all([endOutput(this.stdout), endOutput(this.stderr)]);
    await this.#send(channels.error, Buffer.from(resultStatus(result)));
    this.#input?.drain();
    this.#socket.close(1000);
    const timer = setTimeout(() => this.#socket.terminate(), closeTimeoutMs);
    await this.#closed;
    clearTimeout(timer);
  }

  #receive(message: Buffer): void {
    const channel = message[0] ?? channels.stdin;
    const payload = message.subarray(1);
    switch (channel) {
      case channels.stdin:
        this.#input?.push(payload);
        return;
      case channels.resize:
        this.#resize.push(payload);
        return;
      case channels.close:
        if (payload[0] === channels.stdin) this.#input?.end();
        return;
      default:
        // Unknown channels are ignored, as the kubelet does.
        return;
    }
  }

  #resume(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.resume();
  }

  /** Resolves when the bytes have left; at once when the client is gone. */
  #send(channel: number, payload: Buffer): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.send(Buffer.concat([Buffer.of(channel), payload]), { binary: true }, () => resolve());
    });
  }
}
