/** HNS behind a unix socket: the lab's emulator. Calls and answers are those of the library, as JSON over HTTP. */
import { request as httpRequest } from 'node:http';
import { type HnsDoor, type HnsEndpoint, HnsError, type HnsNetwork, type ModifyRequest } from '@weir/kernel';

/** Longer than a node takes that is busy with everything else; then the call has failed, and is made again. */
const timeoutMs = 10_000;

/** The door to the emulator that listens on the socket; nothing is connected before the first call. */
export function openSocketHnsDoor(socketPath: string): HnsDoor {
  const read = async <T>(path: string): Promise<T> => {
    const { status, body } = await call({ socketPath, path, method: 'GET' });
    if (status !== 200) throw errorOf(body, path);
    return JSON.parse(body) as T;
  };
  const modify = async (path: string, request: ModifyRequest): Promise<void> => {
    const { status, body } = await call({ socketPath, path, method: 'POST' }, JSON.stringify(request));
    if (status !== 204) throw errorOf(body, path);
  };
  return {
    networks: () => read<HnsNetwork[]>('/networks'),
    endpoints: () => read<HnsEndpoint[]>('/endpoints'),
    endpoint: async (id) => {
      const { status, body } = await call({ socketPath, path: `/endpoints/${id}`, method: 'GET' });
      if (status === 404) return undefined;
      if (status !== 200) throw errorOf(body, `/endpoints/${id}`);
      return JSON.parse(body) as HnsEndpoint;
    },
    modifyNetwork: (id, request) => modify(`/networks/${id}`, request),
    modifyEndpoint: (id, request) => modify(`/endpoints/${id}`, request),
    close: () => undefined,
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function call(
  options: { readonly socketPath: string; readonly path: string; readonly method: 'GET' | 'POST' },
  document?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(new HnsError(`HNS does not answer on ${options.socketPath}: ${error.message}`));
    const request = httpRequest({ ...options, agent: false, timeout: timeoutMs }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
    });
    request.on('error', failed);
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.end(document);
  });
}

/** What the emulator says, or that it says nothing that can be read. */
function errorOf(body: string, path: string): HnsError {
  try {
    const { Error: text, ErrorCode: code } = JSON.parse(body) as { readonly Error?: string; readonly ErrorCode?: string };
    return new HnsError(`${path}: ${text ?? 'no reason given'}`, code);
  } catch {
    return new HnsError(`${path}: an answer that is no document`);
  }
}
