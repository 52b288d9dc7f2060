/** A TLS connection on which requests are written byte by byte, since ordinary clients refuse to send what is not right. */
import tls from 'node:tls';
import type { FuzzedServer } from './fuzzed-server.ts';
import type { Sender } from './hostile-requests.ts';
import type { JudgedAnswer } from './judge-answer.ts';

/** One connection; answers come in the order of the requests. */
export class RawConnection {
  readonly #socket: tls.TLSSocket;
  #heard: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(fuzzed: FuzzedServer, sender: Sender) {
    const pair = fuzzed.certificateOf(sender);
    this.#socket = tls.connect({
      host: '127.0.0.1',
      port: fuzzed.server.server.port,
      ca: fuzzed.server.ca.certificate,
      ALPNProtocols: ['http/1.1'],
      ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
    });
    this.#socket.on('data', (bytes: Buffer) => {
      this.#heard = this.#heard.length === 0 ? bytes : Buffer.concat([this.#heard, bytes]);
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  get ended(): boolean {
    return this.#ended || this.#socket.destroyed;
  }

  write(bytes: Buffer): void {
    if (!this.ended) this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Waits until the server has closed. */
  async closed(): Promise<void> {
    while (!this.ended) await this.#more();
  }

  /** The next answer; undefined when the connection ended without one. A stream is an answer with no text. */
  async answer(method: string): Promise<JudgedAnswer | undefined> {
    const head = await this.#head();
    if (head === undefined) return undefined;
    const status = Number(head.line.split(' ')[1]);
    const length = head.headers['content-length'];
    if (status === 100) return this.answer(method);
    if (status === 101 || length === undefined) return { status, headers: head.headers, text: '', isStream: true };
    const text = method === 'HEAD' ? '' : await this.#take(Number(length));
    if (head.headers['connection'] === 'close') this.destroy();
    return { status, headers: head.headers, text, isStream: false };
  }

  async #head(): Promise<{ readonly line: string; readonly headers: Record<string, string> } | undefined> {
    let end = this.#heard.indexOf('\r\n\r\n');
    while (end < 0) {
      if (this.ended) return undefined;
      await this.#more();
      end = this.#heard.indexOf('\r\n\r\n');
    }
    const [line = '', ...fields] = this.#heard.toString('latin1', 0, end).split('\r\n');
    this.#heard = this.#heard.subarray(end + 4);
    const headers = fields.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 2)] as const);
    return { line, headers: Object.fromEntries(headers) };
  }

  async #take(length: number): Promise<string> {
    while (this.#heard.length < length && !this.ended) await this.#more();
    const text = this.#heard.toString('utf8', 0, length);
    this.#heard = this.#heard.subarray(length);
    return text;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
