/** Requests of every shape: right ones with something wrong in path, query, headers, body or identity. */
import { apiVersionOf, type ResourceDefinition } from '@weir/kube';
import type { Random } from '@weir/testkit';
import { type HostileBody, objectBody, patchBody } from './hostile-bodies.ts';
import { damaged, name, noise, number, text } from './hostile-values.ts';

/** Who sends: the administrator, somebody with few rights, a stranger with or without a false token. */
export type Sender = 'admin' | 'reader' | 'stranger' | 'foreign-token' | 'false-token';

/** One input. */
export interface HostileRequest {
  readonly sender: Sender;
  readonly method: string;
  /** Path and query as they go over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'];

const methodOf: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
  get: 'GET',
  list: 'GET',
  watch: 'GET',
};

const otherPaths = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/apps/v1',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/version',
  '/healthz',
  '/livez/x',
  '/readyz',
  '/metrics',
  '/logs/',
  '/debug/pprof',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
  '/static/../../etc/passwd',
  '/api/v1/proxy/nodes/n1',
];

const accepts = [
  'application/json',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/yaml',
  '*/*;q=0',
  ';;,,=',
];

/** Makes an input for one of the kinds that are served. */
export function hostileRequest(random: Random, kinds: readonly ResourceDefinition[]): HostileRequest {
  const definition = random.pick(kinds);
  const served = methods.filter((each) => each === 'HEAD' || definition.verbs.some((verb) => methodOf[verb] === each));
  const method = random.chance(0.95) && served.length > 0 ? random.pick(served) : random.pick(methods);
  const sender = random.chance(0.75) ? 'admin' : random.pick<Sender>(['reader', 'reader', 'stranger', 'foreign-token', 'false-token']);
  const path = random.chance(0.93)
    ? resourcePath(random, definition, method)
    : random.chance(0.7)
      ? random.pick(otherPaths)
      : noisyPath(random);
  const body = bodyOf(random, definition, method);
  // Roles of the administrator's making could give others what they must not have; webhooks would be called.
  const isDry = sender === 'admin' && ['rbac.authorization.k8s.io', 'admissionregistration.k8s.io'].includes(definition.group);
  return {
    sender,
    method,
    target: `${path}${queryText(random, isDry)}`,
    headers: { ...headersOf(random), ...(body === undefined ? {} : { 'content-type': body.contentType }) },
    body: body?.bytes ?? Buffer.alloc(0),
  };
}

function bodyOf(random: Random, definition: ResourceDefinition, method: string): HostileBody | undefined {
  if (random.chance(0.02)) return { contentType: 'application/json', bytes: noise(random, 300) };
  if (method === 'PATCH') return patchBody(random, definition);
  if (method === 'POST' || method === 'PUT' || (method === 'DELETE' && random.chance(0.5))) return objectBody(random, definition);
  return random.chance(0.03) ? objectBody(random, definition) : undefined;
}

function resourcePath(random: Random, definition: ResourceDefinition, method: string): string {
  const root = definition.group === '' ? `/api/${definition.version}` : `/apis/${apiVersionOf(definition)}`;
  const place = random.chance(0.9) ? random.pick(['open', 'open', 'default', 'vault']) : encode(random, text(random));
  const namespaced = definition.namespaced && random.chance(0.95) ? `/namespaces/${place}` : '';
  const isNamed = method === 'POST' ? random.chance(0.15) : method === 'GET' ? random.chance(0.5) : random.chance(0.95);
  const object = isNamed ? `/${random.chance(0.9) ? name(random) : encode(random, text(random))}` : '';
  const subresources = [...definition.subresources.map((each) => each.name), 'status', 'scale', 'log', 'proxy'];
  const subresource =
    isNamed && random.chance(0.2) ? `/${random.chance(0.95) ? random.pick(subresources) : encode(random, text(random))}` : '';
  const path = `${root}${namespaced}/${definition.plural}${object}${subresource}`;
  return random.chance(0.03) ? `/${encode(random, damaged(random, Buffer.from(path.slice(1))).toString('latin1'), true)}` : path;
}

function noisyPath(random: Random): string {
  return `/${random.times(random.integer(0, 8), () => encode(random, text(random))).join('/')}`;
}

/** Percent-encoded rightly, doubly or hardly. */
function encode(random: Random, value: string, keepsSlashes = false): string {
  // Through bytes: half of a surrogate pair cannot be encoded.
  const once = encodeURI(Buffer.from(value).toString()).replaceAll('?', '%3F').replaceAll('#', '%23');
  const slashes = keepsSlashes ? once : once.replaceAll('/', random.chance(0.5) ? '%2F' : '/');
  return random.chance(0.1) ? slashes.replaceAll('%', '%25') : slashes;
}

