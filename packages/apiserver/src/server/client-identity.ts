/**
 * Who a client is: CN and O of its certificate. There is no anonymous access.
 */
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { UserInfo } from './api-message.ts';

/** A connection's certificate does not change, and taking it apart costs more than many a request. */
const known = new WeakMap<TLSSocket, UserInfo>();

/** The user of a connection, or undefined when it showed no certificate that our CA signed. */
export function identify(socket: TLSSocket | undefined): UserInfo | undefined {
  if (socket?.authorized !== true) return undefined;
  const user = known.get(socket) ?? read(socket);
  if (user !== undefined) known.set(socket, user);
  return user;
}

function read(socket: TLSSocket): UserInfo | undefined {
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const subject = certificate.subject as Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  const username = subject?.['CN'];
  if (typeof username !== 'string' || username === '') return undefined;
  const organizations = subject?.['O'];
  const groups = organizations === undefined ? [] : typeof organizations === 'string' ? [organizations] : organizations;
  return { username, groups: [...groups, 'system:authenticated'] };
}
