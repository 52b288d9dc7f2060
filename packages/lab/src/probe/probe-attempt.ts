/** One attempt to connect from inside a network namespace, over TCP or UDP, and what it says. */
import { connectTcp, openUdp } from '@weir/kernel';

/** `connected` and `refused`: packets went there and back. `timeout`: nothing came back. `error`: they could not be sent. */
export type ProbeAnswer = 'connected' | 'refused' | 'timeout' | 'error';

/** Where to connect to. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** How long to wait, and who is told; `done` is called exactly once, unless opening the socket throws. */
export interface Attempt {
  readonly timeoutMs: number;
  readonly done: (answer: ProbeAnswer) => void;
}

/** Opens a TCP connection and resets it at once, which leaves neither end waiting for the other. */
export function attemptTcp(netns: string, { address, port }: Target, { timeoutMs, done }: Attempt): void {
  const socket = connectTcp({ netns, address, port });
  const end = onlyOnce(timeoutMs, (answer) => {
    if (answer === 'connected') socket.resetAndDestroy();
    else socket.destroy();
    done(answer);
  });
  socket.on('connect', () => end('connected'));
  socket.on('error', (error: NodeJS.ErrnoException) => end(answerOf(error)));
}

/**
 * What is sent over UDP, one after the other: a word that agnhost and echo servers answer, and a DNS
 * question (the name servers of the root, RFC 1035 section 4.1) for name servers, which ignore the word.
 */
const datagrams: readonly Buffer[] = [
  Buffer.from('hostname\n'),
  Buffer.from([0x77, 0x72, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]),
];
/** How often they are sent: a datagram may get lost, and kernels limit how many refusals they send. */
const rounds = 3;

/** Sends datagrams and waits for one back, or for the refusal of a port that nobody listens on. */
export function attemptUdp(netns: string, { address, port }: Target, { timeoutMs, done }: Attempt): void {
  const socket = openUdp({ netns, address: address.includes(':') ? '::' : '0.0.0.0', port: 0 });
  let repeat: NodeJS.Timeout | undefined;
  let isOpen = true;
  const end = onlyOnce(timeoutMs, (answer) => {
    isOpen = false;
    clearInterval(repeat);
    socket.close();
    done(answer);
  });
  const send = (): void => {
    for (const datagram of datagrams) socket.send(datagram, (error) => error !== null && end(answerOf(error)));
  };
  socket.on('message', () => end('connected'));
  socket.on('error', (error: NodeJS.ErrnoException) => end(answerOf(error)));
  // Connected, so that the kernel tells of a port that nobody listens on.
  socket.connect(port, address, () => {
    if (!isOpen) return;
    send();
    repeat = setInterval(send, timeoutMs / rounds);
  });
}

/**
 * Passes the first answer on, or `timeout` when there is none in time. Answers that have arrived while
 * this process was busy are read before silence is called silence.
 */
export function onlyOnce(timeoutMs: number, settle: (answer: ProbeAnswer) => void): (answer: ProbeAnswer) => void {
  let settled = false;
  const end = (answer: ProbeAnswer): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    settle(answer);
  };
  const timer = setTimeout(() => setImmediate(() => end('timeout')), timeoutMs);
  return end;
}

function answerOf({ code }: NodeJS.ErrnoException): ProbeAnswer {
  if (code === 'ECONNREFUSED') return 'refused';
  return code === 'ETIMEDOUT' ? 'timeout' : 'error';
}
