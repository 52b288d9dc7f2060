/** A client that costs little: one HTTP/2 connection with client certificate, requests as bytes, answers counted and dropped. */
import { type ClientHttp2Session, connect } from 'node:http2';

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

/** One connection; many requests at once. */
export class LoadClient {
  readonly #session: ClientHttp2Session;

  constructor(url: string, tls: ClientTls) {
    this.#session = connect(url, { ca: tls.ca, cert: tls.certificate, key: tls.key, settings: { initialWindowSize: 4 << 20 } });
    this.#session.once('connect', () => this.#session.setLocalWindowSize(64 << 20));
  }

  /** Sends one request and reads the whole answer. */
  request(method: string, path: string, body?: { readonly type: string; readonly text: string }): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { ':method': method, ':path': path, accept: 'application/json' };
      const stream = this.#session.request(body === undefined ? headers : { ...headers, 'content-type': body.type });
      let status = 0;
      let bytes = 0;
      let head = '';
      stream.on('response', (response) => {
        status = Number(response[':status']);
      });
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (head.length < 4_096) head += chunk.toString('latin1', 0, 4_096);
      });
      stream.on('end', () => resolve({ status, bytes, head }));
      stream.on('error', reject);
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
