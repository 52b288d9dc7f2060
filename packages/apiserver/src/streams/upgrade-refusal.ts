/**
 * Answers an upgrade request with an ordinary HTTP error: Node gives no response object for those.
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Status } from '@weir/kube';

/** How long the other side may take to close a connection that is over. */
const farewellMs = 1_000;

/** Writes `status` as the whole answer and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: Status, headers: Readonly<Record<string, string>> = {}): void {
  // Whoever is refused may be gone already; there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  const body = JSON.stringify(status);
  const lines = [
    `HTTP/1.1 ${status.code} ${STATUS_CODES[status.code] ?? 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.once('finish', () => setTimeout(() => socket.destroy(), farewellMs).unref());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
