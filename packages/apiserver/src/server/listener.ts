/**
 * The HTTPS door: HTTP/1.1 and HTTP/2 on one port, requests in, responses out.
 *
 * Every request must come with a client certificate of the cluster's CA or with a token; whoever has none
 * gets 401 on every path. The listener reads bodies up to a limit, turns errors into Status answers and flushes
 * streams at once.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type Duplex, pipeline } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Authenticate } from '../authentication/authenticator.ts';
import { ApiError, internalError, requestTooLarge } from '../errors/api-error.ts';
import { requestAnswered, requestBegun } from '../timing/request-timing.ts';
import type { ApiRequest, ApiResponse, UserInfo } from './api-message.ts';
import type { Dispatch } from './dispatch.ts';

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
  readonly dispatch: Dispatch;
  /** Tells who a client is; throws 401. */
  readonly authenticate: Authenticate;
  /** Takes over an HTTP/1.1 connection of an authenticated client. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Told about faults of ours, with their stack. */
  onFault(error: unknown): void;
}

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** The real server takes 3 MiB. */
const bodyLimitBytes = 3 * 1024 * 1024;

/** Makes a server that does not listen yet. */
export function createListener(options: ListenerOptions): Http2SecureServer {
  const server = createSecureServer({
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
  server.on('clientError', (_error: Error, socket: Duplex) => {
    socket.destroy();
  });
  // Watches and followed logs are quiet for long; Go keeps idle connections for 90 s.
  server.setTimeout(0);
  return server;
}

/** The TLS connection below a request of either version. */
export function tlsSocketOf(request: AnyRequest): TLSSocket {
  return ('stream' in request ? request.stream.session?.socket : request.socket) as TLSSocket;
}

async function serve(options: ListenerOptions, request: AnyRequest, response: AnyResponse): Promise<void> {
  const headAt = requestBegun();
  const aborted = new AbortController();
  response.on('close', () => {
    // Nobody waits any more when the answer has gone out; the reason of an abort is dear to make.
    if (!response.writableFinished) aborted.abort();
  });
  response.on('error', () => aborted.abort());
  send(request, response, await answerTo(options, request, aborted.signal));
  requestAnswered(headAt, request.method ?? '', request.url ?? '');
}

async function answerTo(options: ListenerOptions, request: AnyRequest, signal: AbortSignal): Promise<ApiResponse> {
  try {
    // Nothing of a stranger's body is read.
    const user = await options.authenticate(tlsSocketOf(request), request.headers);
    return await options.dispatch(await readRequest(request, user, signal));
  } catch (error) {
    if (error instanceof ApiError) return statusResponse(error);
    options.onFault(error);
    return statusResponse(internalError(error instanceof Error ? error.message : String(error)));
  }
}

async function readRequest(request: AnyRequest, user: UserInfo, signal: AbortSignal): Promise<ApiRequest> {
  const url = new URL(request.url ?? '/', 'https://server');
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > bodyLimitBytes) throw requestTooLarge(bodyLimitBytes);
    chunks.push(chunk);
  }
  return {
    method: request.method ?? 'GET',
    path: decodePath(url.pathname),
    query: url.searchParams,
    headers: flatHeaders(request),
    body: Buffer.concat(chunks),
    user,
    signal,
  };
}

/** A path that is no valid percent encoding matches nothing. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function flatHeaders(request: AnyRequest): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function statusResponse(error: ApiError): ApiResponse {
  return { kind: 'json', status: error.status.code, body: error.status };
}

function send(request: AnyRequest, response: AnyResponse, answer: ApiResponse): void {
  const contentType = answer.contentType ?? 'application/json';
  const headers: OutgoingHttpHeaders = { 'content-type': contentType, 'cache-control': 'no-cache, private', ...answer.headers };
  if (answer.kind === 'stream') {
    writeHead(response, answer.status, headers);
    (response as ServerResponse).flushHeaders();
    pipeline(answer.body, response, () => undefined);
    return;
  }
  const body = answer.kind === 'json' ? Buffer.from(`${JSON.stringify(answer.body)}\n`) : Buffer.from(answer.body);
  headers['content-length'] = body.length;
  // What is left of a body that was refused is not read: the connection cannot be used again.
  if (request.httpVersionMajor === 1 && !request.complete) headers['connection'] = 'close';
  writeHead(response, answer.status, headers);
  (response as ServerResponse).end(request.method === 'HEAD' ? undefined : body);
}

function writeHead(response: AnyResponse, status: number, headers: OutgoingHttpHeaders): void {
  (response as ServerResponse).writeHead(status, headers);
}
