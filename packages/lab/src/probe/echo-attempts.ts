/**
 * ICMP echo from inside network namespaces (RFC 792, RFC 4443): a request, and whether its reply comes back. Every kernel
 * answers, so that nothing has to run in the pod that is asked.
 */
import { RawSocket } from '@weir/kernel';
import { type Address, addressToBytes, defined, type Family, parseAddress, protocolNumber } from '@weir/net';
import { type Attempt, onlyOnce } from './probe-attempt.ts';

const messages = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;
const headerBytes = 8;
const identifiers = 0x1_0000;
/** How often it is asked in the time that there is: a packet may get lost. */
const rounds = 3;

/** The sockets of the namespaces that attempts were made from; the caller closes them. */
export class EchoAttempts {
  readonly #asked = new Map<string, AskedEchoes>();

  /** Asks, and waits for the reply. Throws when the namespace is gone. */
  attempt(netns: string, { address: text }: { readonly address: string }, { timeoutMs, done }: Attempt): void {
    const address = defined(parseAddress(text), `${text} is an address`);
    const echoes = this.#echoesOf(netns, address.family);
    let repeat: NodeJS.Timeout | undefined;
    const end = onlyOnce(timeoutMs, (answer) => {
      clearInterval(repeat);
      forget();
      done(answer);
    });
    const { ask, forget } = echoes.begin(address, () => end('connected'));
    const send = (): void => {
      try {
        ask();
      } catch {
        end('error');
      }
    };
    repeat = setInterval(send, timeoutMs / rounds);
    // It may fail at once, which ends the repetition.
    send();
  }

  /** Closes the sockets. */
  close(): void {
    for (const echoes of this.#asked.values()) echoes.close();
    this.#asked.clear();
  }

  #echoesOf(netns: string, family: Family): AskedEchoes {
    const key = `${family} ${netns}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const echoes = new AskedEchoes(netns, family);
    this.#asked.set(key, echoes);
    return echoes;
  }
}

/** What was asked from one namespace over one family, by the numbers that come back in replies. */
class AskedEchoes {
  readonly #socket: RawSocket;
  readonly #family: Family;
  readonly #waiting = new Map<number, { readonly address: Address; readonly onReply: () => void }>();
  /** Begins anywhere, so that replies to another run's requests are told apart. */
  #next: number = process.hrtime()[1] % identifiers;

  constructor(netns: string, family: Family) {
    this.#family = family;
    this.#socket = new RawSocket({ netns, family, protocol: family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6 });
    this.#socket.follow(({ payload, source }) => {
      if (payload.length < headerBytes || payload[0] !== messages[family].reply) return;
      const asked = this.#waiting.get(payload.readUInt16BE(4));
      if (asked !== undefined && isSame(asked.address, source)) asked.onReply();
    });
  }

  begin(address: Address, onReply: () => void): { readonly ask: () => void; readonly forget: () => void } {
    while (this.#waiting.has(this.#next)) this.#next = (this.#next + 1) % identifiers;
    const identifier = this.#next;
    this.#next = (this.#next + 1) % identifiers;
    this.#waiting.set(identifier, { address, onReply });
    return {
      ask: () => this.#socket.send(echoRequest(this.#family, identifier), address),
      forget: () => void this.#waiting.delete(identifier),
    };
  }

  close(): void {
    this.#socket.close();
  }
}

/** The kernel sums ICMPv6 up, because that takes the addresses; ICMP is summed up here. */
function echoRequest(family: Family, identifier: number): Buffer {
  const message = Buffer.alloc(headerBytes);
  message.writeUInt8(messages[family].request, 0);
  message.writeUInt16BE(identifier, 4);
  if (family === 4) {
    const sum = (messages[4].request << 8) + identifier;
    message.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 2);
  }
  return message;
}

function isSame(one: Address, other: Address): boolean {
  return Buffer.compare(addressToBytes(one), addressToBytes(other)) === 0;
}
