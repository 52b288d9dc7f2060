/**
 * HTTP with JSON over a unix socket, for callers on this machine that may open its file.
 *
 * 503 says why a caller has to wait and ask again, 400 why it need not, 404 that there is nothing of that name.
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';

/** Where a server listens and what it answers. */
interface LocalServerOptions {
  readonly path: string;
  /** The setting that the path came from, for who has to change it. */
  readonly setting: string;
  /** Who may connect: the mode of the socket's file. */
  readonly mode: 0o600 | 0o660;
  /** The body of the answer; undefined: there is nothing at the URL. Throws the errors below. */
  readonly route: (request: IncomingMessage) => Promise<unknown>;
}

/** Not yet: the caller asks again. The text says what is being waited for. */
export class MustWaitError extends Error {
  override readonly name = 'MustWaitError';
}

/** Never, for this request. */
export class RefusedRequestError extends Error {
  override readonly name = 'RefusedRequestError';
}

/** What is asked about does not exist. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** The socket's path is taken by another agent, or by something that is no socket. */
class LocalSocketError extends Error {
  override readonly name = 'LocalSocketError';
}

/** More than any request needs, in bytes. */
const bodyLimit = 64 * 1024;
/** How long a body may take to arrive, and how long answers may take to leave when the server closes. */
const requestTimeoutMs = 10_000;
const connectionsMax = 256;
const closeTimeoutMs = 1_000;

/** Listens on the socket; the socket of a dead process is replaced, that of a living one never. */
export async function openLocalServer({ path, setting, mode, route }: LocalServerOptions): Promise<Server> {
  await clearPath(path, setting);
  const server = createServer((request, response) => {
    void answer(request, response, route);
  });
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = connectionsMax;
  // The socket is bound inside listen(): with this mask there is no moment in which others may connect.
  const mask = process.umask(0o777 & ~mode);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
      process.umask(mask);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, mode);
  return server;
}

/** Stops listening and takes the socket away; answers under way get a moment. */
export async function closeLocalServer(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), closeTimeoutMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}

async function clearPath(path: string, setting: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new LocalSocketError(`${path} is there and is no socket: give another --${setting}, or remove it`);
  if (await isAnswered(path)) throw new LocalSocketError(`another process listens at ${path}: only one agent may run on a node`);
  rmSync(path, { force: true });
}

/** Whether a living process listens; nobody does when the connection is refused. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, route: LocalServerOptions['route']): Promise<void> {
  try {
    const body = await route(request);
    send(response, body === undefined ? 404 : 200, body ?? { error: `there is no ${request.method ?? ''} ${request.url ?? ''} here` });
  } catch (error) {
    const code = statusOf(error);
    // A body that was not read to its end cannot be followed by another request.
    if (!request.complete) response.setHeader('connection', 'close');
    send(response, code, { error: error instanceof Error ? error.message : String(error) });
  }
}

function statusOf(error: unknown): number {
  if (error instanceof MustWaitError) return 503;
  if (error instanceof RefusedRequestError) return 400;
  return error instanceof NotFoundError ? 404 : 500;
}

/** The body of a request; throws {@link RefusedRequestError}. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left open at an early end: the answer has to go out on the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new RefusedRequestError(`the body is longer than ${bodyLimit} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new RefusedRequestError('the body is no JSON');
  }
}

function send(response: ServerResponse, code: number, body: unknown): void {
  const text = JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
