/** The client against real HTTP servers: TCP, unix socket and TLS with a CA of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import {
  isAlreadyExists,
  isConflict,
  isExpired,
  isNotFound,
  KubeClient,
  type KubeClientOptions,
  podsPath,
  resourceUrl,
} from '../src/index.ts';
import { makeCertificates } from './certificates.ts';

interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Answer = (response: http.ServerResponse, seen: Seen) => void;

const ok: Answer = (response) => response.end('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}}');

async function serve(answer: Answer, options: KubeClientOptions = {}): Promise<{ client: KubeClient; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer(record(seen, answer));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const client = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' }, options);
  closers.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, seen };
}

function record(seen: Seen[], answer: Answer): http.RequestListener {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(entry);
      answer(response, entry);
    });
  };
}

const pods = podsPath('demo');

test.each([
  ['get', (c: KubeClient) => c.get(pods, 'p'), 'GET', '/api/v1/namespaces/demo/pods/p', undefined, ''],
  [
    'create',
    (c: KubeClient) => c.create(pods, { metadata: { name: 'p' } }),
    'POST',
    '/api/v1/namespaces/demo/pods',
    'application/json',
    '{"metadata":{"name":"p"}}',
  ],
  [
    'create of a subresource',
    (c: KubeClient) => c.create(pods, { metadata: {} }, { name: 'p', subresource: 'binding' }),
    'POST',
    '/api/v1/namespaces/demo/pods/p/binding',
    'application/json',
    '{"metadata":{}}',
  ],
  [
    'update of the status',
    (c: KubeClient) => c.update(pods, { metadata: { name: 'p' } }, { subresource: 'status', fieldManager: 'f', dryRun: true }),
    'PUT',
    '/api/v1/namespaces/demo/pods/p/status?fieldManager=f&dryRun=All',
    'application/json',
    '{"metadata":{"name":"p"}}',
  ],
  [
    'merge patch',
    (c: KubeClient) => c.patch(pods, 'p', { a: null }, { type: 'merge' }),
    'PATCH',
    '/api/v1/namespaces/demo/pods/p',
    'application/merge-patch+json',
    '{"a":null}',
  ],
  [
    'apply',
    (c: KubeClient) => c.patch(pods, 'p', {}, { type: 'apply', force: true }),
    'PATCH',
    '/api/v1/namespaces/demo/pods/p?fieldManager=weir&force=true',
    'application/apply-patch+yaml',
    '{}',
  ],
  [
    'delete',
    (c: KubeClient) => c.delete(pods, 'p', { gracePeriodSeconds: 0, preconditions: { uid: 'u' } }),
    'DELETE',
    '/api/v1/namespaces/demo/pods/p',
    'application/json',
    '{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"preconditions":{"uid":"u"}}',
  ],
  [
    'list',
    (c: KubeClient) => c.list(podsPath(), { labelSelector: 'a in (b,c)' }).catch(() => 0),
    'GET',
    '/api/v1/pods?labelSelector=a+in+%28b%2Cc%29',
    undefined,
    '',
  ],
] as const)('%s asks for the right thing', async (...row) => {
  const [, call, method, url, contentType, body] = row;
  const { client, seen } = await serve(ok);
  await call(client);
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ method, url, body, headers: { authorization: 'Bearer secret', accept: 'application/json' } });
  expect(seen[0]?.headers['content-type']).toBe(contentType);
});

test('paths of named groups and cluster scope', () => {
  expect(resourceUrl({ group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies', namespace: 'a' }, 'b', 'status')).toBe(
    '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/b/status',
  );
  expect(resourceUrl({ group: '', version: 'v1', resource: 'nodes' }, 'a/b')).toBe('/api/v1/nodes/a%2Fb');
});

test('errors carry code, reason and the whole Status', async () => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'pods "p" not found',
    reason: 'NotFound',
    code: 404,
    details: { name: 'p' },
  };
  const { client } = await serve((response) => response.writeHead(404).end(JSON.stringify(status)));
  const error: unknown = await client.get(pods, 'p').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'ApiError', code: 404, reason: 'NotFound', message: 'pods "p" not found', status });
  expect([isNotFound(error), isConflict(error), isAlreadyExists(error), isExpired(error)]).toEqual([true, false, false, false]);
});

test('an error that is not a Status is quoted', async () => {
  const { client } = await serve((response) => response.writeHead(503, { 'retry-after': '7' }).end('<html>busy'));
  await expect(client.get(pods, 'p')).rejects.toMatchObject({ code: 503, reason: 'Unknown', message: '<html>busy', retryAfterSeconds: 7 });
});

test('an answer larger than the limit is refused', async () => {
  const { client } = await serve((response) => response.end('x'.repeat(2000)), { responseLimitBytes: 1000 });
  await expect(client.get(pods, 'p')).rejects.toMatchObject({ name: 'TransportError', code: 'too-large' });
});

test('an answer that never comes ends with a timeout', async () => {
  const { client } = await serve(() => undefined, { timeoutMs: 50 });
  await expect(client.get(pods, 'p')).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('within 50 ms') });
});

test('an answer that breaks off is an error', async () => {
  const { client } = await serve((response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
    setTimeout(() => response.destroy(), 5);
  });
  await expect(client.get(pods, 'p')).rejects.toMatchObject({ code: 'connect' });
});

test('an answer that is not JSON is an error', async () => {
  const { client } = await serve((response) => response.end('hello'));
  await expect(client.get(pods, 'p')).rejects.toMatchObject({ code: 'garbage' });
});

test('the caller can give up', async () => {
  const { client } = await serve(() => undefined);
  await expect(client.get(pods, 'p', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('connections are used again, and a read survives a connection that the server has closed', async () => {
  const ports = new Set<number | undefined>();
  const { client } = await serve((response, seen) => {
    const { socket } = response;
    ports.add(socket?.remotePort);
    ok(response, seen);
    if (seen.url.endsWith('/last')) response.on('finish', () => socket?.destroySoon());
  });
  for (const name of ['a', 'b', 'last']) await client.get(pods, name);
  await client.get(pods, 'c');
  expect(ports.size).toBe(2);
});

test('speaks plain HTTP over a unix socket', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'weir-client-'));
  const server = http.createServer(record([], ok));
  await new Promise<void>((resolve) => {
    server.listen(path.join(directory, 's'), resolve);
  });
  const client = new KubeClient({ server: `unix:${path.join(directory, 's')}` });
  try {
    expect(await client.get(pods, 'p')).toMatchObject({ metadata: { name: 'p' } });
  } finally {
    client.close();
    server.close();
    await rm(directory, { recursive: true });
  }
});

test('verifies the server against the CA of the cluster and shows its own certificate', async () => {
  const { authority, server: serverPair, client: clientPair } = await makeCertificates();
  const subjects: unknown[] = [];
  const server = https.createServer({ ...serverPair, ca: authority, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const socket = request.socket as TLSSocket;
    subjects.push(socket.getPeerCertificate().subject.CN);
    response.end('{"metadata":{}}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const known = new KubeClient({
    server: url,
    certificateAuthority: authority,
    clientCertificate: clientPair.cert,
    clientKey: clientPair.key,
  });
  const stranger = new KubeClient({ server: url, clientCertificate: clientPair.cert, clientKey: clientPair.key });
  try {
    await known.get(pods, 'p');
    expect(subjects).toEqual(['tester']);
    await expect(stranger.get(pods, 'p')).rejects.toMatchObject({ name: 'TransportError', code: 'connect' });
  } finally {
    known.close();
    stranger.close();
    server.closeAllConnections();
    server.close();
  }
});
