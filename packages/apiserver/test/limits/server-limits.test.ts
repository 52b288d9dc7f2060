import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usualFlightLimits } from '../../src/limits/flight-limits.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  const { mutating } = usualFlightLimits;
  server = await TestServer.start({
    flightLimits: {
      ...usualFlightLimits,
      mutating: { ...mutating, slots: 2, slotsPerUser: 1, waitingPerUser: 0 },
      stream: { ...usualFlightLimits.stream, slotsPerUser: 2 },
    },
    // Short enough to wait for, long enough for a machine that is busy with other tests.
    connectionLimits: { headMs: 2_000, bodyMs: 5_000, idleMs: 3_000, handshakeMs: 3_000, connectionsPerAddress: 20 },
  });
});
afterAll(() => server.dispose());

const configMaps = '/api/v1/namespaces/default/configmaps';

/** A connection over TLS on which the test writes what it likes. */
async function dial(ALPNProtocols: readonly string[] = ['http/1.1']): Promise<{ socket: tls.TLSSocket; text: Promise<string> }> {
  const { certificate: cert, key } = server.admin;
  const socket = tls.connect({
    port: server.server.port,
    host: '127.0.0.1',
    ca: server.ca.certificate,
    cert,
    key,
    ALPNProtocols: [...ALPNProtocols],
  });
  let heard = '';
  const text = new Promise<string>((resolve) => {
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
  await once(socket, 'secureConnect');
  return { socket, text };
}

describe('requests', () => {
  it('beyond the places of their user are answered 429 with the time to wait, and others go on', async () => {
    const { socket } = await dial();
    socket.write(`POST ${configMaps} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } };
    await expect
      .poll(async () => (await server.request('POST', configMaps, { body: map })).status, { timeout: 10_000, interval: 1 })
      .toBe(429);
    const refused = await server.request('POST', configMaps, { body: map });
    if (refused.status === 429) {
      expect(refused.headers['retry-after']).toBe('1');
      expect(refused.json).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } });
    }
    expect((await server.request('GET', configMaps)).status).toBe(200);
    const other = server.ca.issueClient('other');
    expect((await server.request('POST', configMaps, { body: map, client: other })).status).toBe(201);
    socket.destroy();
    await expect.poll(async () => (await server.request('POST', configMaps, { body: map })).status, { timeout: 10_000 }).toBe(201);
  });

  it('that stay, such as watches, are counted apart', async () => {
    const watches = await Promise.all([1, 2].map(() => server.watch(`${configMaps}?watch=true`)));
    expect(watches.map(({ status }) => status)).toEqual([200, 200]);
    expect((await server.request('GET', `${configMaps}?watch=true`)).status).toBe(429);
    expect((await server.request('GET', configMaps)).status).toBe(200);
    for (const watch of watches) watch.close();
    await expect
      .poll(
        async () => {
          const again = await server.watch(`${configMaps}?watch=true`);
          again.close();
          return again.status;
        },
        { timeout: 10_000 },
      )
      .toBe(200);
  });

  it('of more than 3 MiB are answered 413, also when the client goes on writing', async () => {
    const refused = await server.request('POST', configMaps, { body: `{"data":{"x":"${'y'.repeat(5 * 1024 * 1024)}"}}` });
    expect(refused.json).toMatchObject({
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
    const { socket, text } = await dial();
    socket.write(`POST ${configMaps} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{`);
    expect(await text).toMatch(/^HTTP\/1.1 413 /);
  });

  it('with a head that is too long are answered 431', async () => {
    const { socket, text } = await dial();
    socket.write(`GET /api HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(200 * 1024)}\r\n\r\n`);
    expect(await text).toMatch(/^HTTP\/1.1 431 /);
    expect((await server.request('GET', `/api/v1/pods?labelSelector=${'a'.repeat(100_000)}`)).status).toBe(400);
  });

  it('that are no HTTP, or whose target is no path, are answered 400', async () => {
    for (const head of [
      'NONSENSE\r\n\r\n',
      'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ]) {
      const { socket, text } = await dial();
      socket.end(head);
      expect(await text).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  it('that trickle in are ended: head, body, and a connection that says nothing', async () => {
    const head = await dial();
    head.socket.write('GET /api HT');
    const body = await dial();
    body.socket.write(`POST ${configMaps} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`);
    const trickle = setInterval(() => body.socket.write(' '), 100);
    const silent = await dial();
    expect(await head.text).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect(await body.text).toMatch(/^(HTTP\/1.1 408 |$)/);
    await silent.text;
    clearInterval(trickle);
  });
});

describe('connections', () => {
  it('that do not finish their handshake are ended', async () => {
    const socket = connect(server.server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
  });

  it('of HTTP/2 without a stream are ended, and with a quiet watch they stay', async () => {
    const session = connectHttp2(server.url, { ca: server.ca.certificate, cert: server.admin.certificate, key: server.admin.key });
    const stream = session.request({ ':path': `${configMaps}?watch=true` });
    await once(stream, 'response');
    const idle = connectHttp2(server.url, { ca: server.ca.certificate, cert: server.admin.certificate, key: server.admin.key });
    await once(idle, 'close');
    expect(session.closed).toBe(false);
    stream.close();
    await once(session, 'close');
  });

  it('of one address are bounded', async () => {
    const sockets = Array.from({ length: 40 }, () => connect(server.server.port, '127.0.0.1').resume());
    let ended = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => (ended += 1));
    }
    await expect.poll(() => ended, { timeout: 10_000 }).toBeGreaterThanOrEqual(20);
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(
        async () =>
          server.request('GET', '/healthz').then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 10_000 },
      )
      .toBe(200);
  });
});
