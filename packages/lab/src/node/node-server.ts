/**
 * The kubelet's server of this node, on a unix socket: exec, attach and logs. Only the API server
 * calls it; the socket's mode is its authentication.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { acceptPortForward, acceptRemoteCommand, type RemoteCommandSession, refuseUpgrade } from '@weir/apiserver';
import type { Status } from '@weir/kube';
import { SandboxStartError } from '../sandbox/sandbox-process.ts';
import type { ClientStreams } from './client-streams.ts';
import { dialPodPort } from './dial-pod-port.ts';
import type { PodWorker } from './pod-worker.ts';
import { type LogSelection, readContainerLog } from './read-container-log.ts';

/** Finds the pod of this node with that name. */
export type PodLookup = (namespace: string, name: string) => PodWorker | undefined;

/** Listens on the socket, mode 0600; an old socket file is replaced. */
export async function openNodeServer(path: string, findPod: PodLookup): Promise<Server> {
  const server = createServer((request, response) => answer(request, response, findPod));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    if (request.url?.startsWith('/portForward/') === true) servePortForward(request, { socket, head }, findPod);
    else void serveRemoteCommand(request, { socket, head }, findPod);
  });
  server.requestTimeout = 0;
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, 0o600);
  return server;
}

/** `/portForward/NAMESPACE/POD`. */
function servePortForward(
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  findPod: PodLookup,
): void {
  const [, , namespace = '', name = ''] = new URL(request.url ?? '/', 'http://node').pathname.split('/').map(decodeURIComponent);
  const worker = findPod(namespace, name);
  if (worker === undefined || worker.netns === '') {
    const status: Status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `unable to forward port because pod is not running. Current status=${worker?.pod.status?.phase ?? 'Pending'}`,
      reason: 'BadRequest',
      code: 400,
    };
    refuseUpgrade(socket, status);
    return;
  }
  acceptPortForward(request, socket, head, (port) => dialPodPort(worker, port));
}

interface Target {
  readonly verb: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly query: URLSearchParams;
}

function parseTarget(request: IncomingMessage): Target | undefined {
  const url = new URL(request.url ?? '/', 'http://node');
  const [, verb, namespace, pod, container, ...rest] = url.pathname.split('/').map(decodeURIComponent);
  if (verb === undefined || namespace === undefined || pod === undefined || container === undefined || rest.length > 0) return undefined;
  return { verb, namespace, pod, container, query: url.searchParams };
}

async function serveRemoteCommand(
  request: IncomingMessage,
  connection: { readonly socket: Duplex; readonly head: Buffer },
  findPod: PodLookup,
): Promise<void> {
  const target = parseTarget(request);
  let session: RemoteCommandSession;
  try {
    session = await acceptRemoteCommand(request, connection.socket, connection.head);
  } catch {
    return; // The client has been answered.
  }
  try {
    await runRemoteCommand(session, target, findPod);
  } catch (error) {
    await session.finish({ error: failureText(error) }).catch(() => undefined);
  }
}

async function runRemoteCommand(session: RemoteCommandSession, target: Target | undefined, findPod: PodLookup): Promise<void> {
  const found = target === undefined ? undefined : findPod(target.namespace, target.pod)?.container(target.container)?.options.container;
  if (target === undefined || found === undefined || !found.running) {
    await session.finish({ error: `container not found ("${target?.container ?? ''}")` });
    return;
  }
  const client = clientStreams(session);
  if (target.verb === 'attach') {
    await found.attach(client);
    await session.finish({ exitCode: 0 });
    return;
  }
  await session.finish({ exitCode: (await found.exec(session.command, client)) & 255 });
}

function clientStreams(session: RemoteCommandSession): ClientStreams {
  const { stdin, stdout, stderr, tty, signal } = session;
  return {
    ...(stdin === undefined ? {} : { stdin }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    tty,
    signal,
    onResize: (callback) => session.onResize(({ width, height }) => callback({ columns: width, rows: height })),
  };
}

/** The words of a kubelet with containerd. */
function failureText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = error instanceof SandboxStartError ? `failed to start exec: OCI runtime exec failed: ${message}: unknown` : message;
  return `error executing command in container: failed to exec in container: ${reason}`;
}

function answer(request: IncomingMessage, response: ServerResponse, findPod: PodLookup): void {
  const target = parseTarget(request);
  if (request.method === 'GET' && request.url === '/healthz') {
    response.end('ok');
    return;
  }
  if (target === undefined || target.verb !== 'containerLogs' || request.method !== 'GET') {
    sendError(response, 404, 'NotFound', `there is no ${request.method ?? ''} ${request.url ?? ''} here`);
    return;
  }
  const lifecycle = findPod(target.namespace, target.pod)?.container(target.container);
  if (lifecycle === undefined) {
    const text = `container ${target.container} of pod ${target.pod} in namespace ${target.namespace} is not on this node`;
    sendError(response, 404, 'NotFound', text);
    return;
  }
  const previous = isTrue(target.query.get('previous'));
  const log = lifecycle.options.container.log(previous);
  if (log === undefined) {
    const reason = lifecycle.facts.state.waiting?.reason ?? 'ContainerCreating';
    const text = previous
      ? `previous terminated container "${target.container}" in pod "${target.pod}" not found`
      : `container "${target.container}" in pod "${target.pod}" is waiting to start: ${reason}`;
    sendError(response, 400, 'BadRequest', text);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  // What breaks off on the client's side ends here; a file that cannot be read breaks the answer off.
  pipeline(Readable.from(readContainerLog(log, logSelection(target.query), gone.signal)), response).catch(() => undefined);
}

function logSelection(query: URLSearchParams): LogSelection {
  const count = (name: string): number | undefined => {
    const text = query.get(name);
    return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const seconds = count('sinceSeconds');
  const sinceTime = Date.parse(query.get('sinceTime') ?? '');
  const sinceMs = seconds !== undefined ? Date.now() - seconds * 1000 : Number.isNaN(sinceTime) ? undefined : sinceTime;
  const tailLines = count('tailLines');
  const limitBytes = count('limitBytes');
  return {
    timestamps: isTrue(query.get('timestamps')),
    follow: isTrue(query.get('follow')),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** Query values as Kubernetes reads them: absent, `0` and `false` are false. */
function isTrue(text: string | null): boolean {
  return text !== null && text !== '0' && text.toLowerCase() !== 'false';
}

function sendError(response: ServerResponse, code: number, reason: string, ...[message]: [string]): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }));
}
