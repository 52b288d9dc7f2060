/** Kubernetes' type net.URL: absolute URLs and absolute paths, as Go's `url.ParseRequestURI` takes them. */
import { addToGroup } from '@weir/net';
import { CelError } from '../cel-error.ts';
import { type CelKey, type CelValue, OpaqueValue } from '../values/cel-value.ts';
import { type Overload, overload, traversalCost } from './function-table.ts';

// The parts of RFC 3986; no part can swallow the separator of the next, so matching is linear.
const pattern = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#@]*))?([^?#]*)(?:\?([^#]*))?$/;

interface UrlParts {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class CelUrl extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly parts: UrlParts;

  constructor(parts: UrlParts) {
    super();
    this.parts = parts;
  }

  override equals(other: CelUrl): boolean {
    return this.parts.text === other.parts.text;
  }
}

function findUrl(text: string): CelUrl | undefined {
  const match = pattern.exec(text);
  if (match === null || hasControlOrSpace(text)) return undefined;
  const [, scheme = '', , host = '', path = '', query = ''] = match;
  if (scheme === '' && !path.startsWith('/')) return undefined;
  if (scheme === '' && host !== '') return undefined;
  if (/%(?![0-9a-fA-F]{2})/.test(path) || !isHost(host)) return undefined;
  return new CelUrl({ text, scheme, host, path, query });
}

function hasControlOrSpace(text: string): boolean {
  return Array.from(text).some((letter) => letter <= ' ' || letter === '\u007F');
}

function isHost(host: string): boolean {
  const bracketed = /^\[[0-9a-fA-F:.%]+\](?::(\d*))?$/.exec(host);
  if (bracketed !== null) return true;
  return /^[^:[\]<>"]*(?::\d*)?$/.test(host);
}

function urlIn(text: string): CelUrl {
  const found = findUrl(text);
  if (found === undefined)
    throw new CelError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
  return found;
}

const partsOf = (value: CelValue | undefined): UrlParts => (value as CelUrl).parts;

function hostname(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : (host.split(':')[0] ?? '');
}

function port(host: string): string {
  return /:(\d*)$/.exec(host.startsWith('[') ? host.slice(host.indexOf(']') + 1) : host)?.[1] ?? '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function queryOf(text: string): CelValue {
  const values = new Map<CelKey, string[]>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const key = decoded(at < 0 ? part : part.slice(0, at));
    addToGroup(values, key, at < 0 ? '' : decoded(part.slice(at + 1)));
  }
  return values;
}

/** The functions of URLs. */
export const urlLibrary: readonly Overload[] = [
  overload('url(string) kubernetes.URL', ([text]) => urlIn(text as string), traversalCost),
  overload('isURL(string) bool', ([text]) => findUrl(text as string) !== undefined, traversalCost),
  overload('kubernetes.URL.getScheme() string', ([url]) => partsOf(url).scheme),
  overload('kubernetes.URL.getHost() string', ([url]) => partsOf(url).host),
  overload('kubernetes.URL.getHostname() string', ([url]) => hostname(partsOf(url).host)),
  overload('kubernetes.URL.getPort() string', ([url]) => port(partsOf(url).host)),
  overload('kubernetes.URL.getEscapedPath() string', ([url]) => encodeURI(partsOf(url).path).replaceAll(/%25([0-9a-fA-F]{2})/g, '%$1')),
  overload(
    'kubernetes.URL.getQuery() map<string, list<string>>',
    ([url]) => queryOf(partsOf(url).query),
    ([url]) => Math.max(1, Math.ceil(partsOf(url).query.length * 0.1)),
  ),
];