const parameters: Readonly<Record<string, (random: Random) => string>> = {
  watch: (random) => random.pick(['true', '1', '', 'false', text(random)]),
  limit: (random) => String(number(random)),
  continue: (random) =>
    random.chance(0.5)
      ? noise(random, 40).toString('base64url')
      : Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: number(random), start: text(random) })).toString('base64url'),
  resourceVersion: (random) => random.pick(['0', '1', '5', String(number(random)), text(random)]),
  resourceVersionMatch: (random) => random.pick(['Exact', 'NotOlderThan', text(random)]),
  sendInitialEvents: (random) => random.pick(['true', 'false', text(random)]),
  allowWatchBookmarks: (random) => random.pick(['true', text(random)]),
  timeoutSeconds: (random) => String(number(random)),
  labelSelector: (random) => labelSelector(random),
  fieldSelector: (random) => fieldSelector(random),
  dryRun: (random) => random.pick(['All', 'All', text(random)]),
  fieldManager: (random) => text(random),
  fieldValidation: (random) => random.pick(['Strict', 'Warn', 'Ignore', text(random)]),
  force: (random) => random.pick(['true', 'false', text(random)]),
  gracePeriodSeconds: (random) => String(number(random)),
  propagationPolicy: (random) => random.pick(['Foreground', 'Orphan', text(random)]),
  orphanDependents: (random) => text(random),
  includeObject: (random) => random.pick(['None', 'Metadata', 'Object', text(random)]),
  pretty: (random) => text(random),
  container: (random) => text(random),
  follow: (random) => text(random),
  tailLines: (random) => String(number(random)),
  sinceTime: (random) => text(random),
  command: (random) => text(random),
  path: (random) => text(random),
};

function queryText(random: Random, isDry: boolean): string {
  const all = Object.entries(parameters);
  const chosen = random.times(random.chance(0.4) ? 0 : random.integer(1, 3), () => {
    const [key, make] = random.pick(all);
    return [random.chance(0.98) ? key : text(random), make(random)] as const;
  });
  const pairs = isDry ? [...chosen.filter(([key]) => key !== 'dryRun'), ['dryRun', 'All'] as const] : chosen;
  if (pairs.length === 0) return '';
  const encoded = new URLSearchParams(pairs.map(([key, value]): [string, string] => [key, value])).toString();
  return `?${random.chance(0.03) && !isDry ? damagedQuery(random, encoded) : encoded}`;
}

function damagedQuery(random: Random, query: string): string {
  return damaged(random, Buffer.from(query))
    .toString('latin1')
    .replaceAll(/[^\x21-\x7e]/g, '%');
}

function labelSelector(random: Random): string {
  const requirement = (): string =>
    random.pick([
      `${text(random)}=${text(random)}`,
      `${text(random)}!=${text(random)}`,
      `${text(random)} in (${random.times(random.integer(0, 4), () => text(random)).join(',')})`,
      `!${text(random)}`,
      `${text(random)} notin (`,
      `${'('.repeat(random.integer(0, 30))}${text(random)}`,
    ]);
  return random.times(random.integer(1, 4), requirement).join(random.pick([',', ', ', ',,', ' ']));
}

function fieldSelector(random: Random): string {
  const field = (): string =>
    random.pick(['metadata.name', 'metadata.namespace', 'spec.nodeName', 'status.phase', 'involvedObject.name', 'type', text(random)]);
  return random.times(random.integer(1, 3), () => `${field()}${random.pick(['=', '==', '!=', '\\=', ''])}${text(random)}`).join(',');
}

function headersOf(random: Random): Record<string, string> {
  const headers: Record<string, string> = {};
  if (random.chance(0.15)) headers['accept'] = random.pick(accepts);
  if (random.chance(0.02)) headers['accept'] = headerText(random);
  if (random.chance(0.1)) headers['accept-encoding'] = random.pick(['gzip', 'gzip;q=0', 'br', '*', 'identity;q=0']);
  if (random.chance(0.1)) headers['user-agent'] = headerText(random);
  if (random.chance(0.04))
    headers[random.pick(['impersonate-user', 'impersonate-group', 'impersonate-uid', 'impersonate-extra-%zz', 'impersonate-extra-a'])] =
      headerText(random);
  if (random.chance(0.02)) headers['content-encoding'] = random.pick(['gzip', 'deflate', headerText(random)]);
  if (random.chance(0.02)) headers['x-forwarded-for'] = headerText(random);
  return headers;
}

/** What Node's parser lets through as the value of a header. */
function headerText(random: Random): string {
  return text(random)
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .trim();
}

/** An input in one line. */
export function inputText({ sender, method, target, headers, body }: HostileRequest): string {
  return `${sender} ${method} ${target} ${JSON.stringify(headers)} ${body.toString('latin1').slice(0, 2_000)}`;
}
