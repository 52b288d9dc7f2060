/** `/version`, `/healthz`, `/livez` and `/readyz`. */
import type { ApiHandler } from './api-message.ts';

/** What `/version` says; the fields of client-go's `version.Info`. */
export interface VersionInfo {
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

/** The version information of a server that speaks the API of a Kubernetes version such as `v1.35.2`. */
export function versionInfo(gitVersion: string): VersionInfo {
  const [major = '', minor = ''] = gitVersion.replace(/^v/, '').split('.');
  return {
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node ${process.version}`,
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}

/** Answers the version and the health paths; a server that answers is healthy. */
export function healthHandler(version: VersionInfo): ApiHandler {
  return (request) => {
    if (request.path === '/version' || request.path === '/version/') return { kind: 'json', status: 200, body: version };
    if (/^\/(healthz|livez|readyz)(\/.*)?$/.test(request.path)) {
      return { kind: 'bytes', status: 200, body: 'ok', contentType: 'text/plain; charset=utf-8' };
    }
    return undefined;
  };
}
