/** exec and attach over WebSocket, directly and through the proxy to a node's unix socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { acceptRemoteCommand, proxyRequest, proxyUpgrade, type RemoteCommandSession } from '../../src/index.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Program = (session: RemoteCommandSession) => Promise<void> | void;

/** A node's server: runs `program` for every accepted upgrade, serves a log and a refusal. */
function nodeServer(program: Program): http.Server {
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith('/missing')) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"kind":"Status","code":404}');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write(`${request.method} ${request.url} ${request.headers.authorization ?? 'anonymous'}\n`);
    setImmediate(() => response.end('second line\n'));
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/refused')) {
      const body = '{"kind":"Status","message":"no such container","code":400}';
      socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    acceptRemoteCommand(request, socket, head).then(program, () => undefined);
  });
  return server;
}

async function listenTcp(server: http.Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The node's server on a unix socket, and an API server in front of it; answers the address of the latter. */
async function behindProxy(program: Program): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'weir-streams-'));
  const socketPath = path.join(directory, 'node.sock');
  const node = nodeServer(program);
  await new Promise<void>((resolve) => {
    node.listen(socketPath, resolve);
  });
  cleanups.push(async () => {
    node.closeAllConnections();
    node.close();
    await rm(directory, { recursive: true });
  });
  const front = http.createServer((request, response) => {
    proxyRequest(request, response, {
      socketPath: request.url?.startsWith('/gone') ? '/nonexistent' : socketPath,
      path: request.url ?? '/',
    });
  });
  front.on('upgrade', (request, socket, head) => {
    proxyUpgrade(request, socket, head, {
      socketPath: request.url?.startsWith('/gone') ? '/nonexistent' : socketPath,
      path: request.url ?? '/',
    });
  });
  return await listenTcp(front);
}

const routes = [
  ['directly', (program: Program) => listenTcp(nodeServer(program))],
  ['through the proxy', behindProxy],
] as const;

/** A client that keeps all it hears, by channel. */
async function connect(address: string, query: string, protocol = 'v5.channel.k8s.io') {
  const webSocket = new WebSocket(`ws://${address}/exec?${query}`, [protocol]);
  const heard = new Map<number, string>();
  webSocket.on('message', (message, isBinary) => {
    expect(isBinary).toBe(true);
    const data = message as Buffer;
    const channel = data[0] ?? -1;
    heard.set(channel, (heard.get(channel) ?? '') + data.subarray(1).toString('utf8'));
  });
  const closed = new Promise<number>((resolve) => {
    webSocket.on('close', resolve);
  });
  await new Promise<void>((resolve, reject) => {
    webSocket.on('open', resolve);
    webSocket.on('error', reject);
  });
  const send = (channel: number, text: string | Buffer) =>
    webSocket.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)]), { binary: true });
  return { webSocket, heard, closed, send };
}

test.each(routes)('runs a command and answers its output, its exit code and the close, %s', async (_, start) => {
  const address = await start(async (session) => {
    session.stdout?.write(`command: ${session.command.join(' ')} in ${session.container}\n`);
    session.stderr?.write('TIMEOUT\n');
    await session.finish({ exitCode: 1 });
  });
  const { heard, closed } = await connect(
    address,
    'command=/agnhost&command=connect&command=1.2.3.4%3A80&container=c&stdout=true&stderr=true',
  );
  expect(await closed).toBe(1000);
  expect(heard.get(1)).toBe('command: /agnhost connect 1.2.3.4:80 in c\n');
  expect(heard.get(2)).toBe('TIMEOUT\n');
  expect(JSON.parse(heard.get(3) ?? '')).toEqual({
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code: exit status 1',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '1' }] },
  });
});

test.each([
  [{ exitCode: 0 }, { metadata: {}, status: 'Success' }],
  [
    { error: 'error executing command in container: no such file' },
    { metadata: {}, status: 'Failure', message: 'error executing command in container: no such file', reason: 'InternalError', code: 500 },
  ],
])('result %j is told as a Status', async (result, status) => {
  const address = await listenTcp(nodeServer((session) => session.finish(result)));
  const { heard, closed } = await connect(address, 'stdout=1');
  await closed;
  expect(JSON.parse(heard.get(3) ?? '')).toEqual(status);
});

test.each(routes)('input ends where the client half-closes it, megabytes pass both ways, %s', async (_, start) => {
  const address = await start(async (session) => {
    let length = 0;
    for await (const chunk of session.stdin ?? []) {
      const bytes = chunk as Buffer;
      length += bytes.length;
      if (session.stdout?.write(bytes) === false) await new Promise((resolve) => session.stdout?.once('drain', resolve));
    }
    session.stderr?.write(`${length} bytes`);
    await session.finish({ exitCode: 0 });
  });
  const { heard, closed, send } = await connect(address, 'command=cat&stdin=true&stdout=true&stderr=true');
  const block = 'x'.repeat(32 * 1024);
  for (let index = 0; index < 96; index += 1) send(0, block);
  send(255, Buffer.of(0));
  expect(await closed).toBe(1000);
  expect(heard.get(1)?.length).toBe(96 * 32 * 1024);
  expect(heard.get(2)).toBe(`${96 * 32 * 1024} bytes`);
});

