/**
 * The start gate: a unix socket on which the node asks for a pod's rules before the pod starts.
 *
 *   POST   /v1/endpoints        {uid, namespace, name, interface, addresses}  → 200 when in the kernel
 *   DELETE /v1/endpoints/{uid}                                                → 200 when out of it
 *   POST   /v1/answers          {name, addresses: [{address, ttl}]}           → 200 when what follows is in the kernel
 *   GET    /v1/health, /v1/dump, /v1/pairs
 *   GET    /v1/explain?source=&destination=&protocol=&port=&icmp=TYPE/CODE    → what is in force for a flow
 *
 * The shape is CNI's (add, delete, both idempotent). Until the answer is 200 the pod must not start;
 * 503 says why it has to wait, and the caller asks again; 400 says why it will never start this way.
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type ExplainProblem, type ExplainRequest, type FlowExplanation, parseExplainRequest } from '../explain-flow.ts';
import { type DomainAnswer, parseDomainAnswer } from '../names/domain-answer.ts';
import { type Attachment, parseAttachment } from './attachment.ts';

/** What the gate does for its callers; `add` and `remove` throw {@link GateWaitError} or {@link GateRefusal}. */
export interface GateHandler {
  add(attachment: Attachment): Promise<void>;
  remove(uid: string): Promise<void>;
  /** A name has resolved to addresses; the pod that asked is told when this resolves. */
  learn(answer: DomainAnswer): Promise<void>;
  health(): unknown;
  dump(): unknown;
  /** Who reaches whom in the state in force. */
  pairs(): unknown;
  explain(request: ExplainRequest): FlowExplanation | ExplainProblem;
}

/** Not yet: the caller asks again. The text says what is being waited for. */
export class GateWaitError extends Error {
  override readonly name = 'GateWaitError';
}

/** Never, for this request. */
export class GateRefusal extends Error {
  override readonly name = 'GateRefusal';
}

/** What is asked about does not exist. */
class GateNotFoundError extends Error {
  override readonly name = 'GateNotFoundError';
}

/** The socket's path is taken by another agent, or by something that is no socket. */
class GateSocketError extends Error {
  override readonly name = 'GateSocketError';
}

/** More than any request of the gate needs, in bytes. */
const bodyLimit = 64 * 1024;
/** How long a body may take to arrive, and how long answers may take to leave when the gate closes. */
const requestTimeoutMs = 10_000;
const closeTimeoutMs = 1_000;

/** Listens on the socket, mode 0600; the socket of a dead process is replaced, that of a living one never. */
export async function openGate(path: string, handler: GateHandler): Promise<Server> {
  await clearPath(path);
  const server = createServer((request, response) => {
    void answer(request, response, handler);
  });
  server.requestTimeout = requestTimeoutMs;
  // The socket is bound inside listen(): with this mask there is no moment in which others may connect.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
      process.umask(mask);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return server;
}

/** Stops listening and takes the socket away; answers under way get a moment. */
export async function closeGate(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), closeTimeoutMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}

async function clearPath(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new GateSocketError(`${path} is there and is no socket: give another --gate-socket, or remove it`);
  if (await isAnswered(path)) throw new GateSocketError(`another process listens at ${path}: only one agent may run on a node`);
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

async function answer(request: IncomingMessage, response: ServerResponse, handler: GateHandler): Promise<void> {
  try {
    const body = await route(request, handler);
    send(response, body === undefined ? 404 : 200, body ?? { error: `there is no ${request.method ?? ''} ${request.url ?? ''} here` });
  } catch (error) {
    const code = statusOf(error);
    // A body that was not read to its end cannot be followed by another request.
    if (!request.complete) response.setHeader('connection', 'close');
    send(response, code, { error: error instanceof Error ? error.message : String(error) });
  }
}

function statusOf(error: unknown): number {
  if (error instanceof GateWaitError) return 503;
  if (error instanceof GateRefusal) return 400;
  return error instanceof GateNotFoundError ? 404 : 500;
}

async function route(request: IncomingMessage, handler: GateHandler): Promise<unknown> {
  const { method, url = '' } = request;
  if (method === 'GET' && url === '/v1/health') return handler.health();
  if (method === 'GET' && url === '/v1/dump') return handler.dump();
  if (method === 'GET' && url === '/v1/pairs') return handler.pairs();
  if (method === 'GET' && url.startsWith('/v1/explain?')) return explain(handler, url);
  if (method === 'POST' && url === '/v1/endpoints') {
    const attachment = parseAttachment(await readJson(request));
    if ('problem' in attachment) throw new GateRefusal(attachment.problem);
    await handler.add(attachment);
    return { uid: attachment.uid };
  }
  if (method === 'POST' && url === '/v1/answers') {
    const resolved = parseDomainAnswer(await readJson(request));
    if ('problem' in resolved) throw new GateRefusal(resolved.problem);
    await handler.learn(resolved);
    return { name: resolved.name };
  }
  const uid = /^\/v1\/endpoints\/([-A-Za-z0-9._]{1,253})$/.exec(url)?.[1];
  if (method === 'DELETE' && uid !== undefined) {
    await handler.remove(uid);
    return { uid };
  }
  return undefined;
}

function explain(handler: GateHandler, url: string): FlowExplanation {
  const request = parseExplainRequest(new URL(url, 'http://agent').searchParams);
  if ('problem' in request) throw new GateRefusal(request.problem);
  const explanation = handler.explain(request);
  if (!('problem' in explanation)) return explanation;
  throw explanation.code === 'not-found' ? new GateNotFoundError(explanation.problem) : new GateRefusal(explanation.problem);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left open at an early end: the answer has to go out on the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new GateRefusal(`the body is longer than ${bodyLimit} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new GateRefusal('the body is no JSON');
  }
}

function send(response: ServerResponse, code: number, body: unknown): void {
  const text = JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
