/** Upgraded connections: through the API server to a node whose programs echo, with frames of every sort. */
import http from 'node:http';
import { PassThrough } from 'node:stream';
import { Random } from '@weir/testkit';
import { acceptPortForward, acceptRemoteCommand, type RemoteCommandSession } from '../../src/index.ts';
import { FuzzLog, type FuzzRange, type FuzzReport, faultText, inTime, seedOf } from './fuzz-report.ts';
import { type FuzzedServer, refurnish } from './fuzzed-server.ts';
import { spdyFrames, webSocketFrames } from './hostile-frames.ts';
import { number, text } from './hostile-values.ts';
import { RawConnection } from './raw-connection.ts';

const lanes = 8;

/** A node's server that listens where the fuzzed server looks for it. */
export async function startEchoNode(socketPath: string): Promise<http.Server> {
  const node = http.createServer((_request, response) => response.end('a line\n'));
  node.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/portForward') === true) acceptPortForward(request, socket, head, async () => new PassThrough());
    else acceptRemoteCommand(request, socket, head).then(echo, () => undefined);
  });
  await new Promise<void>((resolve) => {
    node.listen(socketPath, resolve);
  });
  return node;
}

async function echo(session: RemoteCommandSession): Promise<void> {
  const { stdin, stdout, stderr } = session;
  session.onResize(() => undefined);
  stderr?.write('begun\n');
  stdin?.on('error', () => undefined);
  stdout?.on('error', () => undefined);
  if (stdin !== undefined && stdout !== undefined) stdin.pipe(stdout, { end: false });
  else stdin?.resume();
  await new Promise<void>((resolve) => {
    session.signal.addEventListener('abort', () => resolve(), { once: true });
    stdin?.once('end', () => resolve());
    if (stdin === undefined) resolve();
  });
  await session.finish({ exitCode: 0 });
}

/** Runs them. */
export async function fuzzStreams(fuzzed: FuzzedServer, range: FuzzRange): Promise<FuzzReport> {
  const log = new FuzzLog(range);
  await refurnish(fuzzed);
  let next = range.first;
  const work = async (): Promise<void> => {
    while (next < range.first + range.count) {
      const index = next;
      next += 1;
      try {
        log.count(await inTime(oneConnection(fuzzed, new Random(seedOf(range, index)))));
      } catch (error) {
        log.find(index, faultText(error), 'a stream');
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  const alive = await fuzzed.server.request('GET', '/livez');
  if (alive.text !== 'ok') log.find(next, 'the server does not answer any more', alive.text);
  for (const fault of fuzzed.takeFaults()) log.find(next, faultText(fault), 'one of these streams');
  return log.report();
}

/** The status that the upgrade was answered with. */
async function oneConnection(fuzzed: FuzzedServer, random: Random): Promise<number> {
  const action = random.pick(['exec', 'exec', 'attach', 'portforward']);
  const isSpdy = random.chance(0.5);
  const sender = random.chance(0.95) ? 'admin' : 'stranger';
  const connection = new RawConnection(fuzzed, sender);
  connection.write(Buffer.from(upgradeHead(random, action, isSpdy), 'latin1'));
  const answer = await connection.answer('POST');
  if (answer !== undefined && sender === 'stranger' && answer.status !== 401) throw new Error(`a stranger is answered ${answer.status}`);
  if (answer !== undefined && answer.status >= 500) throw new Error(`status ${answer.status}: ${answer.text}`);
  if (answer?.status === 101) {
    const isRight = random.chance(0.9);
    connection.write(isSpdy === isRight ? await spdyFrames(random) : webSocketFrames(random));
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 3)));
  }
  connection.destroy();
  await connection.closed();
  return answer?.status ?? 0;
}

function upgradeHead(random: Random, action: string, isSpdy: boolean): string {
  const flags = ['stdin', 'stdout', 'stderr', 'tty'].filter(() => random.chance(0.6)).map((flag) => `${flag}=true`);
  const query = [
    ...flags,
    `command=${encodeURIComponent(Buffer.from(text(random)).toString())}`,
    ...(random.chance(0.1) ? [`container=${number(random)}`] : []),
  ].join('&');
  const isForward = action === 'portforward';
  const protocols = isForward
    ? isSpdy
      ? 'portforward.k8s.io'
      : 'SPDY/3.1+portforward.k8s.io'
    : random.pick(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.channel.k8s.io, v5.channel.k8s.io']);
  const upgrade = isSpdy
    ? ['upgrade: SPDY/3.1', `x-stream-protocol-version: ${protocols}`]
    : [
        'upgrade: websocket',
        'sec-websocket-version: 13',
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
        `sec-websocket-protocol: ${protocols}`,
      ];
  const path = `/api/v1/namespaces/open/pods/one/${action}?${query}`;
  return `${[`${isSpdy ? 'POST' : 'GET'} ${path} HTTP/1.1`, 'host: x', 'connection: Upgrade', ...upgrade].join('\r\n')}\r\n\r\n`;
}
