/** The door for exec and attach: tells which protocol the client speaks and accepts it. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest } from '../errors/api-error.ts';
import type { RemoteCommandSession } from './remote-command-session.ts';
import { acceptSpdyCommand } from './spdy-command.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';
import { acceptWebSocketCommand } from './web-socket-command.ts';

/**
 * Accepts an upgrade request of exec or attach (arguments as of the server's `upgrade` event).
 * A request that cannot be served is answered with a Status, and rejected with the same ApiError.
 */
export async function acceptRemoteCommand(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<RemoteCommandSession> {
  const protocol = (request.headers.upgrade ?? '').toLowerCase();
  if (protocol === 'websocket') return await acceptWebSocketCommand(request, socket, head);
  if (protocol === 'spdy/3.1') return await acceptSpdyCommand(request, socket, head);
  const error = badRequest(`unable to upgrade: ${protocol === '' ? 'missing upgrade header' : `${protocol} is not served here`}`);
  refuseUpgrade(socket, error.status);
  throw error;
}
