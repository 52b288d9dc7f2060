import { once } from 'node:events';
import { createSecureServer, connect as http2Connect } from 'node:http2';
import https from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closingOf } from '../../src/index.ts';
import { TestServer } from '../support/test-server.ts';

let certificates: TestServer;
beforeAll(async () => {
  certificates = await TestServer.start();
});
afterAll(() => certificates.dispose());

describe('a server that ends', () => {
  const listening = async (kind: 'https' | 'http2'): Promise<{ server: Server; end: () => Promise<void>; port: number }> => {
    const { certificate: cert, key } = certificates.ca.issueServer();
    const answer = (_: unknown, response: { end: (text: string) => unknown }): void => void response.end('answered');
    const server =
      kind === 'https' ? https.createServer({ cert, key }, answer) : createSecureServer({ cert, key, allowHTTP1: true }, answer);
    const end = closingOf(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, end, port: (server.address() as AddressInfo).port };
  };
  const isOver = (socket: Socket): Promise<boolean> => new Promise((resolve) => socket.once('close', () => resolve(true)));

  it.each(['https', 'http2'] as const)('waits for no client of %s that has not finished its handshake', async (kind) => {
    const { server, end, port } = await listening(kind);
    const silent = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(server, 'connection');
    const over = isOver(silent.resume());
    await end();
    expect(await over).toBe(true);
  });

  it.each(['https', 'http2'] as const)('serves no client of %s whose handshake ends meanwhile', async (kind) => {
    const { server, end, port } = await listening(kind);
    let ended: Promise<void> | undefined;
    server.once('connection', () => (ended = end()));
    let heard = '';
    const client = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.on('error', () => undefined).on('data', (text) => (heard += String(text)));
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await isOver(client)).toBe(true);
    await ended;
    expect(heard).toBe('');
  });

  it.each(['https', 'http2'] as const)('ends connections of %s that are idle', async (kind) => {
    const { end, port } = await listening(kind);
    const agent = new https.Agent({ keepAlive: true });
    const request = https.get({ agent, port, host: '127.0.0.1', rejectUnauthorized: false });
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
    response.resume();
    await once(response, 'end');
    const session = kind === 'http2' ? http2Connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }) : undefined;
    session?.on('error', () => undefined);
    if (session !== undefined) await once(session, 'connect');
    await end();
    agent.destroy();
    session?.destroy();
  });
});

describe('an API server that is closed twice', () => {
  it('closes its files once: the second time nothing of others is hit', async () => {
    const server = await TestServer.start();
    const running = server.server;
    await Promise.all([running.close(), running.close()]);
    await running.close();
    await server.dispose();
  });
});
