/** Failures as the API documents them: one Status for each, whole. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
const badLabel = configMap('bad', {}, { labels: { a: '/' } });
const labelRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.request('POST', maps, { body: configMap('taken', {}) });
  await server.request('PUT', `${maps}/taken`, { body: configMap('taken', { changed: 'yes' }) });
});
afterAll(() => server.dispose());

interface Failure {
  readonly request: readonly [method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>];
  readonly code: number;
  readonly reason: string;
  readonly message: unknown;
  readonly details?: unknown;
}

const failures: readonly Failure[] = [
  {
    request: ['GET', `${maps}/none`],
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "none" not found',
    details: { name: 'none', kind: 'configmaps' },
  },
  {
    request: ['DELETE', `${policies}/none`],
    code: 404,
    reason: 'NotFound',
    message: 'networkpolicies.networking.k8s.io "none" not found',
    details: { name: 'none', group: 'networking.k8s.io', kind: 'networkpolicies' },
  },
  {
    request: ['POST', maps.replace('default', 'nowhere'), configMap('a', {}, { namespace: 'nowhere' })],
    code: 404,
    reason: 'NotFound',
    message: 'namespaces "nowhere" not found',
    details: { name: 'nowhere', kind: 'namespaces' },
  },
  {
    request: ['GET', '/api/v1/unicorns'],
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  },
  {
    request: ['POST', `${maps}/taken`, configMap('taken', {})],
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  },
  {
    request: ['GET', maps, undefined, { accept: 'text/html' }],
    code: 406,
    reason: 'NotAcceptable',
    message: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  },
  {
    request: ['POST', maps, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    code: 415,
    reason: 'UnsupportedMediaType',
    message: expect.stringMatching(
      /^the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml/,
    ),
  },
  {
    request: ['PATCH', `${maps}/taken`, '{}', { 'content-type': 'text/plain' }],
    code: 415,
    reason: 'UnsupportedMediaType',
    message: expect.stringContaining('application/json-patch+json, application/merge-patch+json'),
  },
  {
    request: ['POST', maps, configMap('taken', {})],
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "taken" already exists',
    details: { name: 'taken', kind: 'configmaps' },
  },
  {
    request: ['POST', maps, configMap('taken', {}, { generateName: 'take' })],
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "taken" already exists, the server was not able to generate a unique name for the object',
    details: { name: 'taken', kind: 'configmaps', retryAfterSeconds: 1 },
  },
  {
    request: ['PUT', `${maps}/taken`, configMap('taken', {}, { resourceVersion: '1' })],
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "taken": the object has been modified; please apply your changes to the latest version and try again',
    details: { name: 'taken', kind: 'configmaps' },
  },
  {
    request: ['POST', maps, badLabel],
    code: 422,
    reason: 'Invalid',
    message: `ConfigMap "bad" is invalid: metadata.labels: Invalid value: "/": ${labelRule}`,
    details: {
      name: 'bad',
      kind: 'ConfigMap',
      causes: [{ reason: 'FieldValueInvalid', message: `Invalid value: "/": ${labelRule}`, field: 'metadata.labels' }],
    },
  },
  {
    request: ['PUT', `${maps}/taken`, configMap('other', {})],
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (other) does not match the name on the URL (taken)',
  },
  {
    request: ['POST', maps, configMap('a', {}, { namespace: 'kube-system' })],
    code: 400,
    reason: 'BadRequest',
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    request: ['GET', `${maps}?includeObject=Some`, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }],
    code: 400,
    reason: 'BadRequest',
    message:
      "Unable to convert to Table as requested: includeObject: Invalid value: \"Some\": must be 'Metadata', 'Object', 'None', or empty",
  },
  {
    request: ['GET', `${maps}?resourceVersion=99999999`],
    code: 504,
    reason: 'Timeout',
    message: expect.stringMatching(/^Timeout: Too large resource version: 99999999, current: \d+$/),
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
  },
  {
    request: ['POST', '/api/v1/watch/configmaps', configMap('a', {})],
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  },
];

it.each(failures)('$request.0 of $request.1 fails with $code $reason', async ({ request, ...expected }) => {
  const [method, path, body, headers] = request;
  const { status, json } = await server.request(method, path, {
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  });
  expect(json).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...expected });
  expect(status).toBe(expected.code);
});

it('who shows no certificate and no token is told nothing else', async () => {
  const { json } = await server.request('GET', maps, { client: null });
  expect(json).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  });
});

it('who may not is told what and where', async () => {
  const { json } = await server.request('GET', `${policies}/none`, { client: server.ca.issueClient('nobody', []) });
  expect(json).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message:
      'networkpolicies.networking.k8s.io "none" is forbidden: User "nobody" cannot get resource "networkpolicies" in API group "networking.k8s.io" in the namespace "default"',
    reason: 'Forbidden',
    details: { name: 'none', group: 'networking.k8s.io', kind: 'networkpolicies' },
    code: 403,
  });
});
