/** The /dial endpoint of netexec: makes requests to another netexec and reports what came back. */
import { request } from 'node:http';
import { isIP } from 'node:net';
import { LookupError, type NetworkDoor } from '../program.ts';
import { errnoText, joinHostPort } from './go-text.ts';

const dialTimeoutMs = 5_000;
const triesLimit = 10_000;

/** What /dial answers: 200 with a JSON of responses and errors, or 400 with a text. */
export async function dial(network: NetworkDoor, query: URLSearchParams): Promise<{ readonly status: number; readonly body: string }> {
  const text = (name: string): string => query.get(name) ?? '';
  const tries = text('tries') === '' ? 1 : Number(text('tries'));
  if (!Number.isInteger(tries) || tries > triesLimit) {
    return bad(`tries parameter is invalid. strconv.Atoi: parsing ${JSON.stringify(text('tries'))}: invalid syntax`);
  }
  if (text('request') === '') return bad('request parameter not specified. <nil>');
  const dialer = dialers[text('protocol').toLowerCase()];
  if (dialer === undefined) return bad(`unsupported protocol. ${text('protocol')}`);
  const port = Number(text('port'));
  if (text('port') === '' || !Number.isInteger(port) || port < 0 || port > 65535) {
    return bad(`host and/or port param are invalid. address ${text('port')}: invalid port`);
  }
  let address: string;
  try {
    address = await resolveHost(network, text('host'));
  } catch (error) {
    return bad(`host and/or port param are invalid. lookup ${text('host')}${errnoText(error)}`);
  }
  const responses: string[] = [];
  const errors: string[] = [];
  let last = '';
  for (let i = 0; i < tries; i++) {
    try {
      last = await dialer({ network, address, port, request: text('request') });
      responses.push(last);
    } catch (error) {
      last = '';
      errors.push(errnoText(error));
    }
  }
  const output = { ...(errors.length > 0 ? { errors } : {}), ...(last === '' ? {} : { responses }) };
  return { status: 200, body: JSON.stringify(output) };
}

interface Dial {
  readonly network: NetworkDoor;
  readonly address: string;
  readonly port: number;
  readonly request: string;
}

const dialers: Readonly<Record<string, ((dial: Dial) => Promise<string>) | undefined>> = {
  '': dialHttp,
  http: dialHttp,
  udp: dialUdp,
  sctp: dialSctp,
};

/** Sends the request and resolves with the first answer. */
async function dialSctp({ network, address, port, request: message }: Dial): Promise<string> {
  const stack = await network.sctp();
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('sctp dial failed. err:i/o timeout')), dialTimeoutMs);
      const connection = stack.connect(address, port, {
        established: () => connection.send(Buffer.from(message)),
        message: (data) => {
          clearTimeout(timer);
          resolve(data.toString('utf8'));
        },
        closed: (error) => {
          clearTimeout(timer);
          const why = error === undefined ? 'EOF' : errnoText(Object.assign(new Error(error), { code: error }));
          reject(new Error(`sctp dial failed. err:${why}`));
        },
      });
    });
  } finally {
    stack.close();
  }
}

function dialHttp({ network, address, port, request: path }: Dial): Promise<string> {
  const target = joinHostPort(address, port);
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void =>
      reject(new Error(`Get "http://${target}/${path}": dial tcp ${target}: connect: ${errnoText(error)}`));
    const call = request(
      {
        method: 'GET',
        path: `/${path}`,
        headers: { Host: target },
        // No agent: with one, even with `agent: false`, Node would make the connection itself.
        createConnection: () => network.connectTcp(address, port),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        response.on('error', failed);
      },
    );
    call.setTimeout(dialTimeoutMs, () => {
      reject(new Error(`Get "http://${target}/${path}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`));
      call.destroy();
    });
    // setTimeout of a request counts from the connection on; a connection that never comes needs its own end.
    const timer = setTimeout(() => call.emit('timeout'), dialTimeoutMs);
    call.on('close', () => clearTimeout(timer));
    call.on('error', failed);
    call.end();
  });
}

function dialUdp({ network, address, port, request: text }: Dial): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = network.openUdp(address);
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners('message');
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      socket.close();
      settle();
    };
    const failed = (why: string) => done(() => reject(new Error(`reading from udp connection failed. err:'${why}'`)));
    const timer = setTimeout(() => failed(`read udp ->${joinHostPort(address, port)}: i/o timeout`), dialTimeoutMs);
    socket.on('error', (error) => failed(errnoText(error)));
    socket.on('message', (data) => done(() => resolve(data.toString('utf8'))));
    socket.connect(port, address, (error?: Error) => {
      if (error !== undefined) return failed(errnoText(error));
      socket.send(text, (sendError) => {
        if (sendError !== null && sendError !== undefined) failed(errnoText(sendError));
      });
    });
  });
}

async function resolveHost(network: NetworkDoor, host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  const [address] = await network.lookup(host);
  if (address === undefined) throw new LookupError(': no such host');
  return address;
}

function bad(body: string): { readonly status: number; readonly body: string } {
  return { status: 400, body: `${body}\n` };
}
