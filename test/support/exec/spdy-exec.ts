/** exec as client-go's SPDY executor does it (`NewSPDYExecutor`, subprotocol v4): what the conformance suites know. */
import { connect, type TLSSocket } from 'node:tls';
import { constants, createDeflate } from 'node:zlib';
import { spdyDictionary } from '@weir/apiserver';
import { type ApiConnection, type ExecRequest, type ExecResult, execPath } from './api-connection.ts';

const streams = ['error', 'stdin', 'stdout', 'stderr'] as const;
type StreamType = (typeof streams)[number];
const finFlag = 1;

/** Runs a command; rejects when the server does not take it up. */
export async function execOverSpdy(connection: ApiConnection, request: ExecRequest): Promise<ExecResult> {
  const socket = connect({ ...connection, ALPNProtocols: ['http/1.1'] });
  const heard: Record<StreamType, Buffer[]> = { error: [], stdin: [], stdout: [], stderr: [] };
  const wanted = streams.filter((type) => type !== 'stdin' || request.stdin !== undefined);
  const ended = new Set<StreamType>();
  try {
    const rest = await upgrade(socket, connection, request);
    const idOf = (type: StreamType): number => 2 * wanted.indexOf(type) + 1;
    await openStreams(socket, wanted);
    if (request.stdin !== undefined) {
      socket.write(dataFrame(idOf('stdin'), Buffer.from(request.stdin)));
      socket.write(dataFrame(idOf('stdin'), Buffer.alloc(0), finFlag));
    }
    await readFrames(socket, rest, (id, payload, isLast) => {
      const type = wanted[(id - 1) / 2];
      if (type === undefined) return false;
      heard[type].push(payload);
      if (isLast) ended.add(type);
      return ended.has('error') && ended.has('stdout') && ended.has('stderr');
    });
  } finally {
    socket.destroy();
  }
  const textOf = (type: StreamType): string => Buffer.concat(heard[type]).toString();
  return { stdout: textOf('stdout'), stderr: textOf('stderr'), status: JSON.parse(textOf('error')) as ExecResult['status'] };
}

/** Asks for the upgrade; resolves with what came behind the answer. */
function upgrade(socket: TLSSocket, { host, port }: ApiConnection, request: ExecRequest): Promise<Buffer> {
  const lines = [
    `POST ${execPath(request)} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'User-Agent: Go-http-client/1.1',
    'Content-Length: 0',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    'X-Stream-Protocol-Version: v4.channel.k8s.io',
    'X-Stream-Protocol-Version: v3.channel.k8s.io',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      if (answer.toString('latin1').startsWith('HTTP/1.1 101 ')) resolve(answer.subarray(end + 4));
      else reject(new Error(answer.toString()));
    };
    socket.on('data', onData);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection ended before the upgrade')));
  });
}

async function openStreams(socket: TLSSocket, types: readonly StreamType[]): Promise<void> {
  const deflate = createDeflate({ dictionary: spdyDictionary });
  for (const [index, type] of types.entries()) {
    const text = (value: string): Buffer => Buffer.concat([word(value.length), Buffer.from(value)]);
    const headers = await compressed(deflate, Buffer.concat([word(1), text('streamtype'), text(type)]));
    const body = Buffer.concat([word(2 * index + 1), word(0), Buffer.of(0, 0), headers]);
    socket.write(Buffer.concat([word(0x8003_0001), word(body.length), body]));
  }
  deflate.close();
}

function compressed(deflate: ReturnType<typeof createDeflate>, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const take = (piece: Buffer): void => void pieces.push(piece);
    deflate.on('data', take);
    deflate.write(bytes);
    deflate.flush(constants.Z_SYNC_FLUSH, () => {
      deflate.off('data', take);
      resolve(Buffer.concat(pieces));
    });
  });
}

/** Hands every data frame on until `take` says that it has all, or the connection ends. */
function readFrames(socket: TLSSocket, rest: Buffer, take: (id: number, payload: Buffer, isLast: boolean) => boolean): Promise<void> {
  let pending = rest;
  return new Promise((resolve) => {
    const read = (): void => {
      while (pending.length >= 8 && pending.length >= 8 + pending.readUIntBE(5, 3)) {
        const end = 8 + pending.readUIntBE(5, 3);
        const id = pending.readUInt32BE(0);
        const isLast = pending.readUInt8(4) === finFlag;
        if (id < 0x8000_0000 && take(id, pending.subarray(8, end), isLast)) resolve();
        pending = pending.subarray(end);
      }
    };
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      read();
    });
    socket.on('close', () => resolve());
    read();
  });
}

function dataFrame(id: number, payload: Buffer, flags = 0): Buffer {
  return Buffer.concat([word(id), word(flags * 2 ** 24 + payload.length), payload]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
