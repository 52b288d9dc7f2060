/** `agnhost serve-hostname`: answers every TCP connection, datagram or HTTP request with the hostname. */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { type ProgramContext, untilExit } from '../program.ts';
import { parseFlags } from './flags.ts';
import { errnoText, goLogLine, joinHostPort } from './go-text.ts';

/** How long it goes on serving after SIGTERM, so that a pod that is being deleted still answers. */
const awaitDeletionMs = 60_000;

/** Runs until 60 seconds after SIGTERM; every failure to listen ends it with exit code 1. */
export async function serveHostname(context: ProgramContext): Promise<number> {
  const { values } = parseFlags(context.argv, { tcp: false, udp: false, http: true, close: false, port: 9376 });
  const log = (message: string): void => context.stderr(goLogLine(message));
  if (values.http && (values.tcp || values.udp)) {
    log("Can't server TCP/UDP mode and HTTP mode at the same time");
    return 1;
  }
  const { exited, exit } = untilExit();
  const fatal = (what: string, call: string) => (error: unknown) => {
    log(`${what}${call} :${values.port}: bind: ${errnoText(error)}`);
    exit(1);
  };
  if (values.tcp) guarded(() => serveTcp(context, values.port, log), fatal('Error from net.Listen(): ', 'listen tcp'));
  if (values.udp) guarded(() => serveUdp(context, values.port, log), fatal('Error from ListenUDP(): ', 'listen udp'));
  if (values.http) guarded(() => serveHttp(context, values, log), fatal('', 'listen tcp'));
  log(`Serving on port ${values.port}.`);
  let timer: NodeJS.Timeout | undefined;
  context.onSignal((signal) => {
    if (signal !== 'SIGTERM') return exit(2);
    if (timer !== undefined) return;
    log('Shutting down after receiving signal: terminated.');
    log('Awaiting pod deletion.');
    timer = setTimeout(() => exit(0), awaitDeletionMs);
    // The program may be killed meanwhile; its timer must not keep the process of others alive.
    timer.unref();
  });
  return exited;
}

/** A server or socket that may fail now or by event. */
interface Fallible {
  on(event: 'error', listener: (error: Error) => void): unknown;
}

function guarded(start: () => Fallible, onError: (error: unknown) => void): void {
  try {
    start().on('error', onError);
  } catch (error) {
    onError(error);
  }
}

function serveTcp(context: ProgramContext, port: number, log: (message: string) => void): Fallible {
  const server = createServer((client) => {
    log(`TCP request from ${joinHostPort(client.remoteAddress, client.remotePort)}`);
    client.on('error', () => undefined);
    client.resume();
    client.end(context.hostname);
  });
  return context.network.listenTcp(server, '::', port);
}

function serveUdp(context: ProgramContext, port: number, log: (message: string) => void): Fallible {
  const socket = context.network.openUdp('::', port);
  socket.on('message', (_, from) => {
    log(`UDP request from ${joinHostPort(from.address, from.port)}`);
    socket.send(context.hostname, from.port, from.address, () => undefined);
  });
  return socket;
}

function serveHttp(
  context: ProgramContext,
  options: { readonly port: number; readonly close: boolean },
  log: (message: string) => void,
): Fallible {
  const server = createHttpServer((request, response) => {
    log(`HTTP request from ${joinHostPort(request.socket.remoteAddress, request.socket.remotePort)}`);
    if (options.close) response.setHeader('Connection', 'close');
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end(context.hostname);
  });
  return context.network.listenTcp(server, '::', options.port);
}
