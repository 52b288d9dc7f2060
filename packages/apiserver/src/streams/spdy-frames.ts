/**
 * SPDY/3.1 frames, as far as Kubernetes' clients use them.
 *
 * ```
 *   control  1|version 3 (15 bits) · type (16) · flags (8) · length (24) · body
 *   data     0|stream id (31)                  · flags (8) · length (24) · payload
 * ```
 */
import zlib from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.ts';

/** Types of control frames that are looked at; others are ignored. */
export const spdyTypes = { synStream: 1, synReply: 2, resetStream: 3, ping: 6, goAway: 7 } as const;

/** The flag that half-closes a stream. */
export const finFlag = 0x01;

/** A frame; `type` is undefined for data. */
export interface SpdyFrame {
  readonly type: number | undefined;
  /** Stream of a data frame. */
  readonly streamId: number;
  readonly flags: number;
  readonly payload: Buffer;
  /** The whole frame as it came. */
  readonly raw: Buffer;
}

/** Longer frames are refused; clients copy in pieces of 32 KiB. */
const frameLimitBytes = 1024 * 1024;
/** Headers of a stream, inflated; real ones have 30 bytes. */
const headerLimitBytes = 16 * 1024;

/** Cuts bytes into frames. */
export class SpdyFrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The frames that `bytes` complete. Throws Error for bytes that are no SPDY/3. */
  push(bytes: Buffer): readonly SpdyFrame[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: SpdyFrame[] = [];
    while (this.#pending.length >= 8) {
      const length = this.#pending.readUIntBE(5, 3);
      if (length > frameLimitBytes) throw new Error(`a SPDY frame of ${length} bytes is too long`);
      if (this.#pending.length < 8 + length) break;
      frames.push(parseFrame(this.#pending.subarray(0, 8 + length)));
      this.#pending = this.#pending.subarray(8 + length);
    }
    return frames;
  }
}

function parseFrame(raw: Buffer): SpdyFrame {
  const word = raw.readUInt32BE(0);
  const rest = { flags: raw.readUInt8(4), payload: raw.subarray(8), raw };
  if ((word & 0x8000_0000) === 0) return { type: undefined, streamId: word, ...rest };
  const version = (word >>> 16) & 0x7fff;
  if (version !== 3) throw new Error(`SPDY version ${version} is not served`);
  return { type: word & 0xffff, streamId: 0, ...rest };
}

/** A data frame. */
export function dataFrame(streamId: number, payload: Buffer, flags: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([head, payload]);
}

/** A control frame. */
export function controlFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(0x8003_0000 + type, 0);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** Header blocks: one zlib context per direction for the whole connection. Calls must not overlap. */
export class SpdyHeaders {
  readonly #inflate = zlib.createInflate({ dictionary: spdyDictionary, flush: zlib.constants.Z_SYNC_FLUSH });
  readonly #deflate = zlib.createDeflate({ dictionary: spdyDictionary });

  constructor() {
    // A context can fail after the block that broke it was answered: then no call is left to hear of it.
    this.#inflate.on('error', () => undefined);
    this.#deflate.on('error', () => undefined);
  }

  /** The headers of a compressed block. Rejects when it is damaged or too long. */
  async decode(block: Buffer): Promise<ReadonlyMap<string, string>> {
    return parseHeaders(await through(this.#inflate, block));
  }

  /** A compressed block without headers. */
  async encodeEmpty(): Promise<Buffer> {
    return await through(this.#deflate, Buffer.alloc(4));
  }

  /** Frees the zlib contexts. */
  close(): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

/** Writes `input` and answers all that comes out until it has been flushed. */
function through(stream: zlib.Inflate | zlib.Deflate, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const settle = (error?: Error): void => {
      stream.off('data', take);
      stream.off('error', settle);
      stream.off('close', closed);
      if (error === undefined) resolve(Buffer.concat(pieces));
      else reject(error);
    };
    const closed = (): void => settle(new Error('the connection is closed'));
    const take = (piece: Buffer): void => {
      length += piece.length;
      if (length <= headerLimitBytes) {
        pieces.push(piece);
        return;
      }
      stream.destroy();
      settle(new Error('the headers of a SPDY stream are too long'));
    };
    stream.on('data', take);
    stream.on('error', settle);
    stream.on('close', closed);
    stream.write(input);
    stream.flush(zlib.constants.Z_SYNC_FLUSH, () => settle());
  });
}

/** 32-bit count, then names and values, each with a 32-bit length in front. */
function parseHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let position = 4;
  const text = (): string => {
    const length = bytes.readUInt32BE(position);
    const start = position + 4;
    if (length > bytes.length - start) throw new Error('a SPDY header goes beyond the end of its block');
    position = start + length;
    return bytes.toString('utf8', start, position);
  };
  const count = bytes.readUInt32BE(0);
  for (let index = 0; index < count; index += 1) {
    const name = text();
    headers.set(name, text());
  }
  return headers;
}
