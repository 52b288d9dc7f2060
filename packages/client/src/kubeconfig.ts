/**
 * Reads kubeconfig files (client-go `clientcmd/api/v1`) into a {@link ClusterConnection}.
 *
 * Supported: certificate authority, client certificate and key (file or inline data), token, tokenFile,
 * tls-server-name, namespace. Refused with a reason: exec plugins, auth providers, basic auth, proxies,
 * impersonation, and insecure-skip-tls-verify unless the caller allows it.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { ClusterConnection } from './connection.ts';

/** What is wrong with a kubeconfig. */
export type KubeconfigErrorCode = 'unreadable' | 'syntax' | 'missing' | 'invalid' | 'unsupported' | 'insecure';

/** A kubeconfig that cannot be used; `message` says what is wrong, where, and what to do. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
  readonly code: KubeconfigErrorCode;

  constructor(code: KubeconfigErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** How to read a kubeconfig. */
export interface KubeconfigOptions {
  /** Context to use; `current-context` when absent. */
  readonly context?: string;
  /** Accept `insecure-skip-tls-verify: true`. Default false: such a file is refused. */
  readonly allowInsecure?: boolean;
  /** Folder that relative file names are resolved against. Default: the current folder. */
  readonly directory?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the kubeconfig file at `file`. Throws {@link KubeconfigError}. */
export async function loadKubeconfig(
  file: string,
  context?: string,
  options: Omit<KubeconfigOptions, 'context'> = {},
): Promise<ClusterConnection> {
  const text = await readText(file, 'kubeconfig');
  const read = { directory: path.dirname(file), ...options, ...(context === undefined ? {} : { context }) };
  try {
    return await parseKubeconfig(text, read);
  } catch (error) {
    if (error instanceof KubeconfigError) throw new KubeconfigError(error.code, `${file}: ${error.message}`, error.cause);
    throw error;
  }
}

/** Reads the text of a kubeconfig; certificates given by file name are read from disk. Throws {@link KubeconfigError}. */
export async function parseKubeconfig(text: string, options: KubeconfigOptions = {}): Promise<ClusterConnection> {
  const config = parseFields(text);
  const contextName = options.context ?? stringField(config, 'current-context', '');
  if (contextName === undefined || contextName === '') {
    throw new KubeconfigError('missing', `no context chosen and no current-context set; contexts: ${names(config, 'contexts')}`);
  }
  const context = entry(config, 'contexts', 'context', contextName);
  const where = `contexts[${contextName}].context`;
  const clusterName = required(context, 'cluster', where);
  const cluster = entry(config, 'clusters', 'cluster', clusterName);
  const userName = stringField(context, 'user', where);
  const user = userName === undefined || userName === '' ? {} : entry(config, 'users', 'user', userName);
  const namespace = stringField(context, 'namespace', where);
  return Object.freeze({
    ...(await readCluster(cluster, `clusters[${clusterName}].cluster`, options)),
    ...(await readUser(user, `users[${userName ?? ''}].user`, options)),
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
  });
}

async function readCluster(cluster: Fields, where: string, options: KubeconfigOptions): Promise<ClusterConnection> {
  const server = required(cluster, 'server', where);
  checkServer(server, where);
  if (stringField(cluster, 'proxy-url', where)) {
    throw new KubeconfigError('unsupported', `${where}.proxy-url: proxies are not supported; connect directly`);
  }
  const insecure = cluster['insecure-skip-tls-verify'] === true;
  if (insecure && options.allowInsecure !== true) {
    throw new KubeconfigError(
      'insecure',
      `${where}.insecure-skip-tls-verify is true: anybody on the way could answer in place of the server; give certificate-authority-data instead, or allow it explicitly`,
    );
  }
  const authority = await pem(cluster, 'certificate-authority', { where, marker: 'CERTIFICATE', directory: options.directory });
  const name = stringField(cluster, 'tls-server-name', where);
  return {
    server,
    ...(authority === undefined ? {} : { certificateAuthority: authority }),
    ...(name === undefined || name === '' ? {} : { tlsServerName: name }),
    ...(insecure ? { insecureSkipTlsVerify: true } : {}),
  };
}

function checkServer(server: string, where: string): void {
  if (server.startsWith('unix:/')) return;
  let url: URL;
  try {
    url = new URL(server);
  } catch (error) {
    throw new KubeconfigError('invalid', `${where}.server: ${JSON.stringify(server)} is not a URL; expected https://HOST:PORT`, error);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new KubeconfigError('invalid', `${where}.server: ${url.protocol}// is not supported; use https://, http:// or unix:/path`);
  }
}

async function readUser(user: Fields, where: string, options: KubeconfigOptions): Promise<Omit<ClusterConnection, 'server'>> {
  for (const [key, advice] of unsupportedUserFields) {
    if (user[key] !== undefined) throw new KubeconfigError('unsupported', `${where}.${key} is not supported; ${advice}`);
  }
  const certificate = await pem(user, 'client-certificate', { where, marker: 'CERTIFICATE', directory: options.directory });
  const key = await pem(user, 'client-key', { where, marker: 'PRIVATE KEY', directory: options.directory });
  if ((certificate === undefined) !== (key === undefined)) {
    const missing = certificate === undefined ? 'client-certificate' : 'client-key';
    throw new KubeconfigError('missing', `${where}: ${missing} or ${missing}-data is missing; certificate and key belong together`);
  }
  const token = stringField(user, 'token', where);
  const tokenFile = stringField(user, 'tokenFile', where);
  return {
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    ...(key === undefined ? {} : { clientKey: key }),
    ...(token === undefined || token === '' ? {} : { token }),
    ...(tokenFile === undefined || tokenFile === '' ? {} : { tokenFile: path.resolve(options.directory ?? '.', tokenFile) }),
  };
}

const unsupportedUserFields: readonly (readonly [string, string])[] = [
  ['exec', 'use a client certificate or a token (for AKS: az aks get-credentials --admin)'],
  ['auth-provider', 'use a client certificate or a token'],
  ['username', 'basic authentication was removed from Kubernetes; use a client certificate or a token'],
  ['as', 'impersonation is not supported; use credentials of the user itself'],
];

interface PemSource {
  readonly where: string;
  readonly marker: string;
  readonly directory: string | undefined;
}

/** The PEM text of `KEY-data` (base64) or of the file in `KEY`; data wins, as in client-go. */
async function pem(fields: Fields, key: string, source: PemSource): Promise<string | undefined> {
  const data = stringField(fields, `${key}-data`, source.where);
  if (data !== undefined && data !== '') {
    return checkPem(Buffer.from(data, 'base64').toString('utf8'), `${source.where}.${key}-data`, source.marker);
  }
  const file = stringField(fields, key, source.where);
  if (file === undefined || file === '') return undefined;
  const absolute = path.resolve(source.directory ?? '.', file);
  return checkPem(await readText(absolute, `${source.where}.${key}`), `${source.where}.${key} (${absolute})`, source.marker);
}

function checkPem(text: string, where: string, marker: string): string {
  if (!text.includes('-----BEGIN ') || !text.includes(`${marker}-----`)) {
    throw new KubeconfigError('invalid', `${where} holds no PEM block "${marker}"`);
  }
  return text;
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError('unreadable', `cannot read ${what}: ${reason}`, error);
  }
}

