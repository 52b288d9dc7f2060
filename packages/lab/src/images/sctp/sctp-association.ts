/**
 * One SCTP association (RFC 9260): the handshake with a cookie, DATA on one stream in order, SHUTDOWN and ABORT.
 *
 * Small on purpose: one path, one stream, no congestion control beyond a window of one message in flight at a
 * time; enough for programs that say a few words, and a correct partner for any other SCTP.
 */
import { randomInt } from 'node:crypto';
import { type Chunk, chunkType, decodeInit, encodeInit, type SctpPacket } from './sctp-packet.ts';

/** Both ends of an association. */
export interface AssociationEnds {
  readonly localPort: number;
  readonly remotePort: number;
  /** The peer's address, as text. */
  readonly remoteAddress: string;
}

/** What an association tells; each at most once, but for messages. */
export interface AssociationEvents {
  established(): void;
  message(data: Buffer): void;
  /** Ended by either side in order, or (with an error code) broken off: `ECONNREFUSED`, `ECONNRESET`, `ETIMEDOUT`. */
  closed(error: string | undefined): void;
}

/** How an association sends. */
export type SendPacket = (packet: SctpPacket) => void;

type State = 'cookie-wait' | 'cookie-echoed' | 'established' | 'shutdown-sent' | 'shutdown-ack-sent' | 'closed';

/** What is offered to the peer as room for what it sends. */
export const ownWindow = 65_536;

/** Times between retransmissions: the first, doubled with each; and how many there are (RFC 9260 §16). */
const firstRetryMs = 1_000;
const retriesMax = 8;

/** How often a quiet peer is asked whether it is still there, and how often in vain before it is given up. */
const heartbeatMs = 30_000;
const unansweredMax = 5;

/** The parameter that a heartbeat carries and gets back; it says nothing. */
const heartbeatInfo: Buffer = Buffer.from([0, 1, 0, 8, 0, 0, 0, 0]);

/** Both flags: a message that begins and ends in this chunk. */
const wholeMessage = 3;
const messageBytesMax = 1_200;
const dataHeaderBytes = 12;

/** One association. */
export class SctpAssociation {
  readonly ends: AssociationEnds;
  readonly #send: SendPacket;
  readonly #events: AssociationEvents;
  #state: State;
  readonly ownTag: number;
  #peerTag = 0;
  #nextTsn: number;
  #streamSequence = 0;
  #peerTsn = 0;
  readonly #queue: Buffer[] = [];
  #inFlight: { readonly tsn: number; readonly chunk: Chunk } | undefined;
  #isClosing = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #heartbeat: NodeJS.Timeout;
  #unanswered = 0;

