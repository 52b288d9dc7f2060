/** The API over both versions of HTTP: clients take HTTP/2 where it is offered. */
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/answer.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { configMap, pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let server: TestServer;
let session: ClientHttp2Session;
beforeAll(async () => {
  server = await TestServer.start();
  session = connect(server.url, { ca: server.ca.certificate, cert: server.admin.certificate, key: server.admin.key });
  await server.request('POST', '/api/v1/namespaces/default/pods', { body: pod('one') });
});
afterAll(async () => {
  session.close();
  await server.dispose();
});

interface Exchange {
  readonly status: number;
  readonly json: Answer;
  readonly text: string;
}

type Ask = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Exchange>;

const overHttp1: Ask = (method, path, body, contentType = 'application/json') =>
  server.request(method, path, body === undefined ? {} : { body, headers: { 'content-type': contentType } });

const overHttp2: Ask = (method, path, body, contentType = 'application/json') =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, ...(body === undefined ? {} : { 'content-type': contentType }) });
    let status = 0;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      const [line = ''] = text.split('\n');
      resolve({ status, text, json: JSON.parse(line) as Answer });
    });
    stream.end(body === undefined ? undefined : JSON.stringify(body));
  });

describe.each([
  ['HTTP/1.1', 'one', overHttp1],
  ['HTTP/2', 'two', overHttp2],
])('over %s', (_version, name, ask) => {
  const path = `${maps}/${name}`;

  it('objects are made, read, changed, listed, watched and deleted', async () => {
    expect((await ask('POST', maps, configMap(name, { a: 'b' }))).status).toBe(201);
    expect((await ask('GET', path)).json).toMatchObject({ kind: 'ConfigMap', data: { a: 'b' } });
    expect((await ask('PUT', path, configMap(name, { a: 'c' }))).json.data).toEqual({ a: 'c' });
    expect((await ask('PATCH', path, { data: { d: 'e' } }, 'application/merge-patch+json')).json.data).toEqual({ a: 'c', d: 'e' });
    const { json: list } = await ask('GET', `${maps}?fieldSelector=metadata.name%3D${name}`);
    expect(list.items.map(({ data }) => data)).toEqual([{ a: 'c', d: 'e' }]);
    const watched = await ask('GET', `${maps}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3D${name}`);
    expect(watched.json).toMatchObject({ type: 'ADDED', object: { data: { a: 'c', d: 'e' } } });
    expect((await ask('DELETE', path)).json).toMatchObject({ kind: 'Status', status: 'Success' });
    expect((await ask('GET', path)).json).toMatchObject({ kind: 'Status', code: 404, reason: 'NotFound' });
  });

  it('a command without an upgrade is told what it needs', async () => {
    const { json } = await ask('POST', '/api/v1/namespaces/default/pods/one/exec?command=ls');
    expect(json).toMatchObject({ code: 400, reason: 'BadRequest', message: 'Upgrade request required' });
  });
});

it('HTTP/2 offers no WebSockets of its own: clients that want one take HTTP/1.1', async () => {
  await overHttp2('GET', maps);
  expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false);
  const { code, stderr } = await server.run(await kubectlPath(), ['exec', 'one', '--', 'ls']);
  // The upgrade got as far as the pod, which runs nowhere.
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('pod one does not have a host assigned') });
});
