/**
 * What operators and their machines ask the agent over HTTP:
 *
 *   GET /livez, /readyz   200 or 503, with the reasons as text
 *   GET /metrics          the Prometheus text format
 *
 * Nothing can be changed here. Requests are small and short, every connection carries one, and there
 * are few at a time, so that nobody can hold the server by keeping it busy.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { formatAddress } from '@weir/net';
import { expositionType } from '../metrics/exposition.ts';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { isLoopback, type ListenAddress, writeListenAddress } from '../settings/listen-address.ts';
import { BearerToken } from './bearer-token.ts';
import type { ProbeResult } from './probes.ts';

/** What is asked for. */
export interface OperationsHandler {
  live(): ProbeResult;
  ready(): ProbeResult;
  metrics(): Promise<string>;
  /** Told of every request without the token. */
  unauthorized(): void;
}

/** The settings that the server reads. */
export type OperationsSettings = Pick<AgentSettings, 'metricsTlsCert' | 'metricsTlsKey' | 'metricsTokenFile'>;

/** The address cannot be listened on, or its certificate cannot be used. */
class OperationsServerError extends Error {
  override readonly name = 'OperationsServerError';
}

const limits: ServerOptions = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 3_000,
  requestTimeout: 5_000,
  // How often the times above are looked at.
  connectionsCheckingInterval: 1_000,
};
const connectionLimit = 32;
/** An answer that nobody reads ends after this time. */
const silenceMs = 10_000;

/** A listening server. */
export class OperationsServer {
  readonly #server: Server | TlsServer;
  readonly #token: BearerToken | undefined;
  readonly #handler: OperationsHandler;

  /** Reads certificate and token; throws when they cannot be used, or when others could ask without them. */
  constructor(where: ListenAddress, settings: OperationsSettings, handler: OperationsHandler) {
    const { metricsTlsCert: cert, metricsTlsKey: key, metricsTokenFile } = settings;
    this.#handler = handler;
    this.#token = metricsTokenFile === undefined ? undefined : new BearerToken(metricsTokenFile);
    const isSecure = cert !== undefined && key !== undefined;
    if (!isLoopback(where.address) && (!isSecure || this.#token === undefined)) {
      throw new OperationsServerError(`others can reach ${writeListenAddress(where)}: it needs TLS and a token`);
    }
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response);
    this.#server = isSecure ? tlsServer({ cert, key }, answer) : createServer(limits, answer);
    this.#server.maxConnections = connectionLimit;
    this.#server.setTimeout(silenceMs, (socket) => socket.destroy());
  }

  async listen(where: ListenAddress): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(new OperationsServerError(`--metrics-address ${writeListenAddress(where)} cannot be listened on: ${error.message}`)),
      );
      this.#server.listen({ host: formatAddress(where.address), port: where.port, backlog: connectionLimit }, resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // What a request carries is of no interest, and neither is whether it ends well.
    request.resume();
    response.setHeader('connection', 'close');
    if (this.#token?.allows(request.headers.authorization) === false) {
      this.#handler.unauthorized();
      response.setHeader('www-authenticate', 'Bearer');
      return send(response, 401, 'a bearer token is needed\n');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return send(response, 405, 'only GET is answered\n');
    }
    switch ((request.url ?? '').split('?', 1)[0] ?? '') {
      case '/livez':
        return sendProbe(response, this.#handler.live());
      case '/readyz':
        return sendProbe(response, this.#handler.ready());
      case '/metrics':
        return this.#sendMetrics(response);
      default:
        return send(response, 404, 'there are /livez, /readyz and /metrics\n');
    }
  }

  async #sendMetrics(response: ServerResponse): Promise<void> {
    try {
      const text = await this.#handler.metrics();
      response.setHeader('content-type', expositionType);
      send(response, 200, text);
    } catch (error) {
      send(response, 500, `the metrics could not be put together: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

/** A server whose certificate is read again for new connections after its file has changed. */
function tlsServer(files: { cert: string; key: string }, answer: (request: IncomingMessage, response: ServerResponse) => void): TlsServer {
  const read = (): { cert: string; key: string } => ({ cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') });
  let current = read();
  const server = createTlsServer({ ...limits, ...current, minVersion: 'TLSv1.2', handshakeTimeout: 5_000 }, answer);
  // Ahead of the listener that begins the handshake.
  server.prependListener('connection', () => {
    try {
      const next = read();
      if (next.cert === current.cert && next.key === current.key) return;
      server.setSecureContext({ ...next, minVersion: 'TLSv1.2' });
      current = next;
    } catch {
      // Half replaced, or bad: the certificate of before goes on.
    }
  });
  return server;
}

function sendProbe(response: ServerResponse, { ok, reasons }: ProbeResult): void {
  send(response, ok ? 200 : 503, ok ? 'ok\n' : reasons.map((reason) => `${reason}\n`).join(''));
}

function send(response: ServerResponse, code: number, text: string): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.writeHead(code, { 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' });
  response.end(text);
}
