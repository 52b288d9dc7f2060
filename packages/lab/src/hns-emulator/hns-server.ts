/**
 * The emulator's door: JSON over HTTP on a unix socket, whose mode is its authentication.
 *
 *   GET  /networks   GET /endpoints   GET /endpoints/ID
 *   POST /networks/ID   POST /endpoints/ID      a request to modify; 204, or 400 with `Error` and `ErrorCode`
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HnsEmulator } from './hns-emulator.ts';
import { HnsRejection } from './hns-rules.ts';

const bodyBytesMax = 64 * 1024 * 1024;

/** Listens on the socket, mode 0600; an old socket file is replaced. */
export async function serveHns(path: string, hns: HnsEmulator): Promise<Server> {
  const server = createServer((request, response) => void answer(hns, request, response));
  rmSync(path, { force: true });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve());
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return server;
}

async function answer(hns: HnsEmulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = request.method === 'POST' ? await readBody(request) : undefined;
    const [status, document] = call(hns, (request.url ?? '/').split('/').slice(1), body);
    respond(response, status, document);
  } catch (error) {
    const code = error instanceof HnsRejection ? error.code : undefined;
    respond(response, error instanceof HnsRejection || error instanceof SyntaxError ? 400 : 500, {
      Error: error instanceof Error ? error.message : String(error),
      ErrorCode: code,
    });
  }
}

function call(
  hns: HnsEmulator,
  [kind, id, ...rest]: readonly string[],
  body: string | undefined,
): readonly [status: number, document?: unknown] {
  if (rest.length > 0 || (kind !== 'networks' && kind !== 'endpoints')) return [404, { Error: 'there is no such call' }];
  if (body !== undefined) {
    if (id === undefined) return [404, { Error: 'there is no such call' }];
    const document = JSON.parse(body) as unknown;
    if (kind === 'networks') hns.modifyNetwork(id, document);
    else hns.modifyEndpoint(id, document);
    return [204];
  }
  if (kind === 'networks') return [200, hns.networks()];
  if (id === undefined) return [200, hns.endpoints()];
  const endpoint = hns.endpoint(id);
  return endpoint === undefined ? [404, { Error: `there is no endpoint ${id}` }] : [200, endpoint];
}

function respond(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(document === undefined ? undefined : JSON.stringify(document));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyBytesMax) throw new HnsRejection('requestShape', `the request has more than ${bodyBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
