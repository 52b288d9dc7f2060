/**
 * Tries connections between pods of a cluster on this machine: real sockets inside the pods' network
 * namespaces, many at a time, without a program in the pods.
 */
import { connectTcp, openUdp } from '@weir/kernel';
import { podNetnsName } from '../network/netns-names.ts';

/** One connection to try. */
export interface Probe {
  /** UID of the pod that connects. */
  readonly podUid: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** `connected` and `refused`: packets went there and back. `timeout`: nothing came back. `error`: they could not be sent. */
export type ProbeAnswer = 'connected' | 'refused' | 'timeout' | 'error';

/** What to try. */
export interface ProbeOptions {
  readonly cluster: string;
  readonly probes: readonly Probe[];
  readonly timeoutMs: number;
}

/** How many probes wait for an answer at the same time. */
const concurrencyMax = 512;

/** Tries all; the answers stand in the order of the probes. */
export async function probeConnections({ cluster, probes, timeoutMs }: ProbeOptions): Promise<ProbeAnswer[]> {
  const answers: ProbeAnswer[] = new Array<ProbeAnswer>(probes.length).fill('error');
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < probes.length; index = next++) {
      const probe = probes[index];
      if (probe !== undefined) answers[index] = await tryOne(podNetnsName(cluster, probe.podUid), probe, timeoutMs);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrencyMax, probes.length) }, worker));
  return answers;
}

function tryOne(netns: string, probe: Probe, timeoutMs: number): Promise<ProbeAnswer> {
  try {
    return probe.protocol === 'TCP' ? tryTcp(netns, probe, timeoutMs) : tryUdp(netns, probe, timeoutMs);
  } catch {
    return Promise.resolve('error');
  }
}

function tryTcp(netns: string, { address, port }: Probe, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connectTcp({ netns, address, port });
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    const end = (answer: ProbeAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(answerOf(error)));
  });
}

/**
 * What is sent over UDP, one after the other: a word that agnhost and echo servers answer, and a DNS
 * question (the name servers of the root, RFC 1035 section 4.1) for name servers, which ignore the word.
 */
const datagrams: readonly Buffer[] = [
  Buffer.from('hostname\n'),
  Buffer.from([0x77, 0x72, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]),
];

function tryUdp(netns: string, { address, port }: Probe, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    let ended = false;
    const socket = openUdp({ netns, address: address.includes(':') ? '::' : '0.0.0.0', port: 0 });
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    const end = (answer: ProbeAnswer): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.on('message', () => end('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(answerOf(error)));
    // Connected, so that the kernel tells of a port that nobody listens on.
    socket.connect(port, address, () => {
      for (const datagram of datagrams) socket.send(datagram, (error) => error !== null && end(answerOf(error)));
    });
  });
}

function answerOf({ code }: NodeJS.ErrnoException): ProbeAnswer {
  if (code === 'ECONNREFUSED') return 'refused';
  return code === 'ETIMEDOUT' ? 'timeout' : 'error';
}
