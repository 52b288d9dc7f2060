/**
 * SCTP for the programs of one process in one network: ports, listeners, associations, and what nobody asked for.
 *
 * ```
 *   packets ─▶ association of its ends ─▶ program
 *          └▶ listener of its port: INIT ▶ INIT ACK with a cookie; the cookie back ▶ a new association
 *          └▶ nobody's port ▶ ABORT
 * ```
 * A listener keeps nothing of a handshake: what it must know again comes back in the cookie, with a signature.
 */
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { type AssociationEvents, ownWindow, randomTag, SctpAssociation } from './sctp-association.ts';
import { type Chunk, chunkType, decodeInit, decodePacket, encodeInit, encodePacket, type SctpPacket } from './sctp-packet.ts';

/** Packets of protocol 132 of a network, and the ports that its programs have. */
export interface SctpDoor {
  /** Sends a packet without an IP header. Errors have Node's codes. */
  send(packet: Buffer, destination: string): void;
  /** Calls back for every packet that comes, and for ICMP errors about ours: with the packet that they quote. */
  follow(onPacket: (packet: Buffer, source: string) => void, onUnreachable: (quoted: Buffer, destination: string) => void): void;
  /** Claims a port among all processes of the network; undefined when it is taken. */
  claim(port: number): (() => void) | undefined;
  close(): void;
}

/** A program's end of an association. */
export interface SctpConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  send(data: Buffer): void;
  /** Ends it in order. */
  close(): void;
  /** Breaks it off. */
  destroy(): void;
}

/** What a program wants to hear of a connection. */
export type SctpHandlers = Partial<AssociationEvents>;

/** Associations of one program; whoever comes then is refused. */
const associationsMax = 4_096;

/** How long a cookie is good. */
const cookieMs = 60_000;
const ephemeral = { first: 32_768, last: 60_999 } as const;

/** SCTP in one network. */
export class SctpStack {
  readonly #door: SctpDoor;
  readonly #secret = randomBytes(32);
  readonly #associations = new Map<string, SctpAssociation>();
  readonly #listeners = new Map<number, (connection: SctpConnection) => SctpHandlers>();
  readonly #claims = new Set<() => void>();

  constructor(door: SctpDoor) {
    this.#door = door;
    door.follow(
      (packet, source) => this.#receive(packet, source),
      (quoted, destination) => this.#unreachable(quoted, destination),
    );
  }

  /** Takes associations on a port; throws `EADDRINUSE`. `onConnection` says what the program wants to hear of each. */
  listen(port: number, onConnection: (connection: SctpConnection) => SctpHandlers): void {
    this.#claim(port);
    this.#listeners.set(port, onConnection);
  }

