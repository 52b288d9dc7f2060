/**
 * exec and attach over SPDY/3.1, for clients that know no WebSocket (client-go below 0.30, `NewSPDYExecutor`).
 *
 * The client opens one stream each for error, stdin, stdout, stderr and resize, as far as it asked for them; the
 * command starts when as many streams are there as the query lets expect, whatever their types (as the kubelet counts).
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { ApiError, badRequest, failure } from '../errors/api-error.ts';
import { CommandInput, commandOutput, endOutput } from './command-streams.ts';
import { parseRemoteCommandQuery, type RemoteCommandQuery } from './remote-command-query.ts';
import { type RemoteCommandResult, type RemoteCommandSession, ResizeChannel, resultStatus } from './remote-command-session.ts';
import { SpdyConnection } from './spdy-connection.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';

/** The one version of the stream protocol that is served; every client of the last years offers it. */
const streamProtocol = 'v4.channel.k8s.io';
/** How long the client may take to open its streams, and to leave at the end. */
const streamsTimeoutMs = 30_000;
const closeTimeoutMs = 5_000;

const streamTypes = ['error', 'stdin', 'stdout', 'stderr', 'resize'] as const;
type StreamType = (typeof streamTypes)[number];

/**
 * Accepts a SPDY upgrade of exec or attach; resolves when the client has opened its streams. When it has to be
 * refused the client gets a Status with the reason, and the same error is thrown (ApiError).
 */
export async function acceptSpdyCommand(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<RemoteCommandSession> {
  try {
    const query = parseRemoteCommandQuery(request.url ?? '/');
    checkProtocol(request.headers['x-stream-protocol-version']);
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      `X-Stream-Protocol-Version: ${streamProtocol}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const command = new SpdyCommand(query, socket, head);
    await command.ready;
    return command;
  } catch (error) {
    const accepted = { 'X-Accepted-Stream-Protocol-Versions': streamProtocol };
    if (error instanceof ApiError && socket.writable) refuseUpgrade(socket, error.status, error.status.code === 403 ? accepted : {});
    throw error;
  }
}

function checkProtocol(header: string | readonly string[] | undefined): void {
  const offered = (header ?? '')
    .toString()
    .split(',')
    .map((name) => name.trim());
  if (offered.join('') === '') throw badRequest('unable to upgrade: X-Stream-Protocol-Version is required');
  if (offered.includes(streamProtocol)) return;
  const message = `unable to upgrade: unable to negotiate protocol: client supports ${offered.join(', ')}, server accepts ${streamProtocol}`;
  throw failure({ code: 403, reason: 'Forbidden', message });
}

class SpdyCommand implements RemoteCommandSession {
  readonly command: readonly string[];
  readonly container?: string;
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Resolves when the streams are there; rejects when they do not come or the client leaves. */
  readonly ready: Promise<void>;
  readonly #connection: SpdyConnection;
  readonly #input?: CommandInput;
  readonly #resize = new ResizeChannel();
  readonly #gone = new AbortController();
  readonly #ids = new Map<StreamType, number>();
  readonly #types = new Map<number, StreamType>();
  readonly #expected: number;
  #settle: { resolve: () => void; reject: (error: Error) => void } = { resolve: () => undefined, reject: () => undefined };
  #leave: () => void = () => undefined;
  readonly #left: Promise<void>;
  #finished: Promise<void> | undefined;

  constructor(query: RemoteCommandQuery, socket: Duplex, head: Buffer) {
    this.command = query.command;
    if (query.container !== undefined) this.container = query.container;
    this.tty = query.tty;
    this.#expected = 1 + Number(query.stdin) + Number(query.stdout) + Number(query.stderr) + Number(query.tty);
    this.#left = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.ready = this.#awaitStreams(socket);
    if (query.stdin) {
      this.#input = new CommandInput({ pause: () => this.#connection.pause(), resume: () => this.#connection.resume() });
      this.stdin = this.#input.stream;
    }
    if (query.stdout) this.stdout = commandOutput((piece) => this.#send('stdout', piece, false));
    if (query.stderr) this.stderr = commandOutput((piece) => this.#send('stderr', piece, false));
    this.#connection = new SpdyConnection(socket, head, {
      stream: (id, headers) => this.#opened(id, headers.get('streamtype') ?? ''),
      data: (id, payload) => this.#received(id, payload),
      end: (id) => this.#ended(id),
      close: () => this.#closed(),
    });
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
    const nothing = Buffer.alloc(0);
    await Promise.all([this.#send('stdout', nothing, true), this.#send('stderr', nothing, true)]);
    await this.#send('error', Buffer.from(resultStatus(result)), true);
    this.#input?.drain();
    const timer = setTimeout(() => this.#connection.destroy(), closeTimeoutMs);
    await this.#left;
    clearTimeout(timer);
  }

  async #awaitStreams(socket: Duplex): Promise<void> {
    const timer = setTimeout(() => {
      this.#settle.reject(new Error('timed out waiting for client to create streams'));
      socket.destroy();
    }, streamsTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #opened(id: number, name: string): void {
    const type = streamTypes.find((known) => known === name);
    if (type === undefined) return;
    this.#ids.set(type, id);
    this.#types.set(id, type);
    if (this.#types.size >= this.#expected) this.#settle.resolve();
  }

  #received(id: number, payload: Buffer): void {
    const type = this.#types.get(id);
    if (type === 'stdin') this.#input?.push(payload);
    if (type === 'resize') this.#resize.push(payload);
  }

  #ended(id: number): void {
    if (this.#types.get(id) === 'stdin') this.#input?.end();
  }

  #closed(): void {
    this.#input?.end();
    this.#settle.reject(new Error('the client went away before it had opened its streams'));
    if (this.#finished === undefined) this.#gone.abort();
    this.#leave();
  }

  #send(type: StreamType, payload: Buffer, end: boolean): Promise<void> {
    const id = this.#ids.get(type);
    return id === undefined ? Promise.resolve() : this.#connection.send(id, payload, end);
  }
}
