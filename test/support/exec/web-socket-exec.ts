/** exec as client-go's WebSocket executor does it (v5: the input is closed by a message of its own). */
import { WebSocket } from 'ws';
import { type ApiConnection, type ExecRequest, type ExecResult, execPath } from './api-connection.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const;

/** Runs a command; rejects when the server does not take it up. */
export function execOverWebSocket({ host, port, ...tls }: ApiConnection, request: ExecRequest): Promise<ExecResult> {
  const socket = new WebSocket(`wss://${host}:${port}${execPath(request)}`, 'v5.channel.k8s.io', tls);
  const outputs = new Map<number, Buffer[]>();
  const textOf = (channel: number): string => Buffer.concat(outputs.get(channel) ?? []).toString();
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      if (request.stdin === undefined) return;
      socket.send(Buffer.concat([Buffer.of(channels.stdin), Buffer.from(request.stdin)]));
      socket.send(Buffer.of(channels.close, channels.stdin));
    });
    socket.on('message', (message: Buffer) => {
      const channel = message[0] ?? channels.error;
      outputs.set(channel, [...(outputs.get(channel) ?? []), message.subarray(1)]);
    });
    socket.on('close', (code) => {
      const status = textOf(channels.error);
      if (status === '') reject(new Error(`the connection ended with ${code} and no Status`));
      else
        resolve({ stdout: textOf(channels.stdout), stderr: textOf(channels.stderr), status: JSON.parse(status) as ExecResult['status'] });
    });
  });
}
