/**
 * The HTTPS door: HTTP/1.1 and HTTP/2 on one port, requests in, responses out.
 *
 * Every request must come with a client certificate of the cluster's CA or with a token; whoever has none
 * gets 401 on every path. The listener bounds connections, heads and bodies, and flushes streams at once.
 */
import type { IncomingMessage } from 'node:http';
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { badRequest, headTooLarge, requestTimeout } from '../errors/api-error.ts';
import { boundConnections, type ConnectionLimits, serverLimits } from '../limits/connection-limits.ts';
import { refuseUpgrade } from '../streams/upgrade-refusal.ts';
import { requestAnswered, requestBegun } from '../timing/request-timing.ts';
import type { AnswerRequest } from './answer-request.ts';
import { identify } from './client-identity.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { readRequestBody } from './read-request-body.ts';
import { type AnyRequest, type AnyResponse, sendAnswer } from './send-answer.ts';

/** PEM texts. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  /** Who signs client certificates. */
  readonly clientCa: string;
}

/** What the listener needs. */
export interface ListenerOptions {
  readonly tls: ServerTls;
  readonly limits: ConnectionLimits;
  readonly answer: AnswerRequest;
  /** Takes over an HTTP/1.1 connection of an authenticated client. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Told about faults of ours, with their stack. */
  onFault(error: unknown): void;
}

/** Makes a server that does not listen yet. */
export function createListener(options: ListenerOptions): Http2SecureServer {
  const server = createSecureServer({
    ...serverLimits(options.limits),
    allowHTTP1: true,
    // An event of a watch must not wait for the acknowledgement of the one before.
    noDelay: true,
    cert: options.tls.certificate,
    key: options.tls.key,
    ca: options.tls.clientCa,
    requestCert: true,
    // Refused by us with a Status instead of a broken handshake.
    rejectUnauthorized: false,
  });
  server.on('request', (request: AnyRequest, response: AnyResponse) => {
    serve(options, request, response).catch((error: unknown) => {
      options.onFault(error);
      response.destroy?.();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    options.upgrade(request, socket, head);
  });
  // Broken handshakes and connections that clients drop are no news.
  server.on('sessionError', () => undefined);
  server.on('tlsClientError', () => undefined);
  server.on('clientError', refuseMalformed);
  // Watches and followed logs are quiet for long.
  server.setTimeout(0);
  boundConnections(server, options.limits);
  return server;
}

/** The TLS connection below a request of either version; undefined when it is gone. */
export function tlsSocketOf(request: AnyRequest): TLSSocket | undefined {
  return ('stream' in request ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
}

/** HTTP/1.1 that cannot be read: said if it can be said, and the connection is over. A broken handshake comes here too. */
function refuseMalformed({ code = '' }: Error & { readonly code?: string }, socket: Duplex): void {
  // What came behind a head that is refused is no news: the answer is on its way, and the connection ends after it.
  if (socket.writableEnded) return;
  if (!socket.writable) socket.destroy();
  else if (code === 'HPE_HEADER_OVERFLOW') refuseUpgrade(socket, headTooLarge().status);
  else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseUpgrade(socket, requestTimeout().status);
  else if (code.startsWith('HPE_')) refuseUpgrade(socket, badRequest('the request is not valid HTTP').status);
  else socket.destroy();
}

async function serve(options: ListenerOptions, request: AnyRequest, response: AnyResponse): Promise<void> {
  const headAt = requestBegun();
  const answer = await options.answer(incoming(options.limits, request, response));
  await sendAnswer(request, response, answer);
  if (answer.kind !== 'stream') endUnread(response, options.limits.bodyMs);
  if (request.httpVersionMajor > 1) discardRest(request as Http2ServerRequest, options.limits.bodyMs);
  requestAnswered(headAt, request.method ?? '', request.url ?? '');
}

function incoming(limits: ConnectionLimits, request: AnyRequest, response: AnyResponse): IncomingRequest {
  const aborted = new AbortController();
  const callbacks: (() => void)[] = [];
  let closed = false;
  response.on('close', () => {
    closed = true;
    // Nobody waits any more when the answer has gone out; the reason of an abort is dear to make.
    if (!response.writableFinished) aborted.abort();
    for (const callback of callbacks) callback();
  });
  response.on('error', () => aborted.abort());
  const socket = tlsSocketOf(request);
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    certified: identify(socket),
    sourceAddress: socket?.remoteAddress ?? '',
    signal: aborted.signal,
    readBody: () => readRequestBody(request, limits.bodyMs),
    whenClosed: (callback) => {
      if (closed) callback();
      else callbacks.push(callback);
    },
  };
}

/** More of a body that nobody wants ends the stream. */
const discardedBytes = 4 * 1024 * 1024;

/** What a client of HTTP/2 still sends after its answer is thrown away: its stream ends only when all has been sent. */
function discardRest(request: Http2ServerRequest, timeoutMs: number): void {
  if (request.complete || request.stream.destroyed) return;
  const { stream } = request;
  let length = 0;
  request.on('data', (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > discardedBytes) stream.close();
  });
  const timer = setTimeout(() => stream.close(), timeoutMs);
  stream.once('close', () => clearTimeout(timer));
}

/** An answer that its client does not read holds a place and its bytes: not for ever. */
function endUnread(response: AnyResponse, timeoutMs: number): void {
  if (response.writableFinished) return;
  const timer = setTimeout(() => response.destroy?.(), timeoutMs);
  response.once('close', () => clearTimeout(timer));
}
