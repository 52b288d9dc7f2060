/** `agnhost netexec`: an HTTP(S) server with endpoints for network tests, and a UDP server beside it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type ProgramContext, untilExit } from '../program.ts';
import { parseFlags } from './flags.ts';
import { errnoText, formatGoDuration, goLogLine, joinHostPort, parseGoDuration } from './go-text.ts';
import { dial } from './netexec-dial.ts';

interface Netexec {
  readonly context: ProgramContext;
  readonly log: (message: string) => void;
  readonly exit: (code: number) => void;
  /** Closes the HTTP server, waits at most so many milliseconds for open connections, then exits. */
  readonly shutdown: (code: number, timeoutMs: number) => void;
  /** Whether the UDP server is up, which is what /healthz reports. */
  udpReady: boolean;
}

type Endpoint = (netexec: Netexec, exchange: Exchange) => void | Promise<void>;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

/** Runs until /exit, /shutdown or a signal ends it; a port that is taken ends it with exit code 1. */
export async function netexec(context: ProgramContext): Promise<number> {
  const { values } = parseFlags(context.argv, {
    'http-port': 8080,
    'udp-port': 8081,
    'sctp-port': -1,
    'udp-listen-addresses': '',
    'http-override': '',
    'tls-cert-file': '',
    'tls-private-key-file': '',
  });
  const { exited, exit } = untilExit();
  const log = (message: string): void => context.stderr(goLogLine(message));
  let server: Server | undefined;
  const shutdown = (code: number, timeoutMs: number): void => {
    const timer = setTimeout(() => exit(code), timeoutMs);
    server?.close(() => {
      clearTimeout(timer);
      log('Graceful shutdown completed with: <nil>');
      exit(code);
    });
    server?.closeIdleConnections();
  };
  const state: Netexec = { context, log, exit, shutdown, udpReady: false };
  if (values['udp-port'] !== -1) serveUdp(state, values['udp-port'], values['udp-listen-addresses']);
  if (values['sctp-port'] !== -1) void serveSctp(state, values['sctp-port']);
  const fatal = (error: unknown): void => {
    log(`listen tcp :${values['http-port']}: bind: ${errnoText(error)}`);
    exit(1);
  };
  log(`Started HTTP server on port ${values['http-port']}`);
  try {
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      void serve(state, values['http-override'], { request, response });
    const cert = values['tls-cert-file'];
    server =
      cert === ''
        ? createServer(listener)
        : createTlsServer({ cert: await context.readFile(cert), key: await context.readFile(values['tls-private-key-file']) }, listener);
    context.network.listenTcp(server, '::', values['http-port']).on('error', fatal);
  } catch (error) {
    fatal(error);
  }
  return exited;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/clientip': ({ log }, { request, response }) => {
    log('GET /clientip');
    response.end(joinHostPort(request.socket.remoteAddress, request.socket.remotePort));
  },
  '/dial': async ({ context, log }, { response, query }) => {
    const text = (name: string): string => query.get(name) ?? '';
    log(
      `GET /dial?host=${text('host')}&protocol=${text('protocol')}&port=${text('port')}&request=${text('request')}&tries=${text('tries')}`,
    );
    const answer = await dial(context.network, query);
    if (answer.status !== 200) response.statusCode = answer.status;
    response.end(answer.body);
  },
  '/echo': ({ log }, { response, query }) => {
    const code = query.get('code') ?? '';
    log(`GET /echo?msg=${query.get('msg') ?? ''}&code=${code}`);
    if (code !== '' && !/^[+-]?\d+$/.test(code)) {
      response.end(`argument 'code' must be an integer or empty, got ${JSON.stringify(code)}\n`);
      return;
    }
    if (code !== '') response.statusCode = validStatus(Number(code));
    response.end(query.get('msg') ?? '');
  },
  '/exit': exitEndpoint,
  '/healthz': ({ log, udpReady }, { response }) => {
    log('GET /healthz');
    response.statusCode = udpReady ? 200 : 412;
    response.end();
  },
  '/hostName': hostnameEndpoint,
  '/hostname': hostnameEndpoint,
  '/redirect': ({ log }, { response, query }) => {
    const code = query.get('code') ?? '';
    log(`GET /redirect?location=${query.get('location') ?? ''}&code=${code}`);
    response.writeHead(code === '' ? 302 : validStatus(Number(code)), { Location: query.get('location') ?? '' });
    response.end();
  },
  '/shell': async ({ context, log }, { response, query }) => {
    const command = query.get('shellCommand') ?? query.get('cmd') ?? '';
    log(`GET /shell?cmd=${command}`);
    const { output, exitCode } = await context.shell(command);
    const body = { ...(output === '' ? {} : { output }), ...(exitCode === 0 ? {} : { error: `exit status ${exitCode}` }) };
    response.end(JSON.stringify(body));
  },
  '/shutdown': ({ log, exit }) => {
    log('GET /shutdown');
    exit(0);
  },
  '/upload': ({ log }, { response }) => {
    log('GET /upload');
    response.end(JSON.stringify({ error: 'Unable to upload file. The built-in agnhost of the lab has no disk to keep it on.' }));
  },
};

