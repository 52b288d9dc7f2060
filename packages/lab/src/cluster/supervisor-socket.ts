/**
 * The supervisor's unix socket: HTTP with JSON answers, mode 0600.
 *
 * `GET /status` · `GET /children/NAME` (one of them) · `POST /stop` · `POST /children/NAME/signal?signal=SIGKILL` (it is started again) ·
 * `POST /children/NAME/hold` (it stays down) · `POST /children/NAME/start` · `POST /hosts` (the records
 * of the external hosts have changed) · `POST /nodes` (the cluster's description has other nodes).
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { ChildStatus } from './supervised-child.ts';

/** What `GET /status` answers. */
export interface SupervisorStatus {
  readonly cluster: string;
  readonly pid: number;
  readonly children: readonly ChildStatus[];
}

/** What the socket can do. */
export interface SupervisorActions {
  status(): SupervisorStatus;
  stop(): void;
  /** Answer false when there is no such child (or, for a signal, no such process). */
  signal(child: string, signal: NodeJS.Signals): boolean;
  hold(child: string): Promise<boolean>;
  start(child: string): boolean;
  /** Serves what the records of the external hosts say; throws an Error for people when a part of it is not possible. */
  hosts(): Promise<void>;
  /** Ends nodes that are gone from the cluster's description and starts those that are new in it. */
  nodes(): Promise<void>;
}

/** The supervisor does not answer: it is not running, or not reachable. */
export class SupervisorUnreachable extends Error {
  override readonly name = 'SupervisorUnreachable';
}

/** Serves the actions at `path`; a socket left behind by a dead supervisor is replaced. */
export async function serveSupervisor(path: string, actions: SupervisorActions): Promise<Server> {
  const server = createServer((incoming, response) => {
    handle(incoming, actions).then(
      ({ code, body }) => answer(response, code, body),
      (error: unknown) => answer(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

async function handle(incoming: IncomingMessage, actions: SupervisorActions): Promise<{ code: number; body: unknown }> {
  const url = new URL(incoming.url ?? '/', 'http://supervisor');
  const [, first = '', child = '', action = ''] = url.pathname.split('/').map(decodeURIComponent);
  if (incoming.method === 'GET' && first === 'status') return { code: 200, body: actions.status() };
  if (incoming.method === 'GET' && first === 'children') {
    const found = actions.status().children.find(({ name }) => name === child);
    return found === undefined ? { code: 404, body: { error: `no process "${child}"` } } : { code: 200, body: found };
  }
  if (incoming.method !== 'POST') return { code: 405, body: { error: 'use GET /status or POST' } };
  if (first === 'stop') {
    actions.stop();
    return { code: 202, body: {} };
  }
  if (first === 'hosts') {
    await actions.hosts();
    return { code: 200, body: {} };
  }
  if (first === 'nodes') {
    await actions.nodes();
    return { code: 200, body: actions.status() };
  }
  if (first !== 'children') return { code: 404, body: { error: `no such path: ${url.pathname}` } };
  const done = await actOnChild(actions, { child, action, signal: url.searchParams.get('signal') ?? 'SIGTERM' });
  return done ? { code: 200, body: actions.status() } : { code: 404, body: { error: `no process "${child}", or no action "${action}"` } };
}

async function actOnChild(actions: SupervisorActions, wish: { child: string; action: string; signal: string }): Promise<boolean> {
  switch (wish.action) {
    case 'signal':
      return actions.signal(wish.child, wish.signal as NodeJS.Signals);
    case 'hold':
      return actions.hold(wish.child);
    case 'start':
      return actions.start(wish.child);
    default:
      return false;
  }
}

function answer(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Asks a supervisor; throws {@link SupervisorUnreachable} when nobody answers, Error when it says no. */
export function askSupervisor<T>(socketPath: string, method: 'GET' | 'POST', path: string, timeoutMs = 15_000): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as T & { error?: string };
        if ((response.statusCode ?? 500) < 400) resolve(body);
        else reject(new Error(body.error ?? `the supervisor answered ${response.statusCode ?? 'nothing'}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer in ${timeoutMs / 1_000} s`)));
    call.on('error', (error) => reject(new SupervisorUnreachable(`the supervisor at ${socketPath} does not answer: ${error.message}`)));
    call.end();
  });
}
