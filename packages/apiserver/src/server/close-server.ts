/**
 * The end of a server, with all that is connected to it.
 *
 * `close` of Node waits for connections, and what Node offers to end them knows only those that have spoken HTTP:
 * one in the middle of its handshake would go on to be served, and hold the close up for as long as its client likes.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';

/** To be asked for before the server listens; the answer ends it, resolving when nothing of it is left. */
export function closingOf(server: Server): () => Promise<void> {
  const open = new Set<Socket | ServerHttp2Session>();
  let isClosing = false;
  const follow = (connection: Socket | ServerHttp2Session): void => {
    if (isClosing) {
      connection.destroy();
      return;
    }
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  };
  // Below TLS, above it, and in HTTP/2: each ends by itself.
  for (const event of ['connection', 'secureConnection', 'session']) server.on(event, follow);
  return () =>
    new Promise((resolve) => {
      isClosing = true;
      server.close(() => resolve());
      for (const connection of open) connection.destroy();
    });
}
