/** Port-forward as a peer that sends before anybody can take it. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acceptPortForward, type DialPort, spdyDictionary } from '../../src/index.ts';
import { controlFrame, dataFrame, spdyTypes } from '../../src/streams/spdy-frames.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client's end after the upgrade, and the server's. */
async function forwarded(dial: DialPort): Promise<{ readonly client: Socket; readonly served: Socket }> {
  const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  const [served] = (await accepted) as [Socket];
  closing.push(
    () => server.close(),
    () => client.destroy(),
    () => served.destroy(),
  );
  acceptPortForward({ headers } as unknown as IncomingMessage, served, Buffer.alloc(0), dial);
  client.resume();
  return { client, served };
}

/** The headers of a connection: one stream of compressed blocks. */
class Opener {
  readonly #deflate = zlib.createDeflate({ dictionary: spdyDictionary });

  async open(id: number, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const text = (value: string): Buffer => Buffer.concat([number(value.length), Buffer.from(value)]);
    const entries = Object.entries(headers);
    this.#deflate.write(Buffer.concat([number(entries.length), ...entries.flatMap(([name, value]) => [text(name), text(value)])]));
    await new Promise<void>((resolve) => this.#deflate.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
    const block = this.#deflate.read() as Buffer;
    return controlFrame(spdyTypes.synStream, Buffer.concat([number(id), number(0), Buffer.alloc(2), block]));
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const piece = randomBytes(64 * 1024);
const pieces = 256;

describe('a forwarded connection', () => {
  it('that has no error stream ends when it brings more than is kept', async () => {
    const dial = vi.fn<DialPort>();
    const { client, served } = await forwarded(dial);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.write(await new Opener().open(1, { streamtype: 'data', port: '80', requestid: '0' }));
    for (let i = 0; i < pieces; i++) client.write(dataFrame(1, piece, 0));
    await closed;
    expect(served.bytesRead).toBeLessThan(8 * 1024 * 1024);
    expect(dial).not.toHaveBeenCalled();
  });

  it('whose port is slow to answer waits on the wire, and loses nothing', async () => {
    const target = new PassThrough();
    let answer: (end: Duplex) => void = () => undefined;
    const dial = vi.fn<DialPort>(() => new Promise((resolve) => (answer = resolve)));
    const { client, served } = await forwarded(dial);
    const opener = new Opener();
    client.write(await opener.open(1, { streamtype: 'error', port: '80', requestid: '0' }));
    client.write(await opener.open(3, { streamtype: 'data', port: '80', requestid: '0' }));
    for (let i = 0; i < pieces; i++) client.write(dataFrame(3, piece, 0));
    // A connection is at rest also before it is read for the first time.
    await vi.waitFor(() => expect(dial).toHaveBeenCalled(), { timeout: 20_000 });
    await vi.waitFor(() => expect(served.isPaused()).toBe(true), { timeout: 20_000 });
    expect(served.bytesRead).toBeLessThan(8 * 1024 * 1024);
    const hash = createHash('sha256');
    let length = 0;
    target.on('data', (bytes: Buffer) => {
      hash.update(bytes);
      length += bytes.length;
    });
    answer(target);
    await vi.waitFor(() => expect(length).toBe(pieces * piece.length), { timeout: 20_000 });
    const sent = createHash('sha256');
    for (let i = 0; i < pieces; i++) sent.update(piece);
    expect(hash.digest('hex')).toBe(sent.digest('hex'));
  });
});
