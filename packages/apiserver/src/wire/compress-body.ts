/** gzip of large answers, for clients that take it (`Accept-Encoding`). */
import { promisify } from 'node:util';
import { createGzip, type Gzip, gzip } from 'node:zlib';

/** As upstream: less than this is not worth the work. */
const smallestBytes = 128 * 1024;
/** As upstream: lists shrink to a tenth at the fastest level already. */
const level = 1;

const compress = promisify(gzip);

/** The compressed body, or undefined when it goes out as it is. */
export async function compressBody(body: Uint8Array, acceptEncoding: string | undefined): Promise<Uint8Array | undefined> {
  if (body.length < smallestBytes || !takesGzip(acceptEncoding ?? '')) return undefined;
  return compress(body, { level });
}

/** The same for an answer in pieces, which is long. */
export function pieceCompressor(acceptEncoding: string | undefined): Gzip | undefined {
  return takesGzip(acceptEncoding ?? '') ? createGzip({ level }) : undefined;
}

function takesGzip(acceptEncoding: string): boolean {
  return acceptEncoding.split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
