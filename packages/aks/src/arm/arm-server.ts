/**
 * The HTTPS door: bounds what comes in, finds the route, checks token and api-version, and answers. It listens on
 * loopback only; who may ask is decided by the tokens that the login gives out.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { closingOf } from '@weir/apiserver';
import { isJsonObject, type JsonObject } from '@weir/kube';
import { StorageError } from '../state/document-store.ts';
import { apiVersionProblem } from './api-version.ts';
import { ArmError, gatewayError } from './arm-error.ts';
import type { ArmResponse, ArmRoute } from './arm-message.ts';
import type { PathParameters, RouteTable } from './route-table.ts';

/** Who asks, by the `Authorization` header; throws {@link ArmError} with 401. */
type Authenticate = (authorization: string | undefined) => Promise<string>;

/** What the door needs. */
export interface ArmServerOptions {
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly port: number;
  readonly routes: RouteTable<ArmRoute>;
  readonly authenticate: Authenticate;
  /** Refuses what a path names and this cloud does not have; throws {@link ArmError}. */
  readonly checkPath: (parameters: PathParameters) => void;
  /** Told of faults of ours; they are answered with 500. */
  readonly onFault: (error: unknown) => void;
}

/** As much as Azure Resource Manager takes. */
const bodyLimitBytes = 4 * 1024 * 1024;
const headLimitBytes = 64 * 1024;
/** A request that takes longer to arrive is given up. */
const arrivalMs = 30_000;

/** Longer than between two questions of a client that polls, so that none meets a connection that is just being closed. */
const idleMs = 65_000;

/** A listening server. */
export interface ArmServer {
  readonly port: number;
  /** `https://localhost:PORT`. */
  readonly base: string;
  close(): Promise<void>;
}

/** Listens; port 0 takes a free one. */
export async function startArmServer(options: ArmServerOptions): Promise<ArmServer> {
  const { certificate, key } = options.tls;
  const server = createServer({
    cert: certificate,
    key,
    maxHeaderSize: headLimitBytes,
    requestTimeout: arrivalMs,
    keepAliveTimeout: idleMs,
  });
  const end = closingOf(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: options.port }, resolve);
  });
  const base = `https://localhost:${portOf(server)}`;
  server.on('request', (request, response) => void serve(request, response, { ...options, base }));
  return {
    port: portOf(server),
    base,
    close: end,
  };
}

interface Door extends ArmServerOptions {
  readonly base: string;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function serve(request: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
  const answered = await answer(request, door).catch((error: unknown) => refusalOf(error, door));
  // A body that nobody has read would be taken for the next request, or cut the answer off.
  const isRead = await readPieces(request, () => undefined).catch(() => false);
  if (!response.destroyed) send(request, response, { answered, isRead });
}

function refusalOf(error: unknown, { onFault }: Door): ArmResponse {
  if (!(error instanceof ArmError)) onFault(error);
  const refusal = error instanceof ArmError ? error : faultOf(error);
  return { status: refusal.status, body: refusal.body, headers: refusal.extras.headers ?? {} };
}

async function answer(request: IncomingMessage, door: Door): Promise<ArmResponse> {
  const url = URL.parse(`${door.base}${request.url ?? '/'}`);
  const found = url === null ? undefined : door.routes.find(url.pathname);
  if (url === null || found === undefined) throw notFound(request.url ?? '/');
  const method = request.method ?? 'GET';
  const route = found.handlers.get(method);
  if (route === undefined) throw notAllowed(method, url.pathname);
  const principal = route.open ? '' : await door.authenticate(request.headers.authorization);
  door.checkPath(found.parameters);
  const version = url.searchParams.get('api-version');
  const problem = route.versions === undefined ? undefined : apiVersionProblem(version, route.versions, 'global');
  if (problem !== undefined) throw problem;
  const text = await bodyOf(request);
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return route.handle({
    method,
    path: url.pathname,
    parameters: found.parameters,
    query: url.searchParams,
    base: door.base,
    apiVersion: version ?? '',
    principal,
    body: isForm ? {} : jsonOf(text),
    text,
  });
}

/** A disk that is full is not full for a second only: the status is one with which clients do not ask again by themselves. */
function faultOf(error: unknown): ArmError {
  if (!(error instanceof StorageError)) return gatewayError(500, 'InternalServerError', 'The server has met a fault of its own.');
  const message = `The disk of the server does not take what is to be kept: ${error.message}. Make room on it, and run the command again.`;
  return gatewayError(409, 'StorageNotAvailable', message);
}

interface Answered {
  readonly answered: ArmResponse;
  /** Whether all of the request has been read, so that another one may follow. */
  readonly isRead: boolean;
}

function send(request: IncomingMessage, response: ServerResponse, { answered, isRead }: Answered): void {
  const { status, body, bytes, headers = {} } = answered;
  const content = bytes ?? (body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)));
  const correlation = request.headers['x-ms-client-request-id'];
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...(status === 204 ? {} : { 'content-length': String(content.length) }),
    'cache-control': 'no-cache',
    'x-ms-request-id': randomUUID(),
    'x-ms-correlation-request-id': typeof correlation === 'string' ? correlation.slice(0, 64) : randomUUID(),
    ...(isRead ? {} : { connection: 'close' }),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : content);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  if (await readPieces(request, (piece) => pieces.push(piece))) return Buffer.concat(pieces).toString();
  throw gatewayError(413, 'RequestContentTooLarge', `The request content size exceeds the maximum size of ${bodyLimitBytes} bytes.`);
}

/** Reads what is left of a body, and says whether that was all: what is too long is not read to its end. */
async function readPieces(request: IncomingMessage, take: (piece: Buffer) => void): Promise<boolean> {
  let length = 0;
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > bodyLimitBytes) return false;
      take(piece);
    }
    return true;
  } catch (error) {
    if (!request.destroyed) throw error;
    throw gatewayError(400, 'InvalidRequestContent', 'The request ended before its content was whole.');
  }
}

function jsonOf(text: string): JsonObject {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below: what is no JSON and what is no object is refused alike.
  }
  throw gatewayError(400, 'InvalidRequestContent', 'The request content was invalid and could not be deserialized: it is no JSON object.');
}

function notFound(path: string): ArmError {
  return gatewayError(404, 'InvalidResourceType', `The resource type could not be found for the path '${path.slice(0, 200)}'.`);
}

function notAllowed(method: string, path: string): ArmError {
  return gatewayError(405, 'HttpMethodNotAllowed', `The HTTP method '${method}' is not allowed for the path '${path.slice(0, 200)}'.`);
}
