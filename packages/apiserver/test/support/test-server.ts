/** A real API server on loopback with its own data directory, certificates and HTTPS client. */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../src/index.ts';
import type { Answer, WatchedEvent } from './answer.ts';
import { type KeyPair, TestCa } from './certificates.ts';

/** What came back. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Of a body that is no JSON: undefined, whatever the type says. */
  readonly json: Answer;
}

/** What to send besides method and path. */
export interface TestRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: no client certificate. */
  readonly client?: KeyPair | null;
}

/** One server and its surroundings. */
export class TestServer {
  readonly directory: string;
  readonly ca: TestCa;
  readonly admin: KeyPair;
  readonly #options: Omit<ApiServerOptions, 'listen'>;
  #server: ApiServer | undefined;

  private constructor(directory: string, options: Partial<ApiServerOptions>) {
    this.directory = directory;
    this.ca = new TestCa(directory);
    this.admin = this.ca.issueClient('admin');
    this.#options = {
      dataDirectory: join(directory, 'data'),
      tls: { ...this.ca.issueServer(), clientCa: this.ca.certificate },
      serviceCidrs: ['10.0.0.0/16'],
      nodeSocket: () => undefined,
      version: 'v1.35.2',
      ...options,
    };
  }

  /** Starts a server on a free port. */
  static async start(
    options: Partial<ApiServerOptions> | ((place: { directory: string }) => Partial<ApiServerOptions>) = {},
  ): Promise<TestServer> {
    const directory = mkdtempSync(join(tmpdir(), 'weirt-apiserver-'));
    const server = new TestServer(directory, typeof options === 'function' ? options({ directory }) : options);
    await server.open();
    return server;
  }

  get server(): ApiServer {
    if (this.#server === undefined) throw new Error('the server is not running');
    return this.#server;
  }

  get url(): string {
    return this.server.urls[0] ?? '';
  }

  /** Starts it (again) on its data. */
  async open(): Promise<void> {
    this.#server = await startApiServer({ ...this.#options, listen: [{ host: '127.0.0.1', port: 0 }] });
  }

  /** Stops it; the data stays. */
  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  /** Stops it and removes everything. */
  async dispose(): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Sends one request and reads the whole answer. */
  request(method: string, path: string, options: TestRequest = {}): Promise<TestResponse> {
    return new Promise((resolve, reject) => {
      const request = https.request(`${this.url}${path}`, {
        method,
        ...this.#tls(options.client),
        headers: requestHeaders(options),
        agent: false,
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parseJson(text) });
        });
      });
      request.end(bodyText(options.body));
    });
  }

  /** Opens a watch; `next` gives one event after the other, `undefined` at the end of the stream. */
  async watch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<TestWatch> {
    return new Promise((resolve, reject) => {
      const request = https.request(`${this.url}${path}`, { method: 'GET', ...this.#tls(), headers, agent: false });
      request.on('error', reject);
      request.on('response', (response) => resolve(new TestWatch(response, () => request.destroy())));
      request.end();
    });
  }

  /** Writes a kubeconfig and returns its path. */
  kubeconfig(): string {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const path = join(this.directory, 'kubeconfig');
    writeFileSync(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
        clusters: [{ name: 'test', cluster: { server: this.url, 'certificate-authority-data': base64(this.ca.certificate) } }],
        users: [
          { name: 'admin', user: { 'client-certificate-data': base64(this.admin.certificate), 'client-key-data': base64(this.admin.key) } },
        ],
      }),
      { mode: 0o600 },
    );
    return path;
  }

  /** Runs a program with the server's kubeconfig; never rejects. */
  run(
    program: string,
    args: readonly string[],
    input = '',
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const env = { ...process.env, KUBECONFIG: this.kubeconfig(), HOME: this.directory };
    return new Promise((resolve) => {
      const child = execFile(program, args, { env, timeout: 30_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      });
      // A program may end without reading; its exit code tells.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }

  #tls(client: KeyPair | null | undefined = this.admin): https.RequestOptions {
    return { ca: this.ca.certificate, ...(client === null ? {} : { cert: client.certificate, key: client.key }) };
  }
}

/** A watch as a queue of its lines. */
export class TestWatch {
  readonly status: number;
  readonly #lines: string[] = [];
  #ended = false;
  #wake: () => void = () => undefined;
  readonly #destroy: () => void;

  constructor(response: IncomingMessage, destroy: () => void) {
    this.status = response.statusCode ?? 0;
    this.#destroy = destroy;
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    response.on('end', end);
    response.on('error', end);
    response.on('close', end);
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<WatchedEvent | undefined> {
    while (this.#lines.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const line = this.#lines.shift();
    return line === undefined ? undefined : (JSON.parse(line) as WatchedEvent);
  }

  close(): void {
    this.#destroy();
  }
}

function requestHeaders(options: TestRequest): Record<string, string> {
  const json: Record<string, string> = options.body === undefined ? {} : { 'content-type': 'application/json' };
  const body = bodyText(options.body);
  // Node leaves the length out of a DELETE unless it is given.
  const length: Record<string, string> = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return { ...json, ...length, ...options.headers };
}

function bodyText(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return body;
  return JSON.stringify(body);
}

function parseJson(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined as unknown as Answer;
  }
}
