/** Calls a handler the way the listener does. */
import type { ApiHandler, ApiResponse } from '../src/index.ts';

/** Sends a request without a body to `handler`. */
export function get(handler: ApiHandler, target: string, accept?: string, method = 'GET'): ApiResponse | undefined {
  const url = new URL(target, 'http://server');
  return handler({
    method,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: { accept },
    body: new Uint8Array(0),
    user: { username: 'tester', groups: ['system:masters'] },
    signal: new AbortController().signal,
  });
}
