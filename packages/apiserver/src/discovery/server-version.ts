/** `GET /version`: which Kubernetes the server claims to be. */
import { methodNotAllowed } from '../errors/api-error.ts';
import type { ApiHandler } from '../server/api-message.ts';

/** The answer of `/version` (version.Info of apimachinery). */
export interface ServerVersion {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** The newest behaviour that this server follows; kubectl 1.33 to 1.35 find it within their skew of one minor version. */
export const defaultServerVersion: ServerVersion = Object.freeze({
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.2+weir',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'node',
  platform: 'linux/amd64',
});

/** Makes the handler of `/version`. */
export function makeVersionHandler(version: ServerVersion = defaultServerVersion): ApiHandler {
  return (request) => {
    if (request.path !== '/version' && request.path !== '/version/') return undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    return { kind: 'json', status: 200, body: version };
  };
}
