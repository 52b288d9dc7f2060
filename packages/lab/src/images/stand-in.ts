/**
 * What runs instead of an image that the lab does not have, when the cluster allows stand-ins:
 * every TCP port that the container declares answers HTTP, every UDP port echoes.
 */
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { type Program, type ProgramContext, untilExit } from './program.ts';

/** A port that the stand-in serves. */
export interface StandInPort {
  readonly port: number;
  readonly protocol: string;
}

/** The stand-in of one container. It ends with 0 on SIGTERM, as well-behaved servers do. */
export function standIn(image: string, ports: readonly StandInPort[]): Program {
  return async (context) => {
    const { exited, exit } = untilExit();
    context.stdout(`This is the lab's stand-in for ${image}.\n`);
    for (const { port, protocol } of ports) {
      try {
        serve(context, image, { port, protocol }).on('error', (error: Error) => failed(context, error, exit));
        context.stdout(`Serving port ${port}/${protocol}.\n`);
      } catch (error) {
        failed(context, error, exit);
      }
    }
    context.onSignal(() => exit(0));
    return exited;
  };
}

function failed(context: ProgramContext, error: unknown, exit: (code: number) => void): void {
  context.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
  exit(1);
}

function serve(
  context: ProgramContext,
  image: string,
  target: StandInPort,
): { on(event: 'error', listener: (error: Error) => void): unknown } {
  const { port, protocol } = target;
  switch (protocol) {
    case 'UDP': {
      const socket = context.network.openUdp('::', port);
      socket.on('message', (data, from) => socket.send(data, from.port, from.address, () => undefined));
      return socket;
    }
    case 'TCP': {
      const server = createServer((request, response) => {
        response.setHeader('Content-Type', 'text/plain; charset=utf-8');
        response.end(`${context.hostname} (stand-in for ${image})\n${request.method ?? ''} ${request.url ?? ''}\n`);
      });
      // A client of another protocol must not get the connection reset: it is answered and closed.
      server.on('clientError', (_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
      return context.network.listenTcp(server, '::', port);
    }
    default:
      context.stderr(`Port ${port}/${protocol} is not served: ${protocol} sockets are not available in this lab.\n`);
      return createTcpServer();
  }
}
