/**
 * Hands requests on to a node's own server on a unix socket, as kube-apiserver hands exec, attach,
 * port-forward and logs on to a kubelet. Bytes pass unread; the client's credentials stay here.
 */
import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { failure } from '../errors/api-error.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';

/** Where a request is handed on to. */
export interface NodeTarget {
  /** Unix socket of the node's server. */
  readonly socketPath: string;
  /** Path and query as the node's server knows them. */
  readonly path: string;
}

/** Time for the node's server to take the connection up and answer, in milliseconds. */
const answerTimeoutMs = 30_000;
const privateHeaders = ['authorization', 'cookie', 'host'];

/** Hands an upgrade request on and joins the two connections. Refusals of the node reach the client with their body. */
export function proxyUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: NodeTarget): void {
  // Who has left meanwhile is not told again.
  if (socket.destroyed) return;
  const backend = http.request({ ...target, method: request.method, headers: forwardedHeaders(request), timeout: answerTimeoutMs });
  socket.on('error', () => backend.destroy());
  socket.on('close', () => backend.destroy());
  backend.on('timeout', () => backend.destroy(new Error('i/o timeout')));
  backend.on('error', (error) => {
    if (socket.writable) refuseUpgrade(socket, dialError(target, error).status);
  });
  backend.on('response', (response) => {
    socket.write(statusLines(response, { connection: 'close' }));
    response.pipe(socket);
  });
  backend.on('upgrade', (response, nodeSocket, nodeHead) => {
    nodeSocket.setTimeout(0);
    socket.write(statusLines(response));
    if (nodeHead.length > 0) socket.write(nodeHead);
    if (head.length > 0) nodeSocket.write(head);
    join(socket, nodeSocket);
  });
  backend.end();
}

/** Hands an ordinary request on, answer and all; used for logs, which may be followed for hours. */
export function proxyRequest(request: IncomingMessage, response: ServerResponse, target: NodeTarget): void {
  const backend = http.request({ ...target, method: request.method, headers: forwardedHeaders(request) });
  const timer = setTimeout(() => backend.destroy(new Error('i/o timeout')), answerTimeoutMs);
  response.on('close', () => {
    clearTimeout(timer);
    backend.destroy();
  });
  backend.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else sendJson(response, dialError(target, error).status);
  });
  backend.on('response', (answer) => {
    clearTimeout(timer);
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
    response.flushHeaders();
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  request.pipe(backend);
}

/** Joins two connections until either side is done; both are closed then. */
function join(left: Duplex, right: Duplex): void {
  left.pipe(right);
  right.pipe(left);
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => {
      // What was read to its end is flushed; what broke off breaks the other side off too.
      if (!one.readableEnded) {
        other.destroy();
        return;
      }
      other.end();
      // Nobody takes what it still says, and its end is not seen before that has been read.
      other.resume();
    });
  }
}

function dialError(target: NodeTarget, error: Error): ReturnType<typeof failure> {
  return failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: error dialing backend: dial unix ${target.socketPath}: ${error.message}`,
    details: { causes: [{ reason: '', message: `error dialing backend: dial unix ${target.socketPath}: ${error.message}` }] },
  });
}

function forwardedHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...request.headers, host: 'localhost' };
  for (const name of privateHeaders) if (name !== 'host') delete headers[name];
  return headers;
}

function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest;
}

/** The head of an answer as it came, names and order kept; `replace` wins over what the answer says. */
function statusLines(response: IncomingMessage, replace: Readonly<Record<string, string>> = {}): string {
  const lines = [`HTTP/1.1 ${response.statusCode ?? 502} ${response.statusMessage ?? ''}`];
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    // Node has taken the chunks apart already; the end of the connection ends the body instead.
    if (lower in replace || (lower === 'transfer-encoding' && response.statusCode !== 101)) continue;
    lines.push(`${name}: ${response.rawHeaders[index + 1] ?? ''}`);
  }
  for (const [name, value] of Object.entries(replace)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function sendJson(response: ServerResponse, status: { readonly code: number }): void {
  const body = JSON.stringify(status);
  response.writeHead(status.code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
