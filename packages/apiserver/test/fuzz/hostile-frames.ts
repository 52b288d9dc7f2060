/** Frames of upgraded connections, right and wrong: WebSocket messages and SPDY/3.1. */
import zlib from 'node:zlib';
import type { Random } from '@weir/testkit';
import { spdyDictionary } from '../../src/streams/spdy-dictionary.ts';
import { damaged, noise, number, text } from './hostile-values.ts';

/** Some WebSocket frames of a client. */
export function webSocketFrames(random: Random): Buffer {
  return Buffer.concat(random.times(random.integer(1, 8), () => maybeDamaged(random, webSocketFrame(random))));
}

function webSocketFrame(random: Random): Buffer {
  const payload = random.chance(0.7)
    ? Buffer.concat([Buffer.of(random.pick([0, 0, 1, 3, 4, 4, 5, 255])), channelBytes(random)])
    : noise(random, 200);
  const opcode = random.chance(0.9) ? random.pick([2, 2, 2, 1, 0, 8, 9, 10]) : random.integer(0, 15);
  const head = [(random.chance(0.9) ? 0x80 : 0) | (random.chance(0.03) ? 0x40 : 0) | opcode];
  const length = random.chance(0.95) ? payload.length : random.pick([0, 125, 126, 65_535, 2 ** 31]);
  const mask = random.chance(0.97) ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255);
  else head.push(mask | 127, 0, 0, 0, 0, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
  // With a mask of zeros the payload is as it is.
  return Buffer.concat([Buffer.from(head), mask === 0 ? Buffer.alloc(0) : Buffer.alloc(4), payload]);
}

/** Input of a program, or the size of its terminal. */
function channelBytes(random: Random): Buffer {
  return Buffer.from(random.chance(0.5) ? JSON.stringify({ Width: number(random), Height: number(random) }) : text(random));
}

/** Some SPDY frames of a client: streams as `kubectl` opens them, and what it never sends. */
export async function spdyFrames(random: Random): Promise<Buffer> {
  const headers = new SpdyHeaderBlocks();
  const frames: Buffer[] = [];
  for (let count = random.integer(1, 8); count > 0; count -= 1) frames.push(maybeDamaged(random, await spdyFrame(random, headers)));
  headers.close();
  return Buffer.concat(frames);
}

async function spdyFrame(random: Random, headers: SpdyHeaderBlocks): Promise<Buffer> {
  const id = random.chance(0.8) ? random.integer(0, 5) * 2 + 1 : random.pick([0, 2, 2 ** 31 - 1]);
  switch (random.integer(0, 6)) {
    case 0:
    case 1:
    case 2: {
      const pairs = random.chance(0.8)
        ? [
            ['streamtype', random.pick(['stdin', 'stdout', 'stderr', 'error', 'resize', 'data', 'error', 'data'])],
            ['port', random.pick(['80', text(random)])],
            ['requestid', String(random.integer(0, 2))],
          ]
        : random.times(random.integer(0, 300), () => [text(random), text(random)]);
      const block = random.chance(0.9) ? await headers.encode(pairs) : noise(random, 60);
      return control(1, Buffer.concat([word(id), word(0), Buffer.alloc(2), block]));
    }
    case 3:
      return Buffer.concat([word(id), word((random.chance(0.2) ? 0x0100_0000 : 0) + 12), noise(random, 0), Buffer.alloc(12, 'x')]);
    case 4:
      return control(random.pick([3, 6, 7, 4, 8, 9]), noise(random, 12));
    case 5:
      return control(random.integer(0, 65_535), noise(random, 40));
    default:
      return noise(random, 60);
  }
}

function control(type: number, body: Buffer): Buffer {
  return Buffer.concat([word(0x8003_0000 + type), word(body.length), body]);
}

/** One compression for all headers of a connection, as the protocol wants it. */
class SpdyHeaderBlocks {
  readonly #deflate = zlib.createDeflate({ dictionary: spdyDictionary });

  encode(pairs: readonly (readonly string[])[]): Promise<Buffer> {
    const texts = pairs.flat().map((each) => Buffer.from(each));
    const plain = Buffer.concat([word(pairs.length), ...texts.flatMap((each) => [word(each.length), each])]);
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      const take = (piece: Buffer): void => void pieces.push(piece);
      this.#deflate.on('data', take);
      this.#deflate.write(plain);
      this.#deflate.flush(zlib.constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('data', take);
        resolve(Buffer.concat(pieces));
      });
    });
  }

  close(): void {
    this.#deflate.destroy();
  }
}

function maybeDamaged(random: Random, bytes: Buffer): Buffer {
  return random.chance(0.15) ? damaged(random, bytes) : bytes;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
