/**
 * The start gate: a unix socket on which the node asks for a pod's rules before the pod starts.
 *
 *   POST   /v1/endpoints        {uid, namespace, name, interface, addresses}  → 200 when in the kernel
 *   DELETE /v1/endpoints/{uid}                                                → 200 when out of it
 *   GET    /v1/health, /v1/dump
 *
 * The shape is CNI's (add, delete, both idempotent). Until the answer is 200 the pod must not start;
 * 503 says why it has to wait, and the caller asks again.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Attachment, parseAttachment } from './attachment.ts';

/** What the gate does for its callers; `add` and `remove` throw {@link GateWaitError} or {@link GateRefusal}. */
export interface GateHandler {
  add(attachment: Attachment): Promise<void>;
  remove(uid: string): Promise<void>;
  health(): unknown;
  dump(): unknown;
}

/** Not yet: the caller asks again. The text says what is being waited for. */
export class GateWaitError extends Error {
  override readonly name = 'GateWaitError';
}

/** Never, for this request. */
export class GateRefusal extends Error {
  override readonly name = 'GateRefusal';
}

/** More than any request of the gate needs, in bytes. */
const bodyLimit = 64 * 1024;

/** Listens on the socket, mode 0600; an old socket file of a dead process is replaced. */
export async function openGate(path: string, handler: GateHandler): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request, response, handler);
  });
  server.requestTimeout = 60_000;
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, 0o600);
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, handler: GateHandler): Promise<void> {
  try {
    const body = await route(request, handler);
    send(response, body === undefined ? 404 : 200, body ?? { error: `there is no ${request.method ?? ''} ${request.url ?? ''} here` });
  } catch (error) {
    const code = error instanceof GateWaitError ? 503 : error instanceof GateRefusal ? 400 : 500;
    send(response, code, { error: error instanceof Error ? error.message : String(error) });
  }
}

async function route(request: IncomingMessage, handler: GateHandler): Promise<unknown> {
  const { method, url = '' } = request;
  if (method === 'GET' && url === '/v1/health') return handler.health();
  if (method === 'GET' && url === '/v1/dump') return handler.dump();
  if (method === 'POST' && url === '/v1/endpoints') {
    const attachment = parseAttachment(await readJson(request));
    if ('problem' in attachment) throw new GateRefusal(attachment.problem);
    await handler.add(attachment);
    return { uid: attachment.uid };
  }
  const uid = /^\/v1\/endpoints\/([-A-Za-z0-9._]{1,253})$/.exec(url)?.[1];
  if (method === 'DELETE' && uid !== undefined) {
    await handler.remove(uid);
    return { uid };
  }
  return undefined;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
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
