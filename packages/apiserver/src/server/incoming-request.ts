/** A request whose head has been read, and what its target says; free of HTTP/1.1 and HTTP/2 details. */
import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '../errors/api-error.ts';
import type { UserInfo } from './api-message.ts';

/** What is known before the body is read. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** The user of the client's certificate; undefined without one of the cluster's CA. */
  readonly certified: UserInfo | undefined;
  /** The client's address as the kernel tells it. */
  readonly sourceAddress: string;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
  /** Throws ApiError: 413 for too much, 408 for too slow. */
  readBody(): Promise<Uint8Array>;
  /** Calls back when the answer has gone out, or nobody waits for it any more. */
  whenClosed(callback: () => void): void;
}

/** What a request target says. */
export interface RequestTarget {
  /** Decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Reads the target of a request (`/path?query`, or a whole URL). Throws 400 for anything else. */
export function parseRequestTarget(target: string): RequestTarget {
  const origin = /^https?:\/\/[^/?]*/i.exec(target)?.[0] ?? '';
  const text = target.slice(origin.length);
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  // Dots stay as they are: they are names that no object has.
  if (!path.startsWith('/') && !(path === '' && origin !== '')) throw badRequest('the target of the request is not a path');
  return { path: decodePath(path === '' ? '/' : path), query: new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1)) };
}

/** `/api/v1/watch/…` and `/apis/GROUP/VERSION/watch/…`, deprecated and still served upstream, say `watch=true`. */
const watchPath = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)\/watch(\/.+)$/;

/** What a GET means whose path has the old form of a watch; any other is what it was. */
export function modernWatch({ path, query }: RequestTarget): RequestTarget {
  const [, version, rest] = watchPath.exec(path) ?? [];
  if (version === undefined || rest === undefined) return { path, query };
  query.set('watch', 'true');
  return { path: `${version}${rest}`, query };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest('the path of the request is not valid percent-encoding');
  }
}
