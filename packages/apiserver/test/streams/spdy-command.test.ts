/** exec and attach over SPDY/3.1, as clients without WebSocket speak it; the client here is written from the wire trace of kubectl. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { acceptRemoteCommand, type RemoteCommandSession } from '../../src/index.ts';
import { spdyDictionary } from '../../src/streams/spdy-dictionary.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function serve(program: (session: RemoteCommandSession) => Promise<void> | void): Promise<number> {
  const server = http.createServer();
  server.on('upgrade', (request, socket, head) => {
    acceptRemoteCommand(request, socket, head).then(program, () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Heard {
  readonly replies: number[];
  readonly data: Map<number, string>;
  readonly ended: Set<number>;
  readonly pings: number[];
}

/** A SPDY client: opens streams, sends frames, keeps what it hears. */
class SpdyClient {
  readonly heard: Heard = { replies: [], data: new Map(), ended: new Set(), pings: [] };
  readonly answer: Promise<string>;
  readonly closed: Promise<void>;
  readonly socket: net.Socket;
  readonly #deflate = zlib.createDeflate({ dictionary: spdyDictionary });
  #pending = Buffer.alloc(0);
  #upgraded = false;

  constructor(
    port: number,
    query: string,
    headers: readonly string[] = ['X-Stream-Protocol-Version: v5.channel.k8s.io, v4.channel.k8s.io'],
  ) {
    this.socket = net.connect(port, '127.0.0.1');
    cleanups.push(() => this.socket.destroy());
    const lines = [`POST /exec?${query} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: SPDY/3.1', 'Content-Length: 0', ...headers];
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    this.answer = new Promise((resolve) => {
      this.socket.on('data', (chunk) => {
        this.#pending = Buffer.concat([this.#pending, chunk]);
        const end = this.#pending.indexOf('\r\n\r\n');
        if (!this.#upgraded && end >= 0) {
          this.#upgraded = true;
          resolve(this.#pending.toString('latin1'));
          this.#pending = this.#pending.subarray(end + 4);
        }
        if (this.#upgraded) this.#readFrames();
      });
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => resolve());
    });
  }

  async open(id: number, streamtype: string): Promise<void> {
    const name = Buffer.from('streamtype');
    const value = Buffer.from(streamtype);
    const block = await this.#compress(Buffer.concat([word(1), word(name.length), name, word(value.length), value]));
    this.control(1, Buffer.concat([word(id), word(0), Buffer.of(0, 0), block]));
  }

  control(type: number, body: Buffer): void {
    this.socket.write(Buffer.concat([word(0x8003_0000 + type), word(body.length), body]));
  }

  send(id: number, payload: string | Buffer, fin = false): void {
    const bytes = Buffer.from(payload);
    this.socket.write(Buffer.concat([word(id), word(((fin ? 1 : 0) << 24) + bytes.length), bytes]));
  }

  #compress(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      const take = (piece: Buffer) => void pieces.push(piece);
      this.#deflate.on('data', take);
      this.#deflate.write(bytes);
      this.#deflate.flush(zlib.constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('data', take);
        resolve(Buffer.concat(pieces));
      });
    });
  }

  #readFrames(): void {
    while (this.#pending.length >= 8 && this.#pending.length >= 8 + this.#pending.readUIntBE(5, 3)) {
      const head = this.#pending.readUInt32BE(0);
      const body = this.#pending.subarray(8, 8 + this.#pending.readUIntBE(5, 3));
      const fin = this.#pending.readUInt8(4) === 1;
      this.#pending = this.#pending.subarray(8 + body.length);
      if (head === 0x8003_0002) this.heard.replies.push(body.readUInt32BE(0));
      else if (head === 0x8003_0006) this.heard.pings.push(body.readUInt32BE(0));
      else if (head < 0x8000_0000) {
        this.heard.data.set(head, (this.heard.data.get(head) ?? '') + body.toString('utf8'));
        if (fin) this.heard.ended.add(head);
      }
    }
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('never happened');
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

test('a command is run when its streams are there, its outputs and its Status end them', async () => {
  const port = await serve(async (session) => {
    session.stdout?.write(`${session.command.join(' ')} in ${session.container}`);
    session.stderr?.write('TIMEOUT\n');
    await session.finish({ exitCode: 1 });
  });
  const client = new SpdyClient(port, 'command=ls&container=a&container=b&stdout=true&stderr=true');
  expect(await client.answer).toMatch(/^HTTP\/1\.1 101 [\s\S]*Upgrade: SPDY\/3\.1\r\nX-Stream-Protocol-Version: v4\.channel\.k8s\.io\r\n/);
  await client.open(1, 'error');
  await client.open(3, 'stdout');
  await until(() => client.heard.replies.length === 2);
  expect(client.heard.data.size).toBe(0);
  await client.open(5, 'stderr');
  await until(() => client.heard.ended.size === 3);
  expect(client.heard.replies).toEqual([1, 3, 5]);
  expect(client.heard.data.get(3)).toBe('ls in a');
  expect(client.heard.data.get(5)).toBe('TIMEOUT\n');
  expect(JSON.parse(client.heard.data.get(1) ?? '')).toMatchObject({ reason: 'NonZeroExitCode', details: { causes: [{ message: '1' }] } });
  client.control(7, Buffer.alloc(8));
  client.socket.end();
  await client.closed;
});

test('the bytes of kubectl are understood as they were recorded', async () => {
  const port = await serve(async (session) => {
    session.stdout?.write('out\n');
    await session.finish({ exitCode: 0 });
  });
  const client = new SpdyClient(port, 'command=ls&stdout=true&stderr=true');
  await client.answer;
  const trace = [
    '8003000100000029000000010000000000 0078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff',
    '80030001000000190000000300000000 0000c22ac5565c92925f5a02000000ffff',
    '80030001000000150000000500000000 0000c229975a5404000000ffff',
  ];
  // In pieces that do not respect frames.
  const bytes = Buffer.from(trace.join('').replaceAll(' ', ''), 'hex');
  for (let start = 0; start < bytes.length; start += 7) client.socket.write(bytes.subarray(start, start + 7));
  await until(() => client.heard.ended.size === 3);
  expect(client.heard.data.get(3)).toBe('out\n');
  expect(JSON.parse(client.heard.data.get(1) ?? '')).toEqual({ metadata: {}, status: 'Success' });
});

test('input ends with FIN, megabytes pass, pings are echoed', async () => {
  const port = await serve(async (session) => {
    for await (const chunk of session.stdin ?? []) session.stdout?.write(chunk);
    await session.finish({ exitCode: 0 });
  });
  const client = new SpdyClient(port, 'command=cat&stdin=true&stdout=true');
  await client.answer;
  for (const [index, type] of ['error', 'stdin', 'stdout'].entries()) await client.open(index * 2 + 1, type);
  client.control(6, word(1));
  client.control(4, Buffer.from([0, 0, 0, 0]));
  const block = 'y'.repeat(32 * 1024);
  for (let index = 0; index < 64; index += 1) client.send(3, block);
  client.send(3, '', true);
  await until(() => client.heard.ended.has(1));
  expect(client.heard.data.get(5)?.length).toBe(64 * 32 * 1024);
  expect(client.heard.pings).toEqual([1]);
});

test('a terminal has a resize stream; a client that opens stderr in its place is served all the same', async () => {
  const sizes: unknown[] = [];
  const port = await serve((session) => {
    session.onResize(async (size) => {
      sizes.push(size);
      await session.finish({ exitCode: 0 });
    });
    if (session.command[0] === 'quirk') void session.finish({ exitCode: 0 });
  });
  const terminal = new SpdyClient(port, 'tty=true&stdout=true');
  await terminal.answer;
  for (const [index, type] of ['error', 'stdout', 'resize'].entries()) await terminal.open(index * 2 + 1, type);
  terminal.send(5, '{"Width":91,"Height":33}\n');
  await until(() => terminal.heard.ended.has(1));
  expect(sizes).toEqual([{ width: 91, height: 33 }]);
  const quirk = new SpdyClient(port, 'command=quirk&tty=true&stdout=true&stderr=true');
  await quirk.answer;
  for (const [index, type] of ['error', 'stdout', 'stderr'].entries()) await quirk.open(index * 2 + 1, type);
  await until(() => quirk.heard.ended.has(1));
});

test('a client that goes away is noticed', async () => {
  let gone: (() => void) | undefined;
  const noticed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const port = await serve((session) => session.signal.addEventListener('abort', () => gone?.()));
  const client = new SpdyClient(port, 'stdin=true');
  await client.answer;
  await client.open(1, 'error');
  await client.open(3, 'stdin');
  await until(() => client.heard.replies.length === 2);
  client.socket.destroy();
  await noticed;
});

test.each([
  ['another version of SPDY', Buffer.concat([word(0x8002_0001), word(0)])],
  ['a frame that is too long', Buffer.concat([word(1), Buffer.of(0, 0xff, 0xff, 0xff)])],
  ['headers that are no zlib', Buffer.concat([word(0x8003_0001), word(14), word(1), word(0), Buffer.from([0, 0, 1, 2, 3, 4])])],
  ['a stream without headers', Buffer.concat([word(0x8003_0001), word(2), Buffer.of(0, 0)])],
])('%s ends the connection', async (_, bytes) => {
  const port = await serve(() => undefined);
  const client = new SpdyClient(port, 'stdout=true');
  await client.answer;
  client.socket.write(bytes);
  await client.closed;
});

test.each([
  ['no version', [], 'HTTP/1.1 400 Bad Request', 'X-Stream-Protocol-Version is required'],
  [
    'an old version',
    ['X-Stream-Protocol-Version: channel.k8s.io'],
    'HTTP/1.1 403 Forbidden',
    'X-Accepted-Stream-Protocol-Versions: v4.channel.k8s.io',
  ],
])('%s is refused with a Status', async (_, headers, line, text) => {
  const client = new SpdyClient(await serve(() => undefined), 'stdout=true', headers);
  const answer = await client.answer;
  expect(answer).toContain(line);
  expect(answer).toContain(text);
  expect(answer).toContain('"kind":"Status"');
});