function parseFields(text: string): Fields {
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw new KubeconfigError('syntax', `not valid YAML: ${problem.message.trim()}`, problem);
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (!isFields(value)) throw new KubeconfigError('syntax', 'not a kubeconfig: expected a mapping with clusters, users and contexts');
  const kind = value['kind'];
  if (kind !== undefined && kind !== 'Config') throw new KubeconfigError('invalid', `kind is ${JSON.stringify(kind)}; expected Config`);
  return value;
}

/** The inner object of the entry called `name` in a named list of the kubeconfig. */
function entry(config: Fields, list: string, member: string, name: string): Fields {
  const found = entries(config, list).find((candidate) => candidate['name'] === name);
  if (found === undefined)
    throw new KubeconfigError('missing', `${list}: no entry named ${JSON.stringify(name)}; there is ${names(config, list)}`);
  const inner = found[member];
  if (inner === undefined || inner === null) return {};
  if (!isFields(inner)) throw new KubeconfigError('invalid', `${list}[${name}].${member}: expected a mapping`);
  return inner;
}

function entries(config: Fields, list: string): readonly Fields[] {
  const value = config[list] ?? [];
  if (!Array.isArray(value)) throw new KubeconfigError('invalid', `${list}: expected a list`);
  return value.filter(isFields);
}

function names(config: Fields, list: string): string {
  const found = entries(config, list).map((candidate) => JSON.stringify(candidate['name']));
  return found.length === 0 ? 'none' : found.join(', ');
}

function required(fields: Fields, key: string, where: string): string {
  const value = stringField(fields, key, where);
  if (value === undefined || value === '') throw new KubeconfigError('missing', `${where}.${key} is missing`);
  return value;
}

function stringField(fields: Fields, key: string, where: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new KubeconfigError('invalid', `${where === '' ? '' : `${where}.`}${key}: expected a text`);
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
