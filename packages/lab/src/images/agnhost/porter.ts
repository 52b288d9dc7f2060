/** `agnhost porter`: serves the values of SERVE_…_PORT_N environment variables on port N. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type ProgramContext, untilExit } from '../program.ts';
import { parseFlags } from './flags.ts';
import { errnoText, goLogLine } from './go-text.ts';

/** Runs until it is told to end. A TCP or TLS port that cannot be served is logged, a UDP one ends it with exit code 1. */
export async function porter(context: ProgramContext): Promise<number> {
  const { values } = parseFlags(context.argv, { 'json-response': false });
  const { exited, exit } = untilExit();
  const log = (message: string): void => context.stderr(goLogLine(message));
  for (const [key, value] of Object.entries(context.env)) {
    const match = /^SERVE_(?:(TCP|UDP|SCTP|TLS)_)?PORT_(\d+)$/.exec(key);
    if (match === null) continue;
    const port = Number(match[2]);
    const answer = respond(value, values['json-response']);
    switch (match[1] ?? 'TCP') {
      case 'UDP':
        serveUdp(context, { port, value, log, fatal: () => exit(1) });
        break;
      case 'SCTP':
        void serveSctp(context, port, { value, log });
        break;
      case 'TLS':
        void serveTls(context, port, { answer, log });
        break;
      default:
        serveTcp(context, port, { answer, log });
    }
  }
  return exited;
}

interface HttpAnswer {
  readonly answer: RequestListener;
  readonly log: (message: string) => void;
}

function respond(value: string, json: boolean): RequestListener {
  return (request, response) => {
    response.setHeader('Content-Type', json ? 'application/json' : 'text/plain; charset=utf-8');
    response.end(json ? JSON.stringify({ Method: request.method, Body: value }) : value);
  };
}

function serveTcp(context: ProgramContext, port: number, options: HttpAnswer): void {
  const failed = (error: unknown): void =>
    options.log(`server on port "${port}" failed: listen tcp 0.0.0.0:${port}: bind: ${errnoText(error)}`);
  try {
    context.network.listenTcp(createServer(options.answer), '0.0.0.0', port).on('error', failed);
  } catch (error) {
    failed(error);
  }
}

async function serveTls(context: ProgramContext, port: number, options: HttpAnswer): Promise<void> {
  const certFile = context.env['CERT_FILE'] ?? 'localhost.crt';
  const keyFile = context.env['KEY_FILE'] ?? 'localhost.key';
  const failed = (error: unknown): void =>
    options.log(`tls server on port "${port}" with certFile="${certFile}", keyFile="${keyFile}" failed: ${errnoText(error)}`);
  try {
    const server = createTlsServer({ cert: await context.readFile(certFile), key: await context.readFile(keyFile) }, options.answer);
    context.network.listenTcp(server, '0.0.0.0', port).on('error', failed);
  } catch (error) {
    failed(error);
  }
}

interface UdpAnswer {
  readonly port: number;
  readonly value: string;
  readonly log: (message: string) => void;
  readonly fatal: () => void;
}

function serveUdp(context: ProgramContext, options: UdpAnswer): void {
  const failed = (error: unknown): void => {
    options.log(`UDP: failed to listen on port ${options.port}: listen udp 0.0.0.0:${options.port}: bind: ${errnoText(error)}`);
    options.fatal();
  };
  try {
    const socket = context.network.openUdp('0.0.0.0', options.port);
    socket.on('error', failed);
    socket.on('message', (_, from) => {
      socket.send(options.value, from.port, from.address, () => undefined);
    });
    options.log(`Started UDP server on port ${options.port}`);
  } catch (error) {
    failed(error);
  }
}

/** Says the value to everybody who comes, and ends the association. */
async function serveSctp(
  context: ProgramContext,
  port: number,
  { value, log }: { value: string; log: (message: string) => void },
): Promise<void> {
  try {
    const stack = await context.network.sctp();
    stack.listen(port, (connection) => {
      connection.send(Buffer.from(value));
      connection.close();
      return {};
    });
    log(`Started SCTP server on port ${port}`);
  } catch (error) {
    log(`Failed to listen SCTP on port ${port}. error: ${errnoText(error)}`);
  }
}
