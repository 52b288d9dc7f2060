/** The body of a request: bounded in size, and in the time that it may take. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type ApiError, badRequest, requestTimeout, requestTooLarge } from '../errors/api-error.ts';

/** The real server takes 3 MiB. */
const bodyLimitBytes = 3 * 1024 * 1024;

/**
 * What may come beyond the limit and is thrown away, so that a client that is still writing gets the answer and not
 * a broken connection.
 */
const forgivenBytes = 4 * bodyLimitBytes;

/** A request of either version of HTTP. */
type Body = Readable & { readonly headers: IncomingHttpHeaders };

/** Reads the body. Throws ApiError: 413 for too much, 408 for too slow, 400 when it breaks off. */
export function readRequestBody(request: Body, timeoutMs: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let chunks: Uint8Array[] = [];
    let length = 0;
    const settle = (failure?: ApiError): void => {
      clearTimeout(timer);
      request.off('data', take);
      request.off('end', end);
      request.off('error', broken);
      request.off('close', broken);
      // Somebody must listen for what becomes of it afterwards.
      request.on('error', () => undefined);
      if (failure === undefined) resolve(Buffer.concat(chunks));
      else reject(failure);
    };
    const take = (chunk: Uint8Array): void => {
      length += chunk.length;
      if (length <= bodyLimitBytes) chunks.push(chunk);
      else chunks = [];
      if (length > bodyLimitBytes + forgivenBytes) {
        request.pause();
        settle(requestTooLarge(bodyLimitBytes));
      }
    };
    const end = (): void => settle(length > bodyLimitBytes ? requestTooLarge(bodyLimitBytes) : undefined);
    const broken = (): void => settle(badRequest('the body of the request broke off'));
    const timer = setTimeout(() => settle(requestTimeout()), timeoutMs);
    if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes + forgivenBytes) {
      settle(requestTooLarge(bodyLimitBytes));
      return;
    }
    request.on('data', take);
    request.on('end', end);
    request.on('error', broken);
    request.on('close', broken);
  });
}
