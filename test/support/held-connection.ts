/** A TCP connection between two pods of a lab's cluster that is held open, to see what becomes of it. */
import { createServer, type Server, type Socket } from 'node:net';
import { connectTcp, listenTcp } from '@weir/kernel';
import { podNetnsName } from '@weir/lab';
import type { LabCluster } from './lab-cluster.ts';

/** The ends, pods of one namespace. */
export interface HeldConnectionOptions {
  readonly cluster: LabCluster;
  readonly namespace: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

const patienceMs = 20_000;

/** Both ends belong to this process; close it, also when a test failed. */
export class HeldConnection {
  readonly #server: Server;
  readonly #client: Socket;
  readonly #accepted: Set<Socket>;

  private constructor(server: Server, client: Socket, accepted: Set<Socket>) {
    this.#server = server;
    this.#client = client;
    this.#accepted = accepted;
  }

  /** Opens it: a server that echoes in one pod, and a client in the other that is connected to it. */
  static async open({ cluster, namespace, from, to, port }: HeldConnectionOptions): Promise<HeldConnection> {
    const netnsOf = async (pod: string): Promise<string> =>
      podNetnsName(cluster.name, await cluster.kubectlOutput(`get pod ${pod} -n ${namespace} -o jsonpath='{.metadata.uid}'`));
    const [client, server, address] = await Promise.all([netnsOf(from), netnsOf(to), cluster.addressOf(namespace, to)]);
    const accepted = new Set<Socket>();
    const echo = createServer((socket) => {
      accepted.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => socket.write(data));
    });
    listenTcp(echo, { netns: server, address: '0.0.0.0', port });
    const socket = connectTcp({ netns: client, address, port });
    const held = new HeldConnection(echo, socket, accepted);
    try {
      await new Promise<void>((resolve, reject) => {
        setTimeout(() => reject(new Error(`${from} is not connected to ${to} after ${patienceMs} ms`)), patienceMs).unref();
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
    } catch (error) {
      held.close();
      throw error;
    }
    socket.on('error', () => undefined);
    return held;
  }

  /** Whether what is said on it is answered in this time. */
  answers(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), waitMs);
      const settle = (isAnswered: boolean): void => {
        clearTimeout(timer);
        this.#client.removeListener('data', onData);
        resolve(isAnswered);
      };
      const onData = (): void => settle(true);
      this.#client.on('data', onData);
      this.#client.write('still there?');
    });
  }

  close(): void {
    this.#client.destroy();
    for (const socket of this.#accepted) socket.destroy();
    this.#server.close();
  }
}