  private constructor(
    ends: AssociationEnds,
    send: SendPacket,
    events: AssociationEvents,
    tags: { own: number; tsn: number; state: State },
  ) {
    this.ends = ends;
    this.#send = send;
    this.#events = events;
    this.ownTag = tags.own;
    this.#nextTsn = tags.tsn;
    this.#state = tags.state;
    this.#heartbeat = setInterval(() => this.#askPeer(), heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Begins one: sends INIT. */
  static connect(ends: AssociationEnds, send: SendPacket, events: AssociationEvents): SctpAssociation {
    const association = new SctpAssociation(ends, send, events, { own: randomTag(), tsn: randomTag(), state: 'cookie-wait' });
    const init = { tag: association.ownTag, window: ownWindow, initialTsn: association.#nextTsn, cookie: undefined };
    association.#repeat({ type: chunkType.init, flags: 0, value: encodeInit(init) }, 0);
    return association;
  }

  /** Takes one over whose cookie came back: it is established. */
  static accept(ends: AssociationEnds, send: SendPacket, events: AssociationEvents, tags: AcceptedTags): SctpAssociation {
    const association = new SctpAssociation(ends, send, events, { own: tags.ownTag, tsn: tags.ownTsn, state: 'established' });
    association.#peerTag = tags.peerTag;
    association.#peerTsn = previous(tags.peerTsn);
    association.#control(chunkType.cookieAck);
    return association;
  }

  get isEstablished(): boolean {
    return this.#state === 'established';
  }

  /** Sends a message, of at most 1 200 bytes; messages wait for each other. */
  send(data: Buffer): void {
    if (data.length === 0 || data.length > messageBytesMax) throw new RangeError(`a message has 1 to ${messageBytesMax} bytes`);
    this.#queue.push(data);
    this.#flush();
  }

  /** Ends the association when everything has arrived. */
  close(): void {
    this.#isClosing = true;
    if (this.#state === 'cookie-wait' || this.#state === 'cookie-echoed') this.abort();
    else this.#flush();
  }

  /** Breaks it off. */
  abort(): void {
    if (this.#state === 'closed') return;
    if (this.#peerTag !== 0) this.#control(chunkType.abort);
    this.#end(undefined);
  }

  /** The peer's machine says that nobody is there, or cannot be reached. */
  unreachable(error: string): void {
    if (this.#state === 'cookie-wait') this.#end(error);
  }

  /** A packet for this association; one with a wrong tag is none. */
  receive({ tag, chunks }: SctpPacket): void {
    for (const chunk of chunks) {
      if (this.#state === 'closed') return;
      // An ABORT may carry the tag that we send with, when its sender has no association (flag T).
      const isOwn = tag === this.ownTag || (chunk.type === chunkType.abort && (chunk.flags & 1) === 1 && tag === this.#sendTag());
      if (!isOwn) continue;
      this.#unanswered = 0;
      this.#receiveChunk(chunk);
    }
  }

  #receiveChunk(chunk: Chunk): void {
    switch (chunk.type) {
      case chunkType.initAck:
        return this.#receiveInitAck(chunk);
      case chunkType.cookieAck:
        return this.#receiveCookieAck();
      case chunkType.cookieEcho:
        // Our COOKIE ACK was lost.
        return this.#control(chunkType.cookieAck);
      case chunkType.data:
        return this.#receiveData(chunk);
      case chunkType.sack:
        return this.#receiveSack(chunk);
      case chunkType.heartbeat:
        return this.#control(chunkType.heartbeatAck, chunk.value);
      case chunkType.abort:
        return this.#end(this.#state === 'cookie-wait' ? 'ECONNREFUSED' : 'ECONNRESET');
      case chunkType.shutdown:
        this.#state = 'shutdown-ack-sent';
        return this.#repeat({ type: chunkType.shutdownAck, flags: 0, value: Buffer.alloc(0) }, this.#peerTag);
      case chunkType.shutdownAck:
        this.#control(chunkType.shutdownComplete);
        return this.#end(undefined);
      case chunkType.shutdownComplete:
        return this.#end(undefined);
      default:
        return undefined;
    }
  }

  #receiveInitAck({ value }: Chunk): void {
    const fields = decodeInit(value);
    if (this.#state !== 'cookie-wait' || fields?.cookie === undefined || fields.tag === 0) return;
    this.#state = 'cookie-echoed';
    this.#peerTag = fields.tag;
    this.#peerTsn = previous(fields.initialTsn);
    this.#repeat({ type: chunkType.cookieEcho, flags: 0, value: fields.cookie }, this.#peerTag);
  }

  #receiveCookieAck(): void {
    if (this.#state !== 'cookie-echoed') return;
    this.#stopRetry();
    this.#state = 'established';
    this.#events.established();
    this.#flush();
  }

  /** In order only: what comes too early is not confirmed, and comes again. */
  #receiveData({ flags, value }: Chunk): void {
    if (value.length <= dataHeaderBytes) return;
    const tsn = value.readUInt32BE(0);
    const isNext = tsn === next(this.#peerTsn) && (flags & wholeMessage) === wholeMessage;
    if (isNext) this.#peerTsn = tsn;
    const sack = Buffer.alloc(12);
    sack.writeUInt32BE(this.#peerTsn, 0);
    sack.writeUInt32BE(ownWindow, 4);
    this.#control(chunkType.sack, sack);
    if (isNext) this.#events.message(Buffer.from(value.subarray(dataHeaderBytes)));
  }

  #receiveSack({ value }: Chunk): void {
    if (value.length < 4 || this.#inFlight?.tsn !== value.readUInt32BE(0)) return;
    this.#stopRetry();
    this.#inFlight = undefined;
    this.#flush();
  }

  /** The next message, or the end. */
  #flush(): void {
    if (this.#state !== 'established' || this.#inFlight !== undefined) return;
    const data = this.#queue.shift();
    if (data !== undefined) {
      const header = Buffer.alloc(dataHeaderBytes);
      header.writeUInt32BE(this.#nextTsn, 0);
      header.writeUInt16BE(this.#streamSequence, 6);
      const chunk = { type: chunkType.data, flags: wholeMessage, value: Buffer.concat([header, data]) };
      this.#inFlight = { tsn: this.#nextTsn, chunk };
      this.#nextTsn = next(this.#nextTsn);
      this.#streamSequence = (this.#streamSequence + 1) & 0xffff;
      this.#repeat(chunk, this.#peerTag);
      return;
    }
    if (!this.#isClosing) return;
    this.#state = 'shutdown-sent';
    const value = Buffer.alloc(4);
    value.writeUInt32BE(this.#peerTsn, 0);
    this.#repeat({ type: chunkType.shutdown, flags: 0, value }, this.#peerTag);
  }

  #askPeer(): void {
    if (this.#state !== 'established') return;
    if (this.#unanswered++ >= unansweredMax) this.#end('ETIMEDOUT');
    else this.#control(chunkType.heartbeat, heartbeatInfo);
  }

  /** Sends a chunk until it is answered, or gives the association up. */
  #repeat(chunk: Chunk, tag: number): void {
    this.#stopRetry();
    const attempt = (count: number): void => {
      this.#write(chunk, tag);
      this.#retry = setTimeout(() => (count >= retriesMax ? this.#end('ETIMEDOUT') : attempt(count + 1)), firstRetryMs * 2 ** count);
    };
    attempt(0);
  }

  #stopRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #control(type: number, value: Buffer = Buffer.alloc(0)): void {
    this.#write({ type, flags: 0, value }, this.#peerTag);
  }

  #write(chunk: Chunk, tag: number): void {
    this.#send({ sourcePort: this.ends.localPort, destinationPort: this.ends.remotePort, tag, chunks: [chunk] });
  }

  /** The tag that our packets carry. */
  #sendTag(): number {
    return this.#state === 'cookie-wait' ? 0 : this.#peerTag;
  }

  #end(error: string | undefined): void {
    this.#stopRetry();
    clearInterval(this.#heartbeat);
    this.#state = 'closed';
    this.#events.closed(error);
  }
}

/** What a cookie that came back says. */
export interface AcceptedTags {
  readonly ownTag: number;
  readonly ownTsn: number;
  readonly peerTag: number;
  readonly peerTsn: number;
}

/** A tag or a first number: anything but 0. */
export function randomTag(): number {
  return randomInt(1, 2 ** 32);
}

function next(tsn: number): number {
  return (tsn + 1) >>> 0;
}

function previous(tsn: number): number {
  return (tsn - 1) >>> 0;
}
