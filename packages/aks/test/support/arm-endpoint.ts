/** An endpoint in this process, with a host that only remembers, and requests to it over TLS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, issueServerCertificate, type KeyPairPem } from '@weir/lab';
import { type Arm, startArm } from '../../src/index.ts';
import { RememberingHost } from './remembering-host.ts';

/** An answer. */
export interface ArmAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body; an empty object when it is no JSON. */
  readonly json: Record<string, unknown>;
}

interface Sent {
  readonly body?: unknown;
  /** Instead of `body`, as they are. */
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the token of the login; null for none. */
  readonly token?: string | null;
}

/** A running endpoint and a client that has signed in. */
export class ArmEndpoint {
  readonly host = new RememberingHost();
  readonly faults: unknown[] = [];
  readonly #directory: string;
  readonly #tls: KeyPairPem;
  /** The certificate of the authority. */
  readonly authority: string;
  readonly #left: Arm[] = [];
  #arm: Arm | undefined;
  #secret = '';
  #token = '';

  private constructor(directory: string, authority: string, tls: KeyPairPem) {
    this.#directory = directory;
    this.authority = authority;
    this.#tls = tls;
  }

  /** Starts one with nothing in it. */
  static async start(directory = mkdtempSync(join(tmpdir(), 'weirt-arm-'))): Promise<ArmEndpoint> {
    const authority = await createCertificateAuthority('test');
    const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
    const tls = await issueServerCertificate(authority, { commonName: 'localhost', organizations: [] }, names);
    const endpoint = new ArmEndpoint(directory, authority.certificate, tls);
    await endpoint.open();
    return endpoint;
  }

  /** Starts the process's part again, on what is on disk. */
  async open(): Promise<void> {
    this.#arm = await startArm({
      directory: this.#directory,
      tls: this.#tls,
      port: 0,
      host: this.host,
      onFault: (error) => this.faults.push(error),
    });
    this.#secret = this.#arm.state.newSecret ?? this.#secret;
    this.#token = await this.signIn();
  }

  /** Ends it; what runs is waited for. */
  async close(): Promise<void> {
    for (const arm of this.#left) arm.closeDoor();
    await this.#arm?.close();
  }

  /** Leaves the process's part behind in the middle of its work, as a kill does, and starts another one. */
  async abandon(): Promise<void> {
    const left = this.arm;
    await this.open();
    this.#left.push(left);
  }

  async dispose(): Promise<void> {
    await this.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get arm(): Arm {
    if (this.#arm === undefined) throw new Error('the endpoint is not open');
    return this.#arm;
  }

  get secret(): string {
    return this.#secret;
  }

  /** The token with which {@link ArmEndpoint.send} asks. */
  get token(): string {
    return this.#token;
  }

  get directory(): string {
    return this.#directory;
  }

  /** Path of the subscription. */
  get subscription(): string {
    return `/subscriptions/${this.arm.state.identity.subscription}`;
  }

  /** A token for an audience. */
  async signIn(scope: string = `${this.arm.base}//.default`): Promise<string> {
    const [principal] = this.arm.state.identity.principals;
    const form = { grant_type: 'client_credentials', client_id: principal?.application ?? '', client_secret: this.#secret, scope };
    const answer = await this.send('POST', '/adfs/oauth2/v2.0/token', {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      token: null,
    });
    const { access_token: token } = answer.json;
    return typeof token === 'string' ? token : '';
  }

  /** Sends one request; `path` begins at the subscription unless it says so itself. */
  async ask(method: string, path: string, body?: unknown, version = '2025-03-01'): Promise<ArmAnswer> {
    const separator = path.includes('?') ? '&' : '?';
    return this.send(method, `${this.subscription}${path}${separator}api-version=${version}`, body === undefined ? {} : { body });
  }

  /** Sends one request as it is. */
  send(method: string, target: string, { body, bytes: given, headers = {}, token = this.#token }: Sent = {}): Promise<ArmAnswer> {
    const bytes = given ?? (body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.arm.port,
          ca: this.authority,
          servername: 'localhost',
          method,
          path: target,
          headers: {
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
            ...headers,
          },
        },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('end', () => {
            const text = Buffer.concat(pieces).toString();
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) });
          });
        },
      );
      sent.on('error', reject);
      sent.end(bytes);
    });
  }

  /** Follows an asynchronous answer to its end; answers the operation. */
  async finished(answer: ArmAnswer): Promise<ArmAnswer> {
    const url = new URL(String(answer.headers['azure-asyncoperation']));
    for (;;) {
      const status = await this.send('GET', `${url.pathname}${url.search}`);
      if (status.json['status'] !== 'InProgress') return status;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
