/** Admission webhooks over HTTPS: who is asked what and when, what their answers do, and what failures say. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kubectlPath } from '../support/kubectl.ts';
import { configMap, pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';
import { patching, WebhookServer } from '../support/webhook-server.ts';

let server: TestServer;
let hooks: WebhookServer;
const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  server = await TestServer.start();
  hooks = await WebhookServer.start(server.ca.issueServer());
});
afterAll(async () => {
  await hooks.close();
  await server.dispose();
});
beforeEach(async () => {
  for (const kind of ['mutating', 'validating']) await server.request('DELETE', `${group}/${kind}webhookconfigurations`);
  hooks.reset();
});

const onConfigMaps = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }];

/** A webhook at a path of the test's server. */
function webhook(path: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: `${path.slice(1)}.example.com`,
    clientConfig: { url: hooks.url(path), caBundle: Buffer.from(server.ca.certificate).toString('base64') },
    rules: onConfigMaps,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...extra,
  };
}

async function configure(kind: 'Mutating' | 'Validating', name: string, ...webhooks: readonly Record<string, unknown>[]) {
  const body = { apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name }, webhooks };
  return server.request('POST', `${group}/${kind.toLowerCase()}webhookconfigurations`, { body });
}

let next = 0;
async function create(data: Record<string, string> = {}, query = '', metadata: Record<string, unknown> = {}) {
  return server.request('POST', `${configMaps}${query}`, { body: configMap(`c${next++}`, data, metadata) });
}

