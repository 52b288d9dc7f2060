/**
 * Name resolution for programs that run inside the node's process but in a pod's network: the pod's
 * hosts entries, then DNS with its search domains, sent from the pod's own namespace so that its
 * policies apply.
 */
import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { openUdp } from '@weir/kernel';
import { LookupError } from '../images/program.ts';
import { type AddressRecordType, decodeAddressAnswer, encodeAddressQuestion } from './dns-codec.ts';

/** What a pod's resolv.conf and hosts file say. */
export interface PodNames {
  /** Addresses of DNS servers, tried in order. */
  readonly servers: readonly string[];
  /** Search domains, for names with fewer dots than `ndots`. */
  readonly search: readonly string[];
  readonly ndots: number;
  /** Lower-case name to addresses, as in /etc/hosts. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
}

/** Time for one answer, and how often every server is asked; glibc's defaults. */
const attemptTimeoutMs = 5_000;
const attempts = 2;

type Answer = { readonly kind: 'addresses'; readonly addresses: readonly string[] } | { readonly kind: 'missing' };

/** The addresses of a name, IPv4 first; rejects with a {@link LookupError}. */
export async function lookupInPod(netns: string, names: PodNames, name: string): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name];
  const known = names.hosts.get(name.toLowerCase().replace(/\.$/, ''));
  if (known !== undefined) return known;
  const server = names.servers[0];
  if (server === undefined) throw new LookupError(': no such host');
  for (const candidate of candidates(name, names)) {
    const answer = await askAll(netns, names.servers, candidate);
    if (answer.kind === 'addresses') return answer.addresses;
  }
  throw new LookupError(` on ${server}:53: no such host`);
}

/** The full names to ask for, in order (resolv.conf(5), `ndots` and `search`). */
function candidates(name: string, names: Pick<PodNames, 'search' | 'ndots'>): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = names.search.map((domain) => `${name}.${domain}`);
  return name.split('.').length - 1 >= names.ndots ? [name, ...searched] : [...searched, name];
}

async function askAll(netns: string, servers: readonly string[], name: string): Promise<Answer> {
  let failure: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const server of servers) {
      try {
        const [ipv4, ipv6] = await Promise.all([ask(netns, server, { name, type: 'A' }), ask(netns, server, { name, type: 'AAAA' })]);
        const addresses = [...ipv4, ...ipv6];
        return addresses.length > 0 ? { kind: 'addresses', addresses } : { kind: 'missing' };
      } catch (error) {
        failure = error;
      }
    }
  }
  throw failure instanceof LookupError ? failure : new LookupError(` on ${servers[0] ?? ''}:53: ${String(failure)}`);
}

/** One question to one server: its addresses (none when the name does not exist), or an error when there was no usable answer. */
function ask(
  netns: string,
  server: string,
  question: { readonly name: string; readonly type: AddressRecordType },
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const id = randomInt(65_536);
    const socket = openUdp({ netns, address: server });
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners('message');
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      socket.close();
      settle();
    };
    const failed = (why: string): void => done(() => reject(new LookupError(` on ${server}:53: ${why}`)));
    const timer = setTimeout(() => failed('i/o timeout'), attemptTimeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => failed(error.code === 'ECONNREFUSED' ? 'connection refused' : error.message));
    socket.on('message', (data) => {
      const answer = decodeAddressAnswer(data);
      // Anything else, garbage included, is not for us; who answers properly within the time is heard.
      if (answer === undefined || answer.id !== id) return;
      if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NXDOMAIN') return failed('server misbehaving');
      done(() => resolve(answer.addresses));
    });
    socket.connect(53, server, (error?: Error) => {
      if (error !== undefined) return failed(error.message);
      socket.send(encodeAddressQuestion(id, question.name, question.type), (sendError) => {
        if (sendError !== null && sendError !== undefined) failed(sendError.message);
      });
    });
  });
}
