/**
 * HTTP to one API server: connections kept alive, TLS with the cluster's own trust, answers with a
 * time limit and a size limit. Knows nothing of resources; the only place here that opens sockets.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createSecureContext } from 'node:tls';
import { apiErrorFromBody, TransportError } from './api-error.ts';
import type { ApiTransport, Receiver, TransportRequest, TransportResponse } from './api-transport.ts';
import type { ClusterConnection } from './connection.ts';
import { JsonSyntaxError } from './json-scan.ts';
import { ItemTooLarge } from './list-reader.ts';

const tokenLifetimeMs = 60_000;
/**
 * Connections of one client at the same time, streams aside. A burst of requests waits for one of them:
 * a handshake costs both ends more than the request that it is made for.
 */
const connectionsMax = 16;

/** A pool of connections to one API server. */
export class HttpTransport implements ApiTransport {
  readonly #connection: ClusterConnection;
  /** For requests with a whole answer: few connections that are used again. */
  readonly #pool: http.Agent;
  /** For streams, which keep their connection for hours and must not keep requests waiting. */
  readonly #streams: http.Agent;
  readonly #target: http.RequestOptions;
  readonly #host: Readonly<Record<string, string>>;
  readonly #prefix: string;
  readonly #secure: boolean;
  #token: { value: string; readAtMs: number } | undefined;

  constructor(connection: ClusterConnection) {
    this.#connection = connection;
    const pool = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: connectionsMax, maxSockets: connectionsMax };
    const streams = { keepAlive: false };
    if (connection.server.startsWith('unix:')) {
      this.#secure = false;
      this.#prefix = '';
      this.#target = { socketPath: connection.server.slice('unix:'.length) };
      this.#host = { host: 'localhost' };
      this.#pool = new http.Agent(pool);
      this.#streams = new http.Agent(streams);
      return;
    }
    const url = new URL(connection.server);
    this.#secure = url.protocol === 'https:';
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#host = {};
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.#target = { host, port: url.port === '' ? (this.#secure ? 443 : 80) : Number(url.port) };
    const tls = this.#secure ? tlsOptions(connection) : {};
    const agent = (options: http.AgentOptions): http.Agent =>
      this.#secure ? new https.Agent({ ...options, ...tls }) : new http.Agent(options);
    this.#pool = agent(pool);
    this.#streams = agent(streams);
  }

  /** Sends a request and reads the whole answer, at most `limitBytes`. Throws ApiError and TransportError. */
  async send(request: TransportRequest, limitBytes: number): Promise<TransportResponse> {
    const deadline = AbortSignal.timeout(request.timeoutMs);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
    try {
      const response = await this.#openRetrying(request, { signal, agent: this.#pool });
      const body = await readBody(response, limitBytes, this.#describe(request));
      return { code: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', body };
    } catch (error) {
      throw this.#explain(error, request, deadline);
    }
  }

  /**
   * Sends a request and hands the answer on while it comes. The time limit is that of the headers, then
   * that of each silence: a long answer takes its time.
   */
  async receive(request: TransportRequest, { limitBytes, take }: Receiver): Promise<void> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), request.timeoutMs);
    const signal = request.signal === undefined ? silence.signal : AbortSignal.any([request.signal, silence.signal]);
    try {
      const response = await this.#openRetrying(request, { signal, agent: this.#pool });
      await eachChunk(response, { limitBytes, what: this.#describe(request) }, (chunk) => {
        timer.refresh();
        take(chunk);
      });
    } catch (error) {
      throw this.#explain(error, request, silence.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a request and returns as soon as the headers are there; the caller reads and ends the stream. */
  async stream(request: TransportRequest): Promise<http.IncomingMessage> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), request.timeoutMs);
    const signal = request.signal === undefined ? deadline.signal : AbortSignal.any([request.signal, deadline.signal]);
    try {
      return await this.#openRetrying(request, { signal, agent: this.#streams });
    } catch (error) {
      throw this.#explain(error, request, deadline.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the idle connections; requests under way are not touched. */
  close(): void {
    this.#pool.destroy();
  }

  /** A kept-alive connection may be closed by the server in the moment we use it: one more try is safe for reads. */
  async #openRetrying(request: TransportRequest, way: Way): Promise<http.IncomingMessage> {
    try {
      return await this.#open(request, way);
    } catch (error) {
      if (request.method !== 'GET' || !(error instanceof StaleConnection) || way.signal.aborted) throw error;
      return await this.#open(request, way);
    }
  }

  async #open(request: TransportRequest, { signal, agent }: Way): Promise<http.IncomingMessage> {
    signal.throwIfAborted();
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const outgoing = (this.#secure ? https : http).request(
        {
          ...this.#target,
          agent,
          method: request.method,
          path: `${this.#prefix}${request.url}`,
          headers: { ...this.#host, ...this.#authorization(), ...lengthHeader(request), ...request.headers },
          signal,
        },
        resolve,
      );
      outgoing.on('socket', (socket) => socket.setKeepAlive(true, 15_000));
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
      });
      outgoing.end(request.body);
    });
    const code = response.statusCode ?? 0;
    if (code < 400) return response;
    const body = await readBody(response, 1 << 20, this.#describe(request));
    throw apiErrorFromBody(code, body.toString('utf8'), response.headers['retry-after']);
  }

  #authorization(): Record<string, string> {
    const { token, tokenFile } = this.#connection;
    if (token !== undefined) return { authorization: `Bearer ${token}` };
    if (tokenFile === undefined) return {};
    // Not the wall clock: one that is put back would keep a token in use that has expired.
    const nowMs = performance.now();
    if (this.#token === undefined || nowMs - this.#token.readAtMs > tokenLifetimeMs) {
      this.#token = { value: readFileSync(tokenFile, 'utf8').trim(), readAtMs: nowMs };
    }
    return { authorization: `Bearer ${this.#token.value}` };
  }

  #describe(request: TransportRequest): string {
    const [path] = request.url.split('?');
    return `${request.method} ${path ?? ''} at ${this.#connection.server}`;
  }

  /** Turns what Node throws into a {@link TransportError} that names the request; other errors stay as they are. */
  #explain(error: unknown, request: TransportRequest, deadline: AbortSignal): unknown {
    if (request.signal?.aborted === true) return request.signal.reason;
    if (deadline.aborted) {
      return new TransportError('timeout', `${this.#describe(request)}: no answer within ${request.timeoutMs} ms`, error);
    }
    return asTransportError(error, this.#describe(request));
  }
}

