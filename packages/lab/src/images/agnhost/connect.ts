/**
 * `agnhost connect HOST:PORT`: tries one connection. Silence and exit code 0 mean success; every
 * failure is one line on standard error with a fixed first word, and exit code 1.
 */
import { isIP } from 'node:net';
import { LookupError, type NetworkDoor, type ProgramContext } from '../program.ts';
import { FlagError, parseFlags } from './flags.ts';
import { errnoText, errorCode, joinHostPort, parseGoDuration, splitHostPort } from './go-text.ts';

interface Target {
  readonly host: string;
  readonly port: number;
  /** Addresses in the order to try them. */
  readonly addresses: readonly string[];
}

/** One attempt; resolves with the exit code. */
export async function connect(context: ProgramContext): Promise<number> {
  const { values, positional } = parseFlags(context.argv, {
    timeout: '0s',
    protocol: 'tcp',
    'udp-data': 'hostname',
    'sctp-data': 'hostname',
  });
  const timeoutMs = parseGoDuration(values.timeout);
  if (timeoutMs === undefined) {
    throw new FlagError(`invalid argument "${values.timeout}" for "--timeout" flag: time: invalid duration "${values.timeout}"`);
  }
  if (positional.length !== 1) throw new FlagError(`accepts 1 arg(s), received ${positional.length}`);
  const [destination] = positional;
  const failure = await attempt(context.network, {
    ...values,
    destination: destination ?? '',
    timeoutMs,
    data: `${values['udp-data']}\n`,
    sctpData: `${values['sctp-data']}\n`,
  });
  if (failure === undefined) return 0;
  context.stderr(failure.endsWith('\n') ? failure : `${failure}\n`);
  return 1;
}

interface Attempt {
  readonly protocol: string;
  readonly destination: string;
  readonly timeoutMs: number;
  readonly data: string;
  readonly sctpData: string;
}

/** The line to print, or undefined when the connection worked. */
async function attempt(network: NetworkDoor, options: Attempt): Promise<string | undefined> {
  switch (options.protocol) {
    case '':
    case 'tcp': {
      const parts = splitHostPort(options.destination);
      if ('error' in parts) return `UNKNOWN: ${parts.error}`;
      const target = await resolve(network, 'tcp', parts);
      return typeof target === 'string' ? `DNS: ${target}` : connectTcp(network, target, options.timeoutMs);
    }
    case 'udp': {
      const parts = splitHostPort(options.destination);
      if ('error' in parts) return `DNS: ${parts.error}`;
      const target = await resolve(network, 'udp', parts);
      return typeof target === 'string' ? `DNS: ${target}` : connectUdp(network, target, options);
    }
    case 'sctp': {
      const parts = splitHostPort(options.destination);
      if ('error' in parts) return `DNS: ${parts.error}`;
      const target = await resolve(network, 'tcp', parts);
      return typeof target === 'string' ? `DNS: ${target}` : connectSctp(network, target, { ...options, data: options.sctpData });
    }
    default:
      return `Unsupported protocol\n${options.protocol}\n`;
  }
}

/** Name resolution comes before the time limit, as in the original. An error text when it fails. */
async function resolve(network: NetworkDoor, protocol: string, parts: { host: string; port: string }): Promise<Target | string> {
  const port = parts.port === '' ? 0 : Number(parts.port);
  if (!Number.isInteger(port)) return `lookup ${protocol}/${parts.port}: unknown port`;
  if (port < 0 || port > 65535) return `address ${parts.port}: invalid port`;
  const host = parts.host === '' ? '127.0.0.1' : parts.host;
  if (isIP(host) !== 0) return { host, port, addresses: [host] };
  try {
    return { host, port, addresses: await network.lookup(host) };
  } catch (error) {
    if (error instanceof LookupError) return `lookup ${host}${error.message}`;
    throw error;
  }
}

