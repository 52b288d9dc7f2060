import http from 'node:http';
import { connect } from 'node:http2';
import https from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
let socketPath: string;
beforeAll(async () => {
  server = await TestServer.start({ nodeSocket: (node) => (node === 'n1' ? socketPath : undefined) });
  socketPath = join(server.directory, 'node.sock');
  for (const name of ['one', 'homeless']) await server.request('POST', '/api/v1/namespaces/default/pods', { body: pod(name) });
  const two = pod('two', {
    spec: {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'x' },
      ],
    },
  });
  await server.request('POST', '/api/v1/namespaces/default/pods', { body: two });
  for (const name of ['one', 'two']) {
    await server.request('POST', `/api/v1/namespaces/default/pods/${name}/binding`, { body: { target: { name: 'n1' } } });
  }
});
afterAll(() => server.dispose());

/** A node's server that tells what it was asked. */
let node: http.Server | undefined;
async function startNode(): Promise<void> {
  const made = http.createServer((request, response) => response.end(`log of ${request.url}`));
  made.on('upgrade', (request, socket) => {
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${request.url}`);
  });
  node = made;
  await new Promise<void>((resolve) => {
    made.listen(socketPath, resolve);
  });
}
afterEach(async () => {
  const made = node;
  node = undefined;
  if (made !== undefined) await new Promise((resolve) => made.close(resolve));
});

describe('the listener', () => {
  it('speaks HTTP/2, several watches on one connection', async () => {
    const session = connect(server.url, { ca: server.ca.certificate, cert: server.admin.certificate, key: server.admin.key });
    const read = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path });
        stream.setEncoding('utf8');
        stream.once('data', (text: string) => {
          stream.close();
          resolve(text);
        });
        stream.on('error', reject);
      });
    const [pods, namespaces, version] = await Promise.all([
      read('/api/v1/pods?watch=true'),
      read('/api/v1/namespaces?watch=true'),
      read('/version'),
    ]);
    expect(pods).toContain('"type":"ADDED"');
    expect(namespaces).toContain('"kind":"Namespace"');
    expect(JSON.parse(version)).toMatchObject({ major: '1', minor: '35', gitVersion: 'v1.35.2' });
    session.close();
  });

  it('answers the health paths', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping']) expect((await server.request('GET', path)).text).toBe('ok');
  });

  it('answers 405 and 404 as Status', async () => {
    expect((await server.request('PUT', '/api/v1/namespaces')).json).toMatchObject({ reason: 'MethodNotAllowed', code: 405 });
    expect((await server.request('GET', '/nothing/here')).json).toMatchObject({ reason: 'NotFound', code: 404 });
  });
});

describe('what a node serves', () => {
  it('logs come from the node of the pod', async () => {
    await startNode();
    const log = await server.request('GET', '/api/v1/namespaces/default/pods/one/log?container=c&tailLines=3');
    expect(log.text).toBe('log of /containerLogs/default/one/c?tailLines=3');
    expect((await server.request('GET', '/api/v1/namespaces/default/pods/one/log')).text).toContain('/containerLogs/default/one/c');
    expect((await server.request('GET', '/api/v1/namespaces/default/pods/homeless/log')).text).toBe('');
  });

  it('of a node that does not answer is an error, not a hang', async () => {
    const log = await server.request('GET', '/api/v1/namespaces/default/pods/one/log');
    expect(log.json).toMatchObject({ code: 500, reason: 'InternalError' });
  });

  it('needs a container name when there are several', async () => {
    const log = await server.request('GET', '/api/v1/namespaces/default/pods/two/log');
    expect(log.json.message).toBe('a container name must be specified for pod two, choose one of: [a b]');
    expect((await server.request('GET', '/api/v1/namespaces/default/pods/two/log?container=z')).json.message).toBe(
      'container z is not valid for pod two',
    );
  });

  it('exec is handed on at the kubelet path', async () => {
    await startNode();
    expect(await upgrade('/api/v1/namespaces/default/pods/one/exec?command=ls&command=-l&stdout=true')).toEqual({
      status: 101,
      text: '/exec/default/one/c?command=ls&command=-l&stdout=true',
    });
    expect((await upgrade('/api/v1/namespaces/default/pods/one/portforward')).text).toMatch(/^\/portForward\/default\/one/);
  });

  it('exec is refused with a Status', async () => {
    expect((await upgrade('/api/v1/namespaces/default/pods/homeless/exec?command=ls')).text).toContain(
      'pod homeless does not have a host assigned',
    );
    expect((await upgrade('/api/v1/namespaces/default/pods/nope/exec?command=ls')).text).toContain('pods \\"nope\\" not found');
    expect((await upgrade('/api/v1/namespaces/default/pods/one/exec?command=ls', false)).status).toBe(401);
    const plain = await server.request('POST', '/api/v1/namespaces/default/pods/one/exec?command=ls');
    expect(plain.json).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });
});

function upgrade(path: string, authenticated = true): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request(`${server.url}${path}`, {
      ca: server.ca.certificate,
      ...(authenticated ? { cert: server.admin.certificate, key: server.admin.key } : {}),
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
      agent: false,
    });
    request.on('error', reject);
    const read = async (stream: AsyncIterable<Buffer>, head: Buffer): Promise<string> => {
      const chunks = [head];
      for await (const chunk of stream) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    request.on('upgrade', (response, socket, head) => {
      read(socket, head).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    request.on('response', (response) => {
      read(response, Buffer.alloc(0)).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    request.end();
  });
}
