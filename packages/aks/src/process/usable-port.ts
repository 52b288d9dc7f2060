/** The port that the endpoint had before, as long as nobody else has it now. */
import { createServer } from 'node:net';

/**
 * Answers `port`, or 0 (any that is free) when another program listens there: az keeps the endpoint's URL, but who cannot
 * have it back is better reached at another one than nowhere.
 */
export function usablePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(0) : reject(error)));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(port)));
  });
}
