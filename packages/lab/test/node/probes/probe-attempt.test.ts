import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import type { Probe } from '@weir/kube';
import { afterEach, describe, expect, it } from 'vitest';
import type { CommandOutcome, ContainerTarget } from '../../../src/node/container-target.ts';
import { attemptProbe, type ProbeOutcome } from '../../../src/node/probes/probe-attempt.ts';

const closing: (Server | Http2Server)[] = [];
afterEach(() => {
  for (const server of closing.splice(0)) server.close();
});

async function listen(server: Server | Http2Server): Promise<number> {
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return ((server as TcpServer).address() as AddressInfo).port;
}

const noCommand = (): Promise<CommandOutcome> => Promise.reject(new Error('no command is expected'));
const target = (port: number, run: ContainerTarget['run'] = noCommand): ContainerTarget => ({
  container: { name: 'main', ports: [{ name: 'web', containerPort: port }] },
  host: '127.0.0.1',
  run,
});
const attempt = (probe: Probe, on: ContainerTarget): Promise<ProbeOutcome> => attemptProbe(probe, on, new AbortController().signal);
const httpGet = { path: '/ready?full=1', port: 'web' };

/** A port on which nobody listens: it was given out a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a probe over HTTP', () => {
  it('asks as a kubelet, with the headers of the probe', async () => {
    const seen: unknown[] = [];
    const port = await listen(
      createServer(({ url, headers }, response) => {
        seen.push([url, headers['user-agent'], headers['host'], headers['x-extra']]);
        response.end('fine');
      }),
    );
    const httpHeaders = [
      { name: 'Host', value: 'name.example' },
      { name: 'X-Extra', value: 'yes' },
    ];
    expect(await attempt({ httpGet: { ...httpGet, httpHeaders } }, target(port))).toEqual({ kind: 'success', output: 'fine' });
    expect(seen).toEqual([['/ready?full=1', 'kube-probe/1.35', 'name.example', 'yes']]);
  });

  it.each([
    [200, 'success'],
    [399, 'success'],
    [400, 'failure'],
    [503, 'failure'],
  ])('takes status %i as a %s', async (statusCode, kind) => {
    const port = await listen(createServer((_, response) => response.writeHead(statusCode).end()));
    const outcome = await attempt({ httpGet }, target(port));
    expect(outcome.kind).toBe(kind);
    if (kind === 'failure') expect(outcome.output).toBe(`HTTP probe failed with statuscode: ${statusCode}`);
  });

  it('follows redirections on the same host and no others, ten of them', async () => {
    const port = await listen(
      createServer(({ url }, response) => {
        const location = { '/same': '/ready', '/other': 'http://other.example/', '/loop': '/loop' }[url ?? ''];
        response.writeHead(location === undefined ? 418 : 302, location === undefined ? {} : { location }).end();
      }),
    );
    const by = (path: string): Promise<ProbeOutcome> => attempt({ httpGet: { path, port } }, target(port));
    expect((await by('/same')).output).toBe('HTTP probe failed with statuscode: 418');
    expect((await by('/other')).kind).toBe('success');
    expect((await by('/loop')).output).toBe(`Get "http://127.0.0.1:${port}/loop": stopped after 10 redirects`);
  });

  it('says why there is no answer', async () => {
    const silent = await listen(createServer(() => undefined));
    expect(await attempt({ httpGet }, target(silent))).toEqual({
      kind: 'failure',
      output: `Get "http://127.0.0.1:${silent}/ready?full=1": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
    closing.splice(0).forEach((server) => (server as Server).closeAllConnections());
    const closed = await freePort();
    expect((await attempt({ httpGet }, target(closed))).output).toBe(
      `Get "http://127.0.0.1:${closed}/ready?full=1": dial tcp 127.0.0.1:${closed}: connect: connection refused`,
    );
  });

  it('of a port that the container does not have says nothing about the container', async () => {
    expect(await attempt({ httpGet: { port: 'none' } }, target(80))).toEqual({ kind: 'error', output: "couldn't find port: none" });
  });
});

describe('a probe over TCP', () => {
  it('succeeds where somebody listens', async () => {
    const port = await listen(createServer());
    expect((await attempt({ tcpSocket: { port: 'web' } }, target(port))).kind).toBe('success');
    const closed = await freePort();
    expect(await attempt({ tcpSocket: { port: closed } }, target(port))).toEqual({
      kind: 'failure',
      output: `dial tcp 127.0.0.1:${closed}: connect: connection refused`,
    });
  });
});

describe('a probe by command', () => {
  it.each([
    [
      { exitCode: 0, output: 'good' },
      { kind: 'success', output: 'good' },
    ],
    [
      { exitCode: 3, output: 'bad' },
      { kind: 'failure', output: 'bad' },
    ],
  ])('judges by the exit code: %j', async (outcome, expected) => {
    expect(
      await attempt(
        { exec: { command: ['x'] } },
        target(80, () => Promise.resolve(outcome)),
      ),
    ).toEqual(expected);
  });

  it('fails when the command takes too long', async () => {
    const untilKilled: ContainerTarget['run'] = (_, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ exitCode: 137, output: '' })));
    expect((await attempt({ exec: { command: ['sleep', '9'] } }, target(80, untilKilled))).output).toContain(
      'command timed out: "sleep 9"',
    );
  });

  it('that cannot be started says nothing about the container', async () => {
    expect(
      await attempt(
        { exec: { command: ['x'] } },
        target(80, () => Promise.reject(new Error('not found'))),
      ),
    ).toEqual({
      kind: 'error',
      output: 'not found',
    });
  });
});

describe('a probe over gRPC', () => {
  /** Answers health questions with `status`; other gRPC calls are not implemented. */
  const grpcServer = (status: number, code = '0'): Http2Server => {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      const body: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => body.push(chunk));
      stream.on('end', () => {
        const service = Buffer.concat(body).subarray(7).toString();
        const isHealth = headers[':path'] === '/grpc.health.v1.Health/Check' && headers['content-type'] === 'application/grpc';
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isHealth ? code : '12' }));
        stream.end(service === 'other' ? Buffer.of(0, 0, 0, 0, 2, 8, 2) : Buffer.of(0, 0, 0, 0, 2, 8, status));
      });
    });
    return server;
  };

  it('succeeds while the service serves', async () => {
    const port = await listen(grpcServer(1));
    expect(await attempt({ grpc: { port } }, target(80))).toEqual({ kind: 'success', output: 'service healthy' });
    expect(await attempt({ grpc: { port, service: 'other' } }, target(80))).toEqual({
      kind: 'failure',
      output: 'service unhealthy (responded with "NOT_SERVING")',
    });
  });

  it('says why there is no answer', async () => {
    const port = await listen(grpcServer(1, '12'));
    expect((await attempt({ grpc: { port } }, target(80))).output).toContain('does not implement the grpc health protocol');
    const closed = await freePort();
    expect((await attempt({ grpc: { port: closed } }, target(80))).output).toBe(
      `failed to connect service "127.0.0.1:${closed}": connection refused`,
    );
  });
});