async function serve(state: Netexec, override: string, exchange: Pick<Exchange, 'request' | 'response'>): Promise<void> {
  const { request, response } = exchange;
  const url = new URL(override === '' ? (request.url ?? '/') : override, 'http://netexec');
  const endpoint = Object.hasOwn(endpoints, url.pathname) ? endpoints[url.pathname] : undefined;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  try {
    const query = await formValues(request, url);
    if (endpoint !== undefined) return await endpoint(state, { request, response, query });
    state.log('GET /');
    response.end(`NOW: ${new Date().toISOString().replace('T', ' ').replace('Z', ' +0000 UTC')}`);
  } catch (error) {
    if (!response.headersSent) response.statusCode = 500;
    response.end(errnoText(error));
  }
}

/** Go's FormValue: a url-encoded body of a POST goes before the query of the URL. */
async function formValues(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true) return url.searchParams;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 1 << 20) throw new Error('http: request body too large');
    chunks.push(chunk);
  }
  const body = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  for (const [name, value] of url.searchParams) body.append(name, value);
  return body;
}

function hostnameEndpoint({ context, log }: Netexec, { response }: Exchange): void {
  log('GET /hostname');
  response.end(context.hostname);
}

function exitEndpoint({ log, exit, shutdown }: Netexec, { response, query }: Exchange): void {
  const text = (name: string): string => query.get(name) ?? '';
  log(`GET /exit?code=${text('code')}&timeout=${text('timeout')}&wait=${text('wait')}`);
  const durations = { timeout: 0, wait: 0 };
  for (const name of ['timeout', 'wait'] as const) {
    const parsed = text(name) === '' ? 0 : parseGoDuration(text(name));
    if (parsed === undefined) {
      response.end(`argument '${name}' must be a valid golang duration or empty, got ${JSON.stringify(text(name))}\n`);
      return;
    }
    durations[name] = parsed;
  }
  if (text('code') !== '' && !/^[+-]?\d+$/.test(text('code'))) {
    response.end(`argument 'code' must be an integer [0-127] or empty, got ${JSON.stringify(text('code'))}\n`);
    return;
  }
  const code = Number(text('code'));
  log(
    `Will begin shutdown in ${formatGoDuration(durations.wait)}, allowing ${formatGoDuration(durations.timeout)} for connections to close, then will exit with ${code}`,
  );
  setTimeout(() => {
    if (durations.timeout === 0) return exit(code);
    response.end();
    shutdown(code, durations.timeout);
  }, durations.wait);
}

function validStatus(code: number): number {
  return Number.isInteger(code) && code >= 100 && code <= 999 ? code : 500;
}

function serveUdp(state: Netexec, port: number, listenAddresses: string): void {
  const { context, log, exit } = state;
  const failed = (error: unknown): void => {
    log(`listen udp :${port}: bind: ${errnoText(error)}`);
    exit(1);
  };
  for (const address of listenAddresses === '' ? ['::'] : listenAddresses.split(',')) {
    try {
      const socket = context.network.openUdp(address.trim(), port);
      socket.on('error', failed);
      socket.on('message', (data, from) => {
        const answer = datagramAnswer(context.hostname, data.toString('utf8').trim(), joinHostPort(from.address, from.port));
        if (answer !== undefined) socket.send(answer, from.port, from.address, () => undefined);
      });
      log(`Started UDP server on port ${address === '::' ? '' : `${address} `}${port}`);
      state.udpReady = true;
    } catch (error) {
      failed(error);
    }
  }
}

/** The same commands as over UDP. */
async function serveSctp({ context, log, exit }: Netexec, port: number): Promise<void> {
  try {
    const stack = await context.network.sctp();
    stack.listen(port, (connection) => ({
      message: (data) => {
        const client = joinHostPort(connection.remoteAddress, connection.remotePort);
        const answer = datagramAnswer(context.hostname, data.toString('utf8').trim(), client);
        if (answer !== undefined && answer !== '') connection.send(Buffer.from(answer));
      },
    }));
    log(`Started SCTP server on port ${port}`);
  } catch (error) {
    log(`Failed to listen SCTP on port ${port}. error: ${errnoText(error)}`);
    exit(1);
  }
}

/** Commands are matched without regard to case; an unknown one is not answered. */
function datagramAnswer(hostname: string, command: string, client: string): string | undefined {
  const lower = command.toLowerCase();
  if (lower === 'hostname') return hostname;
  if (lower.startsWith('echo ')) return command.slice('echo '.length);
  return lower === 'clientip' ? client : undefined;
}
