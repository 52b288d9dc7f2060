/** What is no request: bytes on a connection, with TLS or without. */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Random } from '@weir/testkit';
import type { ArmEndpoint } from '../support/arm-endpoint.ts';
import { damaged } from './hostile-values.ts';

const answerMs = 20_000;

/** Sends some, and answers what came back; a problem when the connection stays open although it was told that nothing follows. */
export async function sendHostileBytes(
  random: Random,
  endpoint: ArmEndpoint,
): Promise<{ readonly sent: Buffer; readonly heard: string; readonly problem?: string }> {
  const isTls = random.chance(0.8);
  const { port } = endpoint.arm;
  const socket: Socket = isTls
    ? connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: endpoint.authority, ALPNProtocols: ['http/1.1'] })
    : connectPlain({ host: '127.0.0.1', port });
  const heard: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => heard.push(bytes));
  socket.on('error', () => undefined);
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const sent = hostileBytes(random);
  socket.end(sent);
  let timer: NodeJS.Timeout | undefined;
  const isClosed = await Promise.race([closed, new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), answerMs)))]);
  clearTimeout(timer);
  socket.destroy();
  const text = Buffer.concat(heard).toString('latin1');
  return isClosed ? { sent, heard: text } : { sent, heard: text, problem: `the connection is open after ${answerMs} ms` };
}

function hostileBytes(random: Random): Buffer {
  const head = random.pick([
    'GET /metadata/endpoints?api-version=2022-09-01 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /subscriptions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /adfs/oauth2/v2.0/token HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\na=b',
    'POST /adfs/oauth2/v2.0/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\na=b',
    'GET http://169.254.169.254/metadata HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `GET /${'a/'.repeat(3_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
  ]);
  const bytes = Buffer.from(head);
  return random.chance(0.6) ? damaged(random, bytes) : bytes;
}
