/** A flow of packets made by hand, of which each end can send at any time, whatever has become of the flow. */
import { randomBytes } from 'node:crypto';
import { defined, parseAddress } from '@weir/net';
import { ipPacket, protocols, sctpChunks, sctpInitValue, sctpPacket, tcpFlags, tcpSegment, udpDatagram } from './crafted-packet.ts';
import type { CraftedSending } from './raw-exchange.ts';

/** Who sends. */
export type FlowEnd = 'opener' | 'answerer';

/** Between which addresses, and of what. */
export interface CraftedFlowOptions {
  readonly opener: string;
  readonly answerer: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
}

const firstSequence = { opener: 1_000, answerer: 5_000 } as const;
let lastPort = 20_000;

/** One flow, with a source port of its own. */
export class CraftedFlow {
  readonly #options: CraftedFlowOptions;
  readonly #port = ++lastPort;
  /** Of SCTP: what packets to the end carry. */
  readonly #tags = { opener: 0x11110000 + lastPort, answerer: 0x22220000 + lastPort } as const;

  constructor(options: CraftedFlowOptions) {
    this.#options = options;
  }

  /** The packets that make it established, one after the other; all are expected. */
  opening(): CraftedSending[] {
    switch (this.#options.protocol) {
      case 'UDP':
        return [this.middle('opener', true), this.middle('answerer', true)];
      case 'TCP':
        return [
          this.#tcp('opener', { flags: tcpFlags.SYN, sequence: firstSequence.opener, acknowledged: 0 }),
          this.#tcp('answerer', {
            flags: tcpFlags.SYN | tcpFlags.ACK,
            sequence: firstSequence.answerer,
            acknowledged: firstSequence.opener + 1,
          }),
          this.#tcp('opener', { flags: tcpFlags.ACK, sequence: firstSequence.opener + 1, acknowledged: firstSequence.answerer + 1 }),
        ];
      case 'SCTP':
        return [
          this.#sctp('opener', 0, { type: sctpChunks.INIT, value: sctpInitValue(this.#tags.opener) }),
          this.#sctp('answerer', this.#tags.opener, { type: sctpChunks.INIT_ACK, value: sctpInitValue(this.#tags.answerer) }),
          this.#sctp('opener', this.#tags.answerer, { type: sctpChunks.COOKIE_ECHO, value: randomBytes(8) }),
          this.#sctp('answerer', this.#tags.opener, { type: sctpChunks.COOKIE_ACK, value: Buffer.alloc(0) }),
        ];
      default:
        throw new Error('no such protocol');
    }
  }

  /** A packet of its middle; `isHeartbeat` (SCTP): one that carries no data, and that may open an association's path. */
  middle(end: FlowEnd, expected: boolean, isHeartbeat = false): CraftedSending {
    const data = randomBytes(16);
    const { protocol } = this.#options;
    if (protocol === 'TCP') {
      const other = end === 'opener' ? 'answerer' : 'opener';
      const segment = { flags: tcpFlags.ACK, sequence: firstSequence[end] + 1, acknowledged: firstSequence[other] + 1, data };
      return { ...this.#tcp(end, segment), expected };
    }
    if (protocol === 'SCTP') {
      const tag = this.#tags[end === 'opener' ? 'answerer' : 'opener'];
      return { ...this.#sctp(end, tag, { type: isHeartbeat ? sctpChunks.HEARTBEAT : sctpChunks.DATA, value: data }), expected };
    }
    const { ends, ports } = this.#from(end);
    return { ...this.#sending(end, udpDatagram(ends, ports, data)), expected };
  }

  #tcp(end: FlowEnd, segment: Parameters<typeof tcpSegment>[2]): CraftedSending {
    const { ends, ports } = this.#from(end);
    return this.#sending(end, tcpSegment(ends, ports, segment));
  }

  #sctp(end: FlowEnd, tag: number, chunk: Parameters<typeof sctpPacket>[2]): CraftedSending {
    return this.#sending(end, sctpPacket(this.#from(end).ports, tag, chunk));
  }

  #from(end: FlowEnd) {
    const { opener, answerer, protocol, port } = this.#options;
    const [from, to] = end === 'opener' ? [opener, answerer] : [answerer, opener];
    const addressOf = (text: string) => defined(parseAddress(text), text);
    return {
      from,
      to,
      ends: { source: addressOf(from), destination: addressOf(to), protocol: protocols[protocol] },
      ports: end === 'opener' ? { source: this.#port, destination: port } : { source: port, destination: this.#port },
    };
  }

  /** It is told by all of its bytes: no two packets of the tests are equal. */
  #sending(end: FlowEnd, payload: Buffer): CraftedSending {
    const { from, to, ends } = this.#from(end);
    const name = `${this.#options.protocol} between ${this.#options.opener} and ${this.#options.answerer} from the ${end}`;
    const isIt = (got: Buffer): boolean => got.includes(payload);
    return { name, from, to, protocol: ends.protocol, packets: [ipPacket(ends, payload)], isIt, expected: true };
  }
}
