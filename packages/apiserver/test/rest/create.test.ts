import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

const pods = '/api/v1/namespaces/default/pods';

describe('creating objects', () => {
  it('fills in what the real server fills in', async () => {
    const { status, json } = await server.request('POST', pods, {
      body: pod('defaults', { spec: { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80 }] }] } }),
    });
    expect(status).toBe(201);
    expect(json.metadata).toMatchObject({ name: 'defaults', namespace: 'default', generation: 1 });
    expect(json.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(json.spec).toMatchObject({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      terminationGracePeriodSeconds: 30,
      securityContext: {},
      enableServiceLinks: true,
      serviceAccountName: 'default',
      containers: [
        { imagePullPolicy: 'Always', ports: [{ containerPort: 80, protocol: 'TCP' }], terminationMessagePath: '/dev/termination-log' },
      ],
    });
    expect(json.spec.tolerations).toEqual(
      ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
    );
    expect(json.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    expect(json.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('makes names from generateName', async () => {
    const { json } = await server.request('POST', pods, { body: pod('', { metadata: { name: undefined, generateName: 'web-' } }) });
    expect(json.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('keeps nothing of a dry run', async () => {
    const created = await server.request('POST', `${pods}?dryRun=All`, { body: pod('dry') });
    expect(created.status).toBe(201);
    expect(created.json.metadata.uid).toBeTruthy();
    expect((await server.request('GET', `${pods}/dry`)).status).toBe(404);
  });

  it('cuts long prefixes, so that names from them stay labels', async () => {
    const generateName = `${'a'.repeat(70)}-`;
    const { json } = await server.request('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { generateName } } });
    expect(json.metadata.name).toMatch(/^a{58}[a-z0-9]{5}$/);
  });

  it('puts the metadata.name label on namespaces', async () => {
    const { json } = await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'labelled', labels: { a: 'b' } } } });
    expect(json.metadata.labels).toEqual({ a: 'b', 'kubernetes.io/metadata.name': 'labelled' });
    expect(json.spec.finalizers).toEqual(['kubernetes']);
  });

  it.each([
    ['', 201, '299 - "yaml: unmarshal errors:\\n  line 4: key \\"a\\" already set in map"'],
    ['&fieldValidation=Ignore', 201, undefined],
    ['&fieldValidation=Strict', 400, undefined],
  ])('takes the last of the keys that stand twice in YAML, and tells of them: %s', async (query, code, warning) => {
    const body = 'metadata: { name: twice }\ndata:\n  a: "1"\n  a: "2"\n';
    const path = `/api/v1/namespaces/default/configmaps?dryRun=All${query}`;
    const { status, json, headers } = await server.request('POST', path, { body, headers: { 'content-type': 'application/yaml' } });
    expect({ status, warning: headers['warning'] }).toEqual({ status: code, warning });
    if (code === 201) expect(json.data).toEqual({ a: '2' });
    else expect(json.message).toContain('strict decoding error: yaml: unmarshal errors:\n  line 4: key "a" already set in map');
  });

  it('warns of unknown fields unless told otherwise', async () => {
    const body = { ...configMap('warned', { a: 'b' }), extra: 1 };
    const { status, headers, json } = await server.request('POST', '/api/v1/namespaces/default/configmaps', { body });
    expect(status).toBe(201);
    expect(headers['warning']).toBe('299 - "unknown field \\"extra\\""');
    expect(json.extra).toBeUndefined();
    const ignored = await server.request('POST', '/api/v1/namespaces/default/configmaps?fieldValidation=Ignore&dryRun=All', {
      body: { ...body, metadata: { name: 'ignored' } },
    });
    expect(ignored.headers['warning']).toBeUndefined();
  });
});

describe('refusing objects', () => {
  it.each([
    {
      name: 'a name that is taken',
      body: pod('defaults'),
      status: 409,
      reason: 'AlreadyExists',
      message: 'pods "defaults" already exists',
    },
    {
      name: 'another version',
      body: { ...pod('a'), apiVersion: 'v2' },
      status: 400,
      reason: 'BadRequest',
      message: 'the API version in the data (v2) does not match the expected API version (v1)',
    },
    {
      name: 'an unknown field when strict',
      query: '?fieldValidation=Strict',
      body: pod('a', { spec: { foo: 1 } }),
      status: 400,
      reason: 'BadRequest',
      message: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"',
    },
    {
      name: 'a duplicate field when strict',
      query: '?fieldValidation=Strict',
      body: '{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"x","image":"y"}]}}',
      status: 400,
      reason: 'BadRequest',
      message: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: duplicate field "spec.containers[0].image"',
    },
    {
      name: 'a value of a wrong type',
      body: pod('a', { spec: { containers: [{ name: 1, image: 'x' }] } }),
      status: 400,
      reason: 'BadRequest',
      message:
        'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    },
    {
      name: 'a time that is none',
      body: pod('a', { metadata: { creationTimestamp: 'yesterday' } }),
      status: 400,
      reason: 'BadRequest',
      message:
        'Pod in version "v1" cannot be handled as a Pod: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    },
    {
      name: 'a pod without containers',
      body: pod('a', { spec: { containers: [] } }),
      status: 422,
      reason: 'Invalid',
      message: 'Pod "a" is invalid: spec.containers: Required value',
    },
    {
      name: 'several mistakes at once',
      body: pod('A', { spec: { containers: [{ name: 'c', image: '' }], restartPolicy: 'Sometimes' } }),
      status: 422,
      reason: 'Invalid',
      message:
        'Pod "A" is invalid: [metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\'), spec.containers[0].image: Required value, spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"]',
    },
    {
      name: 'no name',
      body: { spec: { containers: [{ name: 'c', image: 'x' }] } },
      status: 422,
      reason: 'Invalid',
      message: 'Pod "" is invalid: metadata.name: Required value: name or generateName is required',
    },
    {
      name: 'another namespace',
      body: pod('a', { metadata: { namespace: 'kube-system' } }),
      status: 400,
      reason: 'BadRequest',
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    },
    {
      name: 'a missing namespace',
      path: '/api/v1/namespaces/nope/pods',
      body: pod('a'),
      status: 404,
      reason: 'NotFound',
      message: 'namespaces "nope" not found',
    },
    {
      name: 'an unknown resource',
      path: '/api/v1/namespaces/default/things',
      body: {},
      status: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    },
  ])('$name', async ({ path, query, body, status, reason, message }) => {
    const response = await server.request('POST', `${path ?? pods}${query ?? ''}`, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(response.json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status });
    expect(response.status).toBe(status);
  });

  it('names every cause of an invalid object', async () => {
    const { json } = await server.request('POST', pods, { body: pod('a', { spec: { containers: [] } }) });
    expect(json.details).toEqual({
      name: 'a',
      kind: 'Pod',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' }],
    });
  });

  it('a body that is too long or nested too deep', async () => {
    const long = await server.request('POST', '/api/v1/namespaces/default/configmaps', {
      body: configMap('long', { a: 'x'.repeat(4 * 1024 * 1024) }),
    });
    expect(long.status).toBe(413);
    const deep = await server.request('POST', pods, {
      body: `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
      headers: { 'content-type': 'application/json' },
    });
    expect(deep.status).toBe(400);
  });

  it('whoever shows no certificate, or one of another CA', async () => {
    const { json, status } = await server.request('GET', '/healthz', { client: null });
    expect(status).toBe(401);
    expect(json).toMatchObject({ reason: 'Unauthorized', message: 'Unauthorized' });
    const other = await TestServer.start();
    const stranger = await server.request('GET', pods, { client: other.admin });
    await other.dispose();
    expect(stranger.status).toBe(401);
  });
});