/** How a request goes out. */
interface Way {
  readonly signal: AbortSignal;
  readonly agent: http.Agent;
}

/** The server closed a reused connection before it answered. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

/** Errors of sockets and TLS as a {@link TransportError}; errors that are already ours stay as they are. */
export function asTransportError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error.name === 'ApiError' || error.name === 'TransportError') return error;
  if (error instanceof JsonSyntaxError) return new TransportError('garbage', `${what}: ${error.message}`, error);
  if (error instanceof ItemTooLarge) return new TransportError('too-large', `${what}: ${error.message}`, error);
  return new TransportError('connect', `${what}: ${error.message === '' ? error.name : error.message}`, error);
}

function tlsOptions(connection: ClusterConnection): https.AgentOptions {
  return {
    // Made once: reading certificates and keys anew for each connection costs more than its handshake.
    secureContext: createSecureContext({
      minVersion: 'TLSv1.2',
      ...(connection.certificateAuthority === undefined ? {} : { ca: connection.certificateAuthority }),
      ...(connection.clientCertificate === undefined ? {} : { cert: connection.clientCertificate }),
      ...(connection.clientKey === undefined ? {} : { key: connection.clientKey }),
    }),
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
    ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
  };
}

function lengthHeader(request: TransportRequest): Record<string, string> {
  return request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
}

async function readBody(response: http.IncomingMessage, limitBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await eachChunk(response, { limitBytes, what }, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks);
}

async function eachChunk(
  response: http.IncomingMessage,
  { limitBytes, what }: { readonly limitBytes: number; readonly what: string },
  take: (chunk: Buffer) => void,
): Promise<void> {
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) {
      response.destroy();
      throw new TransportError('too-large', `${what}: the answer is larger than ${limitBytes} bytes`);
    }
    take(chunk);
  }
}