async function connectTcp(network: NetworkDoor, target: Target, timeoutMs: number): Promise<string | undefined> {
  const deadline = timeoutMs > 0 ? Date.now() + timeoutMs : undefined;
  let failure = 'OTHER: no address';
  for (const [index, address] of target.addresses.entries()) {
    // The time is shared out evenly among the addresses that are left.
    const left = deadline === undefined ? undefined : Math.max(1, (deadline - Date.now()) / (target.addresses.length - index));
    const outcome = await dialTcp(network, address, target.port, left);
    if (outcome === undefined) return undefined;
    failure = outcome;
  }
  return failure;
}

function dialTcp(network: NetworkDoor, address: string, port: number, ...[timeoutMs]: [number | undefined]): Promise<string | undefined> {
  return new Promise((settle) => {
    let timer: NodeJS.Timeout | undefined;
    const done = (outcome: string | undefined): void => {
      clearTimeout(timer);
      settle(outcome);
    };
    try {
      const socket = network.connectTcp(address, port);
      if (timeoutMs !== undefined) {
        timer = setTimeout(() => {
          socket.destroy();
          done('TIMEOUT');
        }, timeoutMs);
      }
      socket.on('connect', () => {
        socket.end();
        socket.destroy();
        done(undefined);
      });
      socket.on('error', (error) => done(tcpFailure(error, address, port)));
    } catch (error) {
      done(tcpFailure(error, address, port));
    }
  });
}

function tcpFailure(error: unknown, address: string, port: number): string {
  const code = errorCode(error);
  if (code === 'ETIMEDOUT') return 'TIMEOUT';
  if (code === 'ECONNREFUSED') return 'REFUSED';
  return `OTHER: dial tcp ${joinHostPort(address, port)}: connect: ${errnoText(error)}`;
}

async function connectUdp(network: NetworkDoor, target: Target, options: Attempt): Promise<string | undefined> {
  const address = target.addresses[0] ?? '';
  return new Promise((settle) => {
    const remote = joinHostPort(address, target.port);
    let local = '';
    let timer: NodeJS.Timeout | undefined;
    const socket = network.openUdp(address);
    const done = (outcome: string | undefined): void => {
      clearTimeout(timer);
      socket.removeAllListeners('message');
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      socket.close();
      settle(outcome);
    };
    const failed = (error: unknown): void => {
      const word = errorCode(error) === 'ECONNREFUSED' ? 'REFUSED' : 'UNKNOWN';
      done(
        local === ''
          ? `OTHER: dial udp ${remote}: connect: ${errnoText(error)}`
          : `${word}: read udp ${local}->${remote}: read: ${errnoText(error)}`,
      );
    };
    socket.on('error', failed);
    socket.on('message', (data) => {
      done(data.length > 0 ? undefined : 'OTHER: No data received from the server. Cannot guarantee the server received the request.');
    });
    socket.connect(target.port, address, (error?: Error) => {
      if (error !== undefined) return failed(error);
      const own = socket.address();
      local = joinHostPort(own.address, own.port);
      if (options.timeoutMs > 0) timer = setTimeout(() => done(`TIMEOUT: read udp ${local}->${remote}: i/o timeout`), options.timeoutMs);
      socket.send(options.data, (sendError) => {
        if (sendError !== null && sendError !== undefined) failed(sendError);
      });
    });
  });
}

/** The limit is one for all, and none means that it is over at once, as in the original. */
async function connectSctp(network: NetworkDoor, target: Target, options: Attempt): Promise<string | undefined> {
  const stack = await network.sctp();
  try {
    return await new Promise((settle) => {
      const timer = setTimeout(() => settle('TIMEOUT'), options.timeoutMs);
      const done = (outcome: string | undefined): void => {
        clearTimeout(timer);
        settle(outcome);
      };
      const connection = stack.connect(target.addresses[0] ?? '', target.port, {
        established: () => connection.send(Buffer.from(options.data)),
        message: () => {
          connection.close();
          done(undefined);
        },
        closed: (error) => {
          if (error === 'ETIMEDOUT') done('TIMEOUT');
          else done(`OTHER: ${error === undefined ? 'EOF' : errnoText(Object.assign(new Error(error), { code: error }))}`);
        },
      });
    });
  } finally {
    stack.close();
  }
}
