import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTcp, createNetns, deleteNetns, inNetns, listenTcp, openUdp } from '../../src/index.ts';

const netns = `weirt-${randomBytes(4).toString('hex')}`;

beforeAll(() => {
  createNetns(netns);
  const batch = ['link set lo up', 'addr add 10.9.0.1/32 dev lo', 'addr add fd09::1/128 dev lo nodad', 'route add unreachable 10.8.0.0/16'];
  inNetns(netns, () => execFileSync('ip', ['-batch', '-'], { input: `${batch.join('\n')}\n` }));
});
afterAll(() => {
  deleteNetns(netns);
});

const hello = (): Server => createServer((client) => client.end('hello'));
const outcome = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('end', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

describe('TCP in a namespace', () => {
  it.each(['10.9.0.1', 'fd09::1'])('connects to a server that listens on %s', async (address) => {
    const server = listenTcp(hello(), { netns, address, port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await outcome(connectTcp({ netns, address, port }))).toBe('hello');
    expect(await outcome(connectTcp({ address: '127.0.0.1', port }))).toBe('ECONNREFUSED');
    server.close();
  });

  it('takes both families when it listens on ::', async () => {
    const server = listenTcp(hello(), { netns, address: '::', port: 7001 });
    expect(await outcome(connectTcp({ netns, address: '10.9.0.1', port: 7001 }))).toBe('hello');
    expect(await outcome(connectTcp({ netns, address: 'fd09::1', port: 7001 }))).toBe('hello');
    server.close();
  });

  it.each([
    ['a closed port', '10.9.0.1', 'ECONNREFUSED'],
    ['an unreachable network', '10.8.1.1', 'EHOSTUNREACH'],
    ['an address without a route', '192.0.2.1', 'ENETUNREACH'],
    ['an IPv6 address without a route', 'fd08::1', 'ENETUNREACH'],
  ])('reports %s by its code', async (_, address, code) => {
    expect(await outcome(connectTcp({ netns, address, port: 9 }))).toBe(code);
  });

  it('refuses a port that is taken at once', () => {
    const server = listenTcp(hello(), { netns, address: '10.9.0.1', port: 7002 });
    expect(() => listenTcp(hello(), { netns, address: '10.9.0.1', port: 7002 })).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
    server.close();
  });
});

describe('UDP in a namespace', () => {
  it.each(['10.9.0.1', 'fd09::1'])('answers a datagram sent to %s', async (address) => {
    const server = openUdp({ netns, address, port: 0 });
    server.on('message', (data, from) => server.send(`re ${data.toString()}`, from.port, from.address));
    const client = openUdp({ netns, address });
    client.connect(server.address().port, address);
    await once(client, 'connect');
    client.send('hi');
    const [answer] = (await once(client, 'message')) as [Buffer];
    expect(answer.toString()).toBe('re hi');
    client.close();
    server.close();
  });

  it('reports a closed port to a connected client', async () => {
    const client = openUdp({ netns, address: '10.9.0.1' });
    client.connect(9, '10.9.0.1');
    await once(client, 'connect');
    client.send('hi');
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    client.close();
  });
});
