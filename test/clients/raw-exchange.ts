/** HTTP/1.1 by the byte: sends a request as it is written, reads the answer whole or line by line. */
import { connect, type TLSSocket } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import type { ApiConnection } from '../support/exec/api-connection.ts';

/** An answer that has come whole. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** An answer that goes on. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** The next line; undefined at the end of the answer. */
  next(): Promise<string | undefined>;
  close(): void;
}

/** Sends a request on a connection of its own. */
export async function exchange(connection: ApiConnection, request: Buffer): Promise<RawAnswer> {
  const answer = await begin(connection, request);
  const chunks: Buffer[] = [];
  for (let chunk = await answer.body.next(); chunk !== undefined; chunk = await answer.body.next()) chunks.push(chunk);
  answer.close();
  const bytes = Buffer.concat(chunks);
  const isPacked = answer.headers.get('content-encoding') === 'gzip';
  return { status: answer.status, headers: answer.headers, text: (isPacked ? gunzipSync(bytes) : bytes).toString() };
}

/** Sends a request and leaves its answer open. */
export async function openExchange(connection: ApiConnection, request: Buffer): Promise<OpenAnswer> {
  const { status, headers, body, close } = await begin(connection, request);
  let pending = '';
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const end = pending.indexOf('\n');
      if (end >= 0) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 1);
        return line;
      }
      const chunk = await body.next();
      if (chunk === undefined) return undefined;
      pending += chunk.toString();
    }
  };
  return { status, headers, next, close };
}

interface BegunAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: { next(): Promise<Buffer | undefined> };
  readonly close: () => void;
}

async function begin(connection: ApiConnection, request: Buffer): Promise<BegunAnswer> {
  const socket = connect({ ...connection, ALPNProtocols: ['http/1.1'] });
  const bytes = new SocketBytes(socket);
  socket.write(request);
  const [statusLine = '', ...lines] = (await bytes.until('\r\n\r\n')).split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const isChunked = headers.get('transfer-encoding') === 'chunked';
  let left = Number(headers.get('content-length') ?? 0);
  const next = async (): Promise<Buffer | undefined> => {
    if (isChunked) {
      const size = Number.parseInt(await bytes.until('\r\n'), 16);
      if (size === 0) return undefined;
      const chunk = await bytes.take(size);
      await bytes.take(2);
      return chunk;
    }
    const chunk = left === 0 ? undefined : await bytes.take(left);
    left = 0;
    return chunk;
  };
  return { status: Number(statusLine.split(' ')[1]), headers, body: { next }, close: () => socket.destroy() };
}

/** What has come on a socket and was not read yet. */
class SocketBytes {
  #pending = Buffer.alloc(0);
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: TLSSocket) {
    socket.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      this.#wake();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection in the middle of an answer')));
  }

  /** Everything before the mark, which is taken away too. */
  async until(mark: string): Promise<string> {
    for (let end = this.#pending.indexOf(mark); ; end = this.#pending.indexOf(mark)) {
      if (end >= 0) return (await this.take(end + mark.length)).subarray(0, end).toString('latin1');
      await this.#more();
    }
  }

  async take(count: number): Promise<Buffer> {
    while (this.#pending.length < count) await this.#more();
    const taken = this.#pending.subarray(0, count);
    this.#pending = this.#pending.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
