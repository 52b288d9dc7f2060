import zlib from 'node:zlib';
import { expect, it } from 'vitest';
import { spdyDictionary } from '../../src/streams/spdy-dictionary.ts';
import { SpdyHeaders } from '../../src/streams/spdy-frames.ts';

function compressed(text: Buffer): Buffer {
  return zlib.deflateSync(text, { dictionary: spdyDictionary, finishFlush: zlib.constants.Z_SYNC_FLUSH });
}

it('headers that unfold to more than is bounded are refused, and end nothing but their connection', async () => {
  for (const size of [70_000, 81_920, 1_000_000, 10_000_000]) {
    const headers = new SpdyHeaders();
    await expect(headers.decode(compressed(Buffer.alloc(size)))).rejects.toThrow();
    await expect(headers.decode(compressed(Buffer.alloc(4)))).rejects.toThrow();
    headers.close();
  }
});

it('a damaged block is refused, also when it fails after it was taken', async () => {
  const headers = new SpdyHeaders();
  await expect(headers.decode(Buffer.from('no block of a compressed stream'))).rejects.toThrow();
  headers.close();
});