test('a program that does not read slows the client down instead of filling memory', async () => {
  let session: RemoteCommandSession | undefined;
  const address = await listenTcp(nodeServer((accepted) => void (session = accepted)));
  const { webSocket, send } = await connect(address, 'stdin=true');
  for (let index = 0; index < 1000; index += 1) send(0, Buffer.alloc(32 * 1024));
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  expect(session?.stdin?.readableLength).toBeLessThan(2 * 1024 * 1024);
  expect(webSocket.bufferedAmount).toBeGreaterThan(1024 * 1024);
  webSocket.terminate();
});

test('a terminal has sizes and one output', async () => {
  const sizes: unknown[] = [];
  const address = await listenTcp(
    nodeServer((session) => {
      expect(session.tty).toBe(true);
      expect(session.stderr).toBeUndefined();
      session.onResize(async (size) => {
        sizes.push(size);
        if (sizes.length === 2) await session.finish({ exitCode: 0 });
      });
    }),
  );
  const { closed, send } = await connect(address, 'tty=true&stdin=true&stdout=true&stderr=true');
  send(4, '{"Width":0,"Height":0}\n');
  send(4, 'nonsense\n');
  send(4, '{"Width":81,"Hei');
  send(4, 'ght":25}\n');
  send(4, '{"Width":80,"Height":24}');
  await closed;
  expect(sizes).toEqual([
    { width: 81, height: 25 },
    { width: 80, height: 24 },
  ]);
});

test('v4 clients are served; pings are answered; unknown channels are ignored', async () => {
  const address = await listenTcp(
    nodeServer(async (session) => {
      for await (const chunk of session.stdin ?? []) {
        session.stdout?.write(chunk);
        await session.finish({ exitCode: 0 });
      }
    }),
  );
  const { webSocket, heard, closed, send } = await connect(address, 'stdin=true&stdout=true', 'v4.channel.k8s.io');
  expect(webSocket.protocol).toBe('v4.channel.k8s.io');
  const pong = new Promise((resolve) => {
    webSocket.once('pong', resolve);
  });
  webSocket.ping();
  await pong;
  send(9, 'x');
  webSocket.send(Buffer.alloc(0), { binary: true });
  send(0, 'hello');
  await closed;
  expect(heard.get(1)).toBe('hello');
});

test.each(routes)('a client that goes away is noticed: input ends and the signal is aborted, %s', async (_, start) => {
  let gone: (() => void) | undefined;
  const noticed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const address = await start(async (session) => {
    session.signal.addEventListener('abort', () => {
      session.stdout?.write('into the void');
      void session.finish({ exitCode: 0 }).then(gone);
    });
    session.stdin?.resume();
  });
  const { webSocket } = await connect(address, 'stdin=true&stdout=true');
  webSocket.terminate();
  await noticed;
});

async function rawUpgrade(address: string, target: string, headers: readonly string[]): Promise<string> {
  const [host, port] = address.split(':');
  return await new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host ?? '');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${headers.join('\r\n')}\r\n\r\n`);
  });
}

const handshake = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

test.each([
  [
    'no stream',
    '/exec?command=ls',
    [...handshake, 'Sec-WebSocket-Protocol: v5.channel.k8s.io'],
    'you must specify at least 1 of stdin, stdout, stderr',
  ],
  [
    'another subprotocol',
    '/exec?stdout=true',
    [...handshake, 'Sec-WebSocket-Protocol: v9.x'],
    'none of the offered subprotocols is served',
  ],
  ['no subprotocol', '/exec?stdout=true', handshake, 'none of the offered subprotocols is served'],
  ['another protocol', '/exec?stdout=true', ['Upgrade: gopher'], 'gopher is not served here'],
])('%s is refused with a Status', async (_, target, headers, message) => {
  const address = await listenTcp(nodeServer(() => undefined));
  const answer = await rawUpgrade(address, target, headers);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  const status = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Record<string, unknown>;
  expect(status).toMatchObject({
    kind: 'Status',
    status: 'Failure',
    reason: 'BadRequest',
    code: 400,
    message: expect.stringContaining(message),
  });
});

test('what the node refuses reaches the client with its code and body', async () => {
  const address = await behindProxy(() => undefined);
  const answer = await rawUpgrade(address, '/refused', handshake);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain('{"kind":"Status","message":"no such container","code":400}');
});

test('a node that is not there is an internal error, for upgrades and for logs', async () => {
  const address = await behindProxy(() => undefined);
  const answer = await rawUpgrade(address, '/gone', handshake);
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(answer).toContain('error dialing backend');
  const response = await fetch(`http://${address}/gone`);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'InternalError' });
});

test('logs pass through, the credentials of the client do not', async () => {
  const address = await behindProxy(() => undefined);
  const response = await fetch(`http://${address}/containerLogs/demo/p/c?follow=true`, { headers: { authorization: 'Bearer secret' } });
  expect(await response.text()).toBe('GET /containerLogs/demo/p/c?follow=true anonymous\nsecond line\n');
});