describe('a validating webhook', () => {
  it('is asked about the object as it will be stored, and its denial is the answer', async () => {
    await configure('Validating', 'v', webhook('/deny'));
    hooks.reply('/deny', () => ({ allowed: false, status: { code: 403, message: 'not today' } }));
    const denied = await create({ a: '1' });
    expect(denied.status).toBe(403);
    expect(denied.json.message).toBe('admission webhook "deny.example.com" denied the request: not today');
    expect(hooks.asked[0]?.request).toMatchObject({
      operation: 'CREATE',
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      namespace: 'default',
      userInfo: { username: 'admin' },
      object: { data: { a: '1' }, metadata: { uid: expect.any(String) as string } },
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    });
  });

  it('is what kubectl shows as the reason', async () => {
    await configure('Validating', 'v', webhook('/deny'));
    hooks.reply('/deny', () => ({ allowed: false }));
    const result = await server.run(await kubectlPath(), ['create', 'configmap', 'x']);
    expect(result.stderr).toContain('admission webhook "deny.example.com" denied the request without explanation');
  });

  it('sees changes and deletions with what was there, once for each', async () => {
    const { name } = (await create({ a: '1' })).json.metadata;
    await configure('Validating', 'v', webhook('/see'));
    await server.request('PATCH', `${configMaps}/${name}`, {
      body: { data: { a: '2' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await server.request('DELETE', `${configMaps}/${name}`);
    expect(hooks.asked.map(({ request }) => request)).toMatchObject([
      { operation: 'UPDATE', name, object: { data: { a: '2' } }, oldObject: { data: { a: '1' } } },
      { operation: 'DELETE', name, object: null, oldObject: { data: { a: '2' } } },
    ]);
  });

  it('adds its warnings to the answer', async () => {
    await configure('Validating', 'v', webhook('/warn'));
    hooks.reply('/warn', () => ({ allowed: true, warnings: ['look out'] }));
    expect((await create()).headers['warning']).toBe('299 - "look out"');
  });

  it('of a dry run hears of it, and nothing is stored', async () => {
    await configure('Validating', 'v', webhook('/see'));
    const made = await create({}, '?dryRun=All');
    expect(made.status).toBe(201);
    expect(hooks.asked[0]?.request.dryRun).toBe(true);
    expect((await server.request('GET', `${configMaps}/${made.json.metadata.name}`)).status).toBe(404);
  });

  it('is asked only about what its rules, selectors and conditions choose', async () => {
    await configure(
      'Validating',
      'v',
      webhook('/some', {
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        objectSelector: { matchLabels: { checked: 'yes' } },
        namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }] },
        matchConditions: [{ name: 'has-data', expression: 'has(object.data) && size(object.data) > 0' }],
      }),
    );
    const metadata = { labels: { checked: 'yes' } };
    await create({ a: '1' });
    await create({}, '', metadata);
    await server.request('POST', '/api/v1/namespaces/kube-system/configmaps', { body: configMap('c', { a: '1' }, metadata) });
    await server.request('POST', '/api/v1/namespaces/default/pods', { body: pod('p', { metadata }) });
    expect(hooks.asked).toEqual([]);
    await create({ a: '1' }, '', metadata);
    expect(hooks.asked).toHaveLength(1);
  });

  it('is asked about events of both versions when it wants one of them', async () => {
    await configure(
      'Validating',
      'v',
      webhook('/events', { rules: [{ apiGroups: ['events.k8s.io'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['events'] }] }),
    );
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { namespace: 'default' },
      reason: 'r',
      message: 'm',
      type: 'Normal',
    };
    const made = await server.request('POST', '/api/v1/namespaces/default/events', { body: event });
    expect(made.status).toBe(201);
    expect(hooks.asked[0]?.request).toMatchObject({
      kind: { group: 'events.k8s.io' },
      requestKind: { group: '' },
      object: { note: 'm', apiVersion: 'events.k8s.io/v1' },
    });
  });
});

describe('a mutating webhook', () => {
  it('changes the object before it is validated and stored', async () => {
    await configure('Mutating', 'm', webhook('/patch'));
    hooks.reply('/patch', () => patching({ op: 'add', path: '/metadata/labels', value: { added: 'yes' } }));
    const made = await create({ a: '1' });
    expect(made.status).toBe(201);
    expect((await server.request('GET', `${configMaps}/${made.json.metadata.name}`)).json.metadata.labels).toEqual({ added: 'yes' });
    hooks.reply('/patch', () => patching({ op: 'add', path: '/metadata/labels', value: { bad: 'not a value!' } }));
    expect((await create({ a: '1' })).status).toBe(422);
  });

  it('sees what those before it changed, and what those after it changed when it asks for that', async () => {
    const label = (key: string) => patching({ op: 'add', path: `/metadata/labels/${key}`, value: 'yes' });
    await configure('Mutating', 'm', webhook('/first', { reinvocationPolicy: 'IfNeeded' }), webhook('/second'));
    hooks.reply('/first', () => label('first'));
    hooks.reply('/second', () => label('second'));
    await create({}, '', { labels: { own: 'yes' } });
    expect(hooks.asked.map(({ path, request }) => [path, Object.keys(request.object?.metadata['labels'] ?? {}).sort()])).toEqual([
      ['/first', ['own']],
      ['/second', ['first', 'own']],
      ['/first', ['first', 'own', 'second']],
    ]);
  });

  it('is asked before the validating ones, which see its changes', async () => {
    await configure('Mutating', 'm', webhook('/patch'));
    await configure('Validating', 'v', webhook('/see'));
    hooks.reply('/patch', () => patching({ op: 'add', path: '/data', value: { added: '1' } }));
    await create({}, '', {});
    expect(hooks.asked.map(({ path, request }) => [path, request.object?.data?.['added']])).toEqual([
      ['/patch', undefined],
      ['/see', '1'],
    ]);
  });

  it('gives defaults and a cluster address to what it made of a service', async () => {
    await configure(
      'Mutating',
      'm',
      webhook('/patch', { rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services'] }] }),
    );
    hooks.reply('/patch', () => patching({ op: 'replace', path: '/spec/type', value: 'NodePort' }));
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'patched' }, spec: { ports: [{ port: 80 }] } };
    const made = await server.request('POST', '/api/v1/namespaces/default/services', { body });
    expect(made.json.spec.ports[0]?.nodePort).toBeGreaterThan(29_999);
  });
});

describe('a webhook that fails', () => {
  const failed = 'Internal error occurred: failed calling webhook "x.example.com": ';

  it.each([
    [{ raw: 'nothing' }, 'received invalid webhook response: '],
    [
      { raw: '{"apiVersion":"v1","kind":"Pod"}' },
      'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got v1, Kind=Pod',
    ],
    [
      { raw: '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}' },
      'received invalid webhook response: webhook response was absent',
    ],
    [{ uid: 'other', allowed: true }, 'received invalid webhook response: expected response.uid='],
    [
      { allowed: true, patch: 'W10=', patchType: 'JSONPatch' },
      'received invalid webhook response: validating webhook may not return response.patch',
    ],
    [{ raw: '', status: 404 }, 'failed to call webhook: the server could not find the requested resource'],
    [{ raw: 'broken', status: 500 }, 'failed to call webhook: an error on the server ("broken") has prevented the request from succeeding'],
  ])('by answering %j is named with what is wrong', async (reply, words) => {
    await configure('Validating', 'v', webhook('/x'));
    hooks.reply('/x', () => reply);
    const refused = await create();
    expect(refused.status).toBe(500);
    expect(refused.json.message).toContain(failed + words);
  });

  it('because it is not there, not trusted, or too slow is named with its address', async () => {
    const nobody = { url: 'https://127.0.0.1:1/x' };
    await configure('Validating', 'v', webhook('/x', { clientConfig: nobody }));
    expect((await create()).json.message).toBe(
      `${failed}failed to call webhook: Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
    );
    await server.request('DELETE', `${group}/validatingwebhookconfigurations`);
    await configure('Validating', 'v', webhook('/x', { clientConfig: { url: hooks.url('/x') } }));
    expect((await create()).json.message).toContain('tls: failed to verify certificate: x509: certificate signed by unknown authority');
    await server.request('DELETE', `${group}/validatingwebhookconfigurations`);
    await configure('Validating', 'v', webhook('/x', { timeoutSeconds: 1 }));
    hooks.reply('/x', () => new Promise(() => undefined));
    expect((await create()).json.message).toContain('?timeout=1s": context deadline exceeded');
  });

  it('is passed over when its policy is Ignore', async () => {
    await configure('Validating', 'v', webhook('/x', { failurePolicy: 'Ignore', clientConfig: { url: 'https://127.0.0.1:1/x' } }));
    expect((await create()).status).toBe(201);
  });

  it('does not keep anybody from removing its configuration', async () => {
    const everything = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }];
    await configure('Validating', 'v', webhook('/x', { rules: everything, clientConfig: { url: 'https://127.0.0.1:1/x' } }));
    expect((await create()).status).toBe(500);
    expect((await server.request('DELETE', `${group}/validatingwebhookconfigurations/v`)).status).toBe(200);
    expect((await create()).status).toBe(201);
  });

  it('behind a service that is not there or has no endpoints says so', async () => {
    const service = { name: 'hook', namespace: 'default', path: '/x' };
    await configure('Validating', 'v', webhook('/x', { clientConfig: { service } }));
    expect((await create()).json.message).toBe(`${failed}failed to call webhook: service "hook" not found`);
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } };
    await server.request('POST', '/api/v1/namespaces/default/services', { body });
    expect((await create()).json.message).toBe(`${failed}failed to call webhook: no endpoints available for service "hook"`);
  });
});

describe('while a webhook is asked', () => {
  it('the object may change: the webhook is asked again about what is there then', async () => {
    const { name } = (await create({ a: '1' })).json.metadata;
    const path = `${configMaps}/${name}`;
    const patch = (data: Record<string, string>) =>
      server.request('PATCH', path, { body: { data }, headers: { 'content-type': 'application/merge-patch+json' } });
    await configure(
      'Validating',
      'v',
      webhook('/slow', {
        matchConditions: [{ name: 'b', expression: "'b' in object.data && !('c' in object.data && !('c' in oldObject.data))" }],
      }),
    );
    hooks.reply('/slow', async () => {
      if (hooks.asked.length === 1) await patch({ c: '3' });
      return { allowed: true };
    });
    expect((await patch({ b: '2' })).json.data).toEqual({ a: '1', b: '2', c: '3' });
    expect(hooks.asked.map(({ request }) => request.object?.data)).toEqual([
      { a: '1', b: '2' },
      { a: '1', b: '2', c: '3' },
    ]);
  });

  it('the next second may begin: what was asked about stays as it is, and is asked about once', async () => {
    const { name } = (await create({ a: '1' })).json.metadata;
    await configure('Validating', 'v', webhook('/slow'));
    hooks.reply('/slow', async () => {
      if (hooks.asked.length === 1) await new Promise((resolve) => setTimeout(resolve, 1_010 - (Date.now() % 1_000)));
      return { allowed: true };
    });
    const body = { data: { a: '2' } };
    await server.request('PATCH', `${configMaps}/${name}`, { body, headers: { 'content-type': 'application/merge-patch+json' } });
    expect(hooks.asked.map(({ request }) => request.object?.data)).toEqual([{ a: '2' }]);
  });

  it('a generated name stays the one that the webhook has seen', async () => {
    await configure('Validating', 'v', webhook('/see'));
    const body = { ...configMap('', {}), metadata: { generateName: 'g-' } };
    const made = await server.request('POST', configMaps, { body });
    expect(hooks.asked.map(({ request }) => request.object?.metadata['name'])).toEqual([made.json.metadata.name]);
  });
});

describe('what is done through a subresource', () => {
  const asked = (resource: string) => [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: [resource] }];
  const denied = 'admission webhook "deny.example.com" denied the request without explanation';

  it('is asked about as what it is: scale, eviction, binding, status', async () => {
    const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    const body = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { app: 'd' } }, template },
    };
    await server.request('POST', '/apis/apps/v1/namespaces/default/deployments', { body });
    await server.request('POST', '/api/v1/namespaces/default/pods', { body: pod('acted') });
    await configure('Validating', 'v', webhook('/deny', { rules: asked('*/*') }));
    const merge = { 'content-type': 'application/merge-patch+json' };
    hooks.reply('/deny', () => ({ allowed: false }));
    const requests = [
      ['PATCH', '/apis/apps/v1/namespaces/default/deployments/d/scale', { spec: { replicas: 2 } }, merge],
      [
        'POST',
        '/api/v1/namespaces/default/pods/acted/eviction',
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'acted' } },
        {},
      ],
      [
        'POST',
        '/api/v1/namespaces/default/pods/acted/binding',
        { apiVersion: 'v1', kind: 'Binding', target: { kind: 'Node', name: 'n' } },
        {},
      ],
      ['PATCH', '/api/v1/namespaces/default/pods/acted/status', { status: { reason: 'x' } }, merge],
    ] as const;
    for (const [method, path, sent, headers] of requests) {
      const refused = await server.request(method, path, { body: sent, headers });
      expect(refused.json.message, path).toBe(denied);
    }
    expect(hooks.asked.map(({ request }) => [request.operation, request.subResource, request.kind.kind])).toEqual([
      ['UPDATE', 'scale', 'Scale'],
      ['CREATE', 'eviction', 'Eviction'],
      ['CREATE', 'binding', 'Binding'],
      ['UPDATE', 'status', 'Pod'],
    ]);
    const present = JSON.parse((await server.request('GET', '/api/v1/namespaces/default/pods/acted')).text) as {
      spec: { nodeName?: string };
    };
    expect(present.spec.nodeName).toBeUndefined();
  });

  it('cannot be changed by a mutating webhook, nor can a deletion', async () => {
    const { name } = (await create()).json.metadata;
    await configure(
      'Mutating',
      'm',
      webhook('/patch', { rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['configmaps'] }] }),
    );
    hooks.reply('/patch', () => patching({ op: 'add', path: '/x', value: 1 }));
    const refused = await server.request('DELETE', `${configMaps}/${name}`);
    expect(refused.json.message).toContain(
      'admission webhook "patch.example.com" attempted to modify the object, which is not supported for this operation',
    );
    expect((await server.request('GET', `${configMaps}/${name}`)).status).toBe(200);
  });
});

describe('a configuration', () => {
  it.each([
    [{ name: 'short' }, 'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots'],
    [{ sideEffects: 'Some' }, 'webhooks[0].sideEffects: Unsupported value: "Some"'],
    [{ timeoutSeconds: 31 }, 'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
    [{ admissionReviewVersions: [] }, 'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
    [{ clientConfig: { url: 'http://a/' } }, "'https' is the only allowed URL scheme"],
    [{ clientConfig: {} }, 'exactly one of url or service is required'],
    [{ matchConditions: [{ name: 'a', expression: 'variables.x' }] }, "undeclared reference to 'variables'"],
  ])('with %j is refused', async (extra, words) => {
    const refused = await configure('Validating', 'v', webhook('/x', extra));
    expect(refused.status).toBe(422);
    expect(refused.json.message).toContain(words);
  });
});
