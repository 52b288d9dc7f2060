/** Clients that cost little: with client certificate, requests as bytes, answers counted and dropped. */
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';

/** PEM texts. */
export interface ClientTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** What came back. */
export interface LoadAnswer {
  readonly status: number;
  readonly bytes: number;
  /** The beginning of the body: lists say there where they continue. */
  readonly head: string;
}

/** What is sent with a request. */
export interface LoadBody {
  readonly type: string;
  readonly text: string;
}

/** Whoever sends requests. */
export interface RequestClient {
  /** Sends one request and reads the whole answer. */
  request(method: string, path: string, body?: LoadBody): Promise<LoadAnswer>;
  close(): void;
}

/** HTTP/1.1 with a connection for each request that is under way, as clients have that cannot do better. */
export class Http1Client implements RequestClient {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, tls: ClientTls) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, ca: tls.ca, cert: tls.certificate, key: tls.key });
  }

  request(method: string, path: string, body?: LoadBody): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': body.type }) };
      const sent = httpsRequest(`${this.#url}${path}`, { method, agent: this.#agent, headers });
      sent.on('error', reject);
      sent.on('response', (response) => {
        readAnswer(response).then(({ bytes, head }) => resolve({ status: response.statusCode ?? 0, bytes, head }), reject);
      });
      sent.end(body?.text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** One HTTP/2 connection; many requests at once. */
export class LoadClient implements RequestClient {
  readonly #session: ClientHttp2Session;

  constructor(url: string, tls: ClientTls) {
    this.#session = connect(url, { ca: tls.ca, cert: tls.certificate, key: tls.key, settings: { initialWindowSize: 4 << 20 } });
    this.#session.once('connect', () => this.#session.setLocalWindowSize(64 << 20));
  }

  request(method: string, path: string, body?: LoadBody): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { ':method': method, ':path': path, accept: 'application/json' };
      const stream = this.#session.request(body === undefined ? headers : { ...headers, 'content-type': body.type });
      let status = 0;
      stream.on('response', (response) => {
        status = Number(response[':status']);
      });
      readAnswer(stream).then((answer) => resolve({ status, ...answer }), reject);
      stream.end(body?.text);
    });
  }

  /** Opens a stream of lines and calls `onChunk` with whatever arrives; resolves when the answer has begun. */
  follow(path: string, onChunk: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({ ':method': 'GET', ':path': path, accept: 'application/json' });
      stream.on('response', (response) => {
        if (response[':status'] === 200) resolve();
        else reject(new Error(`the watch was answered with ${String(response[':status'])}`));
      });
      stream.on('data', onChunk);
      stream.on('error', reject);
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

function readAnswer(stream: Readable): Promise<Omit<LoadAnswer, 'status'>> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let head = '';
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (head.length < 4_096) head += chunk.toString('latin1', 0, 4_096);
    });
    stream.on('end', () => resolve({ bytes, head }));
    stream.on('error', reject);
  });
}
