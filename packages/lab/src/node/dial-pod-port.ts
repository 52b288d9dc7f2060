/** Connections to a port of a pod from inside, for port-forward: to its loopback, IPv4 before IPv6, as containerd does it. */
import type { Duplex } from 'node:stream';
import { connectTcp } from '@weir/kernel';
import { errnoText } from '../images/agnhost/go-text.ts';
import type { PodWorker } from './pod-worker.ts';

/** A pod that does not answer on its own loopback is not going to. */
const dialTimeoutMs = 10_000;

/** Connects; rejects with the words of a kubelet. */
export async function dialPodPort({ netns, pod }: Pick<PodWorker, 'netns' | 'pod'>, port: number): Promise<Duplex> {
  const failures: string[] = [];
  for (const [name, address, host] of [
    ['IPv4: dial tcp4', '127.0.0.1', '127.0.0.1'],
    ['IPv6 dial tcp6', '::1', '[::1]'],
  ] as const) {
    try {
      return await dial(netns, address, port);
    } catch (error) {
      failures.push(`${name} ${host}:${port}: connect: ${errnoText(error)}`);
    }
  }
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  const where = `failed to connect to localhost:${port} inside namespace "${netns}"`;
  throw new Error(`error forwarding port ${port} to pod ${namespace}/${name}, uid ${uid}: ${where}, ${failures.join(' ')}`);
}

function dial(netns: string, address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ netns, address, port });
    const timer = setTimeout(() => socket.destroy(new Error('i/o timeout')), dialTimeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
  });
}
