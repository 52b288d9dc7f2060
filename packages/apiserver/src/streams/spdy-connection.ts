/**
 * The server's side of a SPDY/3.1 connection: accepts the client's streams, answers pings, carries data.
 *
 * The Go peers do no flow control; what slows either side down is the connection itself.
 */
import type { Duplex } from 'node:stream';
import { controlFrame, dataFrame, finFlag, type SpdyFrame, SpdyFrameReader, SpdyHeaders, spdyTypes } from './spdy-frames.ts';

/** What happens on a connection. */
export interface SpdyEvents {
  /** A new stream, already answered. */
  stream(id: number, headers: ReadonlyMap<string, string>): void;
  data(id: number, payload: Buffer): void;
  /** The client will send no more on this stream. */
  end(id: number): void;
  /** The connection is gone. Called once. */
  close(): void;
}

/** More streams than this at a time end the connection; exec and attach open five, a forwarded connection two. */
const streamLimit = 1_024;

/** What waits for the headers before it; more is not read yet. */
const queuedBytesMax = 256 * 1024;

/** Why a stream is reset (RST_STREAM): the server does not take it. */
const refusedStream = 3;

/** One connection after the upgrade. */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #events: SpdyEvents;
  readonly #reader = new SpdyFrameReader();
  readonly #headers = new SpdyHeaders();
  readonly #open = new Set<number>();
  /** Frames are taken one after the other, since headers are inflated asynchronously. */
  #work: Promise<void> = Promise.resolve();
  #queuedBytes = 0;
  /** Whoever takes what comes wants no more of it now. */
  #isHeld = false;
  #closed = false;

  constructor(socket: Duplex, head: Buffer, events: SpdyEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    socket.on('end', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    if (head.length > 0) this.#receive(head);
  }

  /** Sends bytes on a stream; resolves when they have left, or at once when nobody is there any more. */
  send(id: number, payload: Buffer, end: boolean): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writable) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.write(dataFrame(id, payload, end ? finFlag : 0), () => resolve());
    });
  }

  /** Refuses a stream. */
  reset(id: number): void {
    const body = Buffer.alloc(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(refusedStream, 4);
    this.#socket.write(controlFrame(spdyTypes.resetStream, body));
    this.forget(id);
  }

  /** Nothing more will be said on a stream: it no longer counts. */
  forget(id: number): void {
    this.#open.delete(id);
  }

  pause(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#queuedBytes <= queuedBytesMax) this.#socket.resume();
  }

  /** Ends the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > queuedBytesMax) this.#socket.pause();
    this.#work = this.#work.then(() => this.#takeQueued(bytes));
  }

  async #takeQueued(bytes: Buffer): Promise<void> {
    await this.#takeAll(bytes);
    this.#queuedBytes -= bytes.length;
    if (!this.#isHeld && this.#queuedBytes <= queuedBytesMax) this.#socket.resume();
  }

  async #takeAll(bytes: Buffer): Promise<void> {
    try {
      for (const frame of this.#reader.push(bytes)) await this.#take(frame);
    } catch {
      // Not the protocol we agreed on: nothing that follows could be understood.
      this.#socket.destroy();
    }
  }

  async #take(frame: SpdyFrame): Promise<void> {
    if (this.#closed) return;
    switch (frame.type) {
      case undefined:
        this.#events.data(frame.streamId, frame.payload);
        if ((frame.flags & finFlag) !== 0) this.#events.end(frame.streamId);
        return;
      case spdyTypes.synStream:
        await this.#accept(frame);
        return;
      case spdyTypes.resetStream:
        this.#events.end(frame.payload.readUInt32BE(0) & 0x7fff_ffff);
        return;
      case spdyTypes.ping:
        // Odd ids are the client's own; even ones would be answers to pings that we never send.
        if (frame.payload.length === 4 && frame.payload.readUInt32BE(0) % 2 === 1) this.#socket.write(frame.raw);
        return;
      default:
        return;
    }
  }

  /** SYN_STREAM: stream id, associated id, priority and slot, headers. */
  async #accept(frame: SpdyFrame): Promise<void> {
    const id = frame.payload.readUInt32BE(0) & 0x7fff_ffff;
    this.#open.add(id);
    if (this.#open.size > streamLimit) throw new Error('too many streams');
    const headers = await this.#headers.decode(frame.payload.subarray(10));
    const reply = Buffer.concat([frame.payload.subarray(0, 4), await this.#headers.encodeEmpty()]);
    if (this.#closed) return;
    this.#socket.write(controlFrame(spdyTypes.synReply, reply));
    this.#events.stream(id, headers);
    if ((frame.flags & finFlag) !== 0) this.#events.end(id);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#headers.close();
    this.#events.close();
  }
}
