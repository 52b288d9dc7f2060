/** Asks an agent's HTTP endpoint from inside a network namespace, one request a connection. */
import { request } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { connectTcp } from '@weir/kernel';

export interface OperationsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface OperationsQuestion {
  readonly netns: string;
  readonly address?: string;
  readonly port?: number;
  readonly path: string;
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The certificate to trust; absent: no TLS. */
  readonly ca?: string;
}

/** Rejects as the connection does. */
export function askOperations(question: OperationsQuestion): Promise<OperationsAnswer> {
  const { netns, address = '127.0.0.1', port = 9477, path, method = 'GET', token, ca } = question;
  return new Promise((resolve, reject) => {
    const plain = connectTcp({ netns, address, port });
    plain.on('error', reject);
    const socket = ca === undefined ? plain : connectTls({ socket: plain, ca, checkServerIdentity: () => undefined });
    socket.on('error', reject);
    const headers = { ...question.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const call = request({ createConnection: () => socket, method, path, headers, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in 30 s')));
    call.on('error', reject);
    call.end();
  });
}
