/**
 * Plain HTTP between an agent and the real API server, with the faults of a real network and of other
 * API servers: watches that lag or expire, and objects with fields of a later version.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { listenTcp } from '@weir/kernel';
import { DisturbedWatch, type WatchDisturbance } from './disturbed-watch.ts';

/** Where the real one is, and as whom to speak to it. */
export interface ProxyTarget {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** One proxy; its faults can be switched while it runs. */
export class FaultyProxy {
  /** Changes every line of every answer. */
  rewrite: (line: string) => string = (line) => line;
  /** What happens to the lines of watches that are opened from now on; undefined: nothing. */
  disturbance: WatchDisturbance | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: () => ProxyTarget;
  readonly #heldBack: (() => void)[] = [];
  #holds = false;
  #expiring = false;
  #expired = 0;
  #lists = 0;

  constructor(netns: string, target: () => ProxyTarget) {
    this.#target = target;
    this.#server = createServer((request, response) => this.#forward(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    listenTcp(this.#server, { netns, address: '127.0.0.1', port: 0 });
  }

  /** Resolves with the URL inside the namespace. */
  async url(): Promise<string> {
    if (!this.#server.listening) await new Promise((resolve) => this.#server.once('listening', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lists that were asked for, of policies in one namespace. */
  get policyLists(): number {
    return this.#lists;
  }

  /** Watches that were answered with 410 since {@link expireWatches}. */
  get expired(): number {
    return this.#expired;
  }

  /** From now on watches deliver nothing, until {@link release}. */
  hold(): void {
    this.#holds = true;
  }

  release(): void {
    this.#holds = false;
    for (const deliver of this.#heldBack.splice(0)) deliver();
  }

  /** Cuts all connections; new watches are told that their version is gone, until there is a list again. */
  expireWatches(): void {
    this.#expired = 0;
    this.#expiring = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const { port, ca, cert, key } = this.#target();
    const isWatch = request.url?.includes('watch=true') === true;
    if (/namespaces\/[^/]+\/networkpolicies/.test(request.url ?? '')) this.#lists++;
    if (isWatch && this.#expiring && this.#expired < 3) {
      this.#expired++;
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Expired',
        code: 410,
        message: 'too old resource version',
      };
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    const headers = { ...request.headers, 'accept-encoding': 'identity' };
    const call = https.request(
      { host: '127.0.0.1', port, ca, cert, key, agent: false, method: request.method, path: request.url, headers },
      (answer) => this.#relay(answer, response, isWatch),
    );
    call.on('error', () => response.destroy());
    response.on('close', () => call.destroy());
    request.pipe(call);
  }

  #relay(answer: IncomingMessage, response: ServerResponse, isWatch: boolean): void {
    response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'application/json' });
    response.flushHeaders();
    const disturbed = isWatch && this.disturbance !== undefined ? new DisturbedWatch(response, this.disturbance) : undefined;
    let rest = '';
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const deliver = (): void => (disturbed === undefined ? void response.write(`${this.rewrite(line)}\n`) : disturbed.send(line));
        if (isWatch && this.#holds) this.#heldBack.push(deliver);
        else deliver();
      }
    });
    answer.on('error', () => response.destroy());
    answer.on('end', () => response.end(this.rewrite(rest)));
  }
}
