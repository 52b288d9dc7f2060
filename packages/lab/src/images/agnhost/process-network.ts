/** The network of the process itself: what agnhost uses when it runs as an executable in a sandbox. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { LookupError, type NetworkDoor } from '../program.ts';
import { errorCode } from './go-text.ts';

/** Sockets by Node's own classes, names by the C library's resolver. */
export const processNetwork: NetworkDoor = {
  listenTcp: (server, address, port) => server.listen({ host: address, port }),
  connectTcp: (address, port) => connect({ host: address, port }),
  openUdp: (address, port) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
    return port === undefined ? socket : socket.bind(port, address);
  },
  sctp: async () => {
    const [{ SctpStack }, { openRawSctpDoor }] = await Promise.all([import('../sctp/sctp-stack.ts'), import('../sctp/raw-sctp-door.ts')]);
    return new SctpStack(openRawSctpDoor());
  },
  lookup: async (name) => {
    try {
      const found = await lookup(name, { all: true, order: 'verbatim' });
      return found.map((entry) => entry.address);
    } catch (error) {
      const why = errorCode(error) === 'EAI_AGAIN' ? 'i/o timeout' : 'no such host';
      throw new LookupError(`${onServer()}: ${why}`);
    }
  },
};

function onServer(): string {
  try {
    const server = /^nameserver\s+(\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1];
    return server === undefined ? '' : ` on ${server}:53`;
  } catch {
    return '';
  }
}