  /** Begins an association. */
  connect(address: string, port: number, handlers: SctpHandlers): SctpConnection {
    const { port: localPort, release } = this.#freePort();
    const ends = { localPort, remotePort: port, remoteAddress: address };
    const events = this.#eventsOf(localPort, port, address, () => handlers);
    const closed = (error: string | undefined): void => {
      this.#claims.delete(release);
      release();
      events.closed(error);
    };
    const association = SctpAssociation.connect(ends, (packet) => this.#send(packet, address), { ...events, closed });
    this.#associations.set(keyOf(localPort, port, address), association);
    return connectionOf(association);
  }

  /** Breaks everything off. */
  close(): void {
    for (const association of this.#associations.values()) association.abort();
    for (const release of this.#claims) release();
    this.#door.close();
  }

  #receive(bytes: Buffer, source: string): void {
    const packet = decodePacket(bytes);
    const [first] = packet?.chunks ?? [];
    if (packet === undefined || first === undefined) return;
    const association = this.#associations.get(keyOf(packet.destinationPort, packet.sourcePort, source));
    if (association !== undefined) {
      association.receive(packet);
      return;
    }
    const listener = this.#listeners.get(packet.destinationPort);
    if (listener === undefined) this.#refuse(packet, first, source);
    else if (this.#associations.size >= associationsMax) this.#refuse(packet, first, source);
    else if (first.type === chunkType.init) this.#answerInit(packet, first, source);
    else if (first.type === chunkType.cookieEcho) this.#accept(packet, first, { source, listener });
    else this.#refuse(packet, first, source);
  }

  /** Nobody has this port here, or knows of this association; whoever asked is told so (§8.4). */
  #refuse(packet: SctpPacket, first: Chunk, source: string): void {
    if (first.type === chunkType.abort || first.type === chunkType.shutdownComplete) return;
    // Another process of the network may have it.
    if (!this.#listeners.has(packet.destinationPort)) {
      const release = this.#door.claim(packet.destinationPort);
      if (release === undefined) return;
      release();
    }
    const init = first.type === chunkType.init ? decodeInit(first.value) : undefined;
    const answer = init === undefined ? { flags: 1, tag: packet.tag } : { flags: 0, tag: init.tag };
    const abort = { type: chunkType.abort, flags: answer.flags, value: Buffer.alloc(0) };
    this.#send({ sourcePort: packet.destinationPort, destinationPort: packet.sourcePort, tag: answer.tag, chunks: [abort] }, source);
  }

  #answerInit(packet: SctpPacket, { value }: Chunk, source: string): void {
    const init = decodeInit(value);
    if (init === undefined || init.tag === 0) return;
    const [ownTag, ownTsn] = [randomTag(), randomTag()];
    const state = Buffer.alloc(24);
    state.writeBigUInt64BE(BigInt(Date.now()), 0);
    [ownTag, ownTsn, init.tag, init.initialTsn].forEach((number, i) => state.writeUInt32BE(number, 8 + i * 4));
    const cookie = Buffer.concat([state, this.#sign(state, packet, source)]);
    const fields = { tag: ownTag, window: ownWindow, initialTsn: ownTsn, cookie };
    const chunk = { type: chunkType.initAck, flags: 0, value: encodeInit(fields) };
    this.#send({ sourcePort: packet.destinationPort, destinationPort: packet.sourcePort, tag: init.tag, chunks: [chunk] }, source);
  }

  #accept(packet: SctpPacket, { value }: Chunk, from: { source: string; listener: (connection: SctpConnection) => SctpHandlers }): void {
    const state = value.subarray(0, 24);
    const signature = value.subarray(24);
    const expected = this.#sign(state, packet, from.source);
    if (state.length < 24 || signature.length !== expected.length || !timingSafeEqual(signature, expected)) return;
    if (Date.now() - Number(state.readBigUInt64BE(0)) > cookieMs || packet.tag !== state.readUInt32BE(8)) return;
    const ends = { localPort: packet.destinationPort, remotePort: packet.sourcePort, remoteAddress: from.source };
    let handlers: SctpHandlers = {};
    const events = this.#eventsOf(ends.localPort, ends.remotePort, from.source, () => handlers);
    const tags = {
      ownTag: state.readUInt32BE(8),
      ownTsn: state.readUInt32BE(12),
      peerTag: state.readUInt32BE(16),
      peerTsn: state.readUInt32BE(20),
    };
    const association = SctpAssociation.accept(ends, (answer) => this.#send(answer, from.source), events, tags);
    this.#associations.set(keyOf(ends.localPort, ends.remotePort, from.source), association);
    handlers = from.listener(connectionOf(association));
    handlers.established?.();
    // DATA may come in the same packet.
    if (packet.chunks.length > 1) association.receive({ ...packet, chunks: packet.chunks.slice(1) });
  }

  #sign(state: Buffer, { sourcePort, destinationPort }: SctpPacket, source: string): Buffer {
    return createHmac('sha256', this.#secret).update(state).update(`${sourcePort} ${destinationPort} ${source}`).digest();
  }

  #unreachable(quoted: Buffer, destination: string): void {
    if (quoted.length < 4) return;
    this.#associations.get(keyOf(quoted.readUInt16BE(0), quoted.readUInt16BE(2), destination))?.unreachable('ECONNREFUSED');
  }

  #eventsOf(localPort: number, remotePort: number, address: string, handlers: () => SctpHandlers): AssociationEvents {
    return {
      established: () => handlers().established?.(),
      message: (data) => handlers().message?.(data),
      closed: (error) => {
        this.#associations.delete(keyOf(localPort, remotePort, address));
        handlers().closed?.(error);
      },
    };
  }

  #send(packet: SctpPacket, destination: string): void {
    try {
      this.#door.send(encodePacket(packet), destination);
    } catch {
      // No route, or rules of this machine: like a packet that is lost on the way, it is sent again.
    }
  }

  #freePort(): { readonly port: number; readonly release: () => void } {
    for (let attempt = 0; attempt < 100; attempt++) {
      const port = randomInt(ephemeral.first, ephemeral.last + 1);
      const release = this.#door.claim(port);
      if (release === undefined) continue;
      this.#claims.add(release);
      return { port, release };
    }
    throw Object.assign(new Error('no free port'), { code: 'EADDRNOTAVAIL' });
  }

  #claim(port: number): void {
    const release = this.#door.claim(port);
    if (release === undefined) throw Object.assign(new Error(`port ${port} is taken`), { code: 'EADDRINUSE' });
    this.#claims.add(release);
  }
}

function keyOf(localPort: number, remotePort: number, address: string): string {
  return `${localPort} ${remotePort} ${address}`;
}

function connectionOf(association: SctpAssociation): SctpConnection {
  return {
    remoteAddress: association.ends.remoteAddress,
    remotePort: association.ends.remotePort,
    send: (data) => association.send(data),
    close: () => association.close(),
    destroy: () => association.abort(),
  };
}
