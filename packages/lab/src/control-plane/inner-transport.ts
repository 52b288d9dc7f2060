/**
 * The way of the control plane's own parties to the API server in their process: without sockets and certificates, which
 * cost both ends more than most requests, and otherwise like everybody's. Each has its name, its rights and its lines in
 * the audit log.
 */
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { type AnswerRequest, allPieces, type IncomingRequest, type SentResponse } from '@weir/apiserver';
import {
  type ApiTransport,
  apiErrorFromBody,
  type Receiver,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@weir/client';

/** One party's way. */
export class InnerTransport implements ApiTransport {
  readonly #answer: AnswerRequest;
  readonly #username: string;

  constructor(answer: AnswerRequest, username: string) {
    this.#answer = answer;
    this.#username = username;
  }

  async send(request: TransportRequest, limitBytes: number): Promise<TransportResponse> {
    const chunks: Buffer[] = [];
    const { code, contentType } = await this.#whole(request, { limitBytes, take: (chunk) => chunks.push(chunk) });
    return { code, contentType, body: Buffer.concat(chunks) };
  }

  async receive(request: TransportRequest, receiver: Receiver): Promise<void> {
    await this.#whole(request, receiver);
  }

  async stream(request: TransportRequest): Promise<Readable> {
    const exchange = new Exchange();
    const answer = await this.#ask(request, exchange);
    if (answer.kind !== 'stream') {
      discard(answer);
      exchange.leave();
      throw new TransportError('garbage', `${what(request)}: the answer is no stream`);
    }
    const { body } = answer;
    body.once('close', () => exchange.leave());
    const leave = (): void => void body.destroy();
    request.signal?.addEventListener('abort', leave, { once: true });
    body.once('close', () => request.signal?.removeEventListener('abort', leave));
    return body;
  }

  close(): void {
    // Nothing is kept open between requests.
  }

  async #whole(request: TransportRequest, { limitBytes, take }: Receiver): Promise<{ code: number; contentType: string }> {
    const exchange = new Exchange();
    try {
      const answer = await this.#ask(request, exchange);
      let length = 0;
      for await (const chunk of bytesOf(answer)) {
        length += chunk.length;
        if (length > limitBytes) throw new TransportError('too-large', `${what(request)}: the answer is larger than ${limitBytes} bytes`);
        take(chunk);
      }
      exchange.close();
      return { code: answer.status, contentType: answer.contentType ?? 'application/json' };
    } finally {
      exchange.leave();
    }
  }

  /** Asks, and waits for the beginning of the answer as long as the request says. */
  async #ask(request: TransportRequest, exchange: Exchange): Promise<SentResponse> {
    request.signal?.throwIfAborted();
    const answering = this.#answer(exchange.incoming(request, this.#username));
    const answer = await withinTime(request, answering).catch((error: unknown) => {
      exchange.leave();
      // It may still come, and holds something open then.
      void answering.then(discard, () => undefined);
      throw error;
    });
    if (answer.status < 400) return answer;
    const chunks: Buffer[] = [];
    for await (const chunk of bytesOf(answer)) chunks.push(chunk);
    exchange.close();
    throw apiErrorFromBody(answer.status, Buffer.concat(chunks).toString('utf8'), answer.headers?.['retry-after']);
  }
}

/** What the server is told of one request while it lasts. */
class Exchange {
  readonly #gone = new AbortController();
  readonly #callbacks: (() => void)[] = [];
  #isClosed = false;

  incoming({ method, url, headers, body = '' }: TransportRequest, username: string): IncomingRequest {
    return {
      method,
      target: url,
      headers: { ...headers },
      certified: { username, groups: ['system:authenticated'] },
      sourceAddress: '127.0.0.1',
      signal: this.#gone.signal,
      readBody: () => Promise.resolve(typeof body === 'string' ? Buffer.from(body) : body),
      whenClosed: (callback) => {
        if (this.#isClosed) callback();
        else this.#callbacks.push(callback);
      },
    };
  }

  /** The answer has been taken. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const callback of this.#callbacks) callback();
  }

  /** Nobody waits for the answer, or for more of it. */
  leave(): void {
    if (!this.#isClosed) this.#gone.abort();
    this.close();
  }
}

/** The answer, unless the time is over or the caller has gone. */
function withinTime(request: TransportRequest, answering: Promise<SentResponse>): Promise<SentResponse> {
  const { signal, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new TransportError('timeout', `${what(request)}: no answer within ${timeoutMs} ms`))),
      timeoutMs,
    );
    const leave = (): void => settle(() => reject(signal?.reason));
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
      how();
    };
    if (signal?.aborted === true) leave();
    else signal?.addEventListener('abort', leave, { once: true });
    answering.then(
      (answer) => settle(() => resolve(answer)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** The bytes of an answer; a long one is made piece by piece, and others have their turns between. */
async function* bytesOf(answer: SentResponse): AsyncGenerator<Buffer, void> {
  if (answer.kind === 'json') yield Buffer.from(`${JSON.stringify(answer.body)}\n`);
  else if (answer.kind === 'bytes') yield Buffer.from(answer.body);
  else if (answer.kind === 'stream') yield* answer.body as AsyncIterable<Buffer>;
  else {
    try {
      for (const piece of allPieces(answer)) {
        yield Buffer.from(piece);
        await turn();
      }
    } finally {
      discard(answer);
    }
  }
}

/** Lets go of what an answer holds that nobody takes to its end: a stream, or what a long list is read from. */
function discard(answer: SentResponse): void {
  if (answer.kind === 'stream') answer.body.destroy();
  // An iteration that never began does not end what it iterates over.
  if (answer.kind === 'pieces') answer.rest.return(answer.first);
}

function what({ method, url }: TransportRequest): string {
  return `${method} ${url.split('?')[0] ?? ''} within the control plane`;
}
