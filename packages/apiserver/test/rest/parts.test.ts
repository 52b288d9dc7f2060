/** Which part of an object a write changes, what counts as another generation, and that a dry run of any verb changes nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, pod } from '../support/objects.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

function patch(path: string, body: unknown): Promise<TestResponse> {
  return server.request('PATCH', path, { body, headers: { 'content-type': 'application/merge-patch+json' } });
}

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const selector = { matchLabels: { a: 'b' } };
const job = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
const apps = '/apis/apps/v1/namespaces/default';

describe.each<[string, string, object, object, object]>([
  ['Deployment', `${apps}/deployments`, { selector, template }, { paused: true }, { observedGeneration: 7 }],
  ['ReplicaSet', `${apps}/replicasets`, { selector, template }, { minReadySeconds: 3 }, { replicas: 0, observedGeneration: 7 }],
  ['StatefulSet', `${apps}/statefulsets`, { selector, template, serviceName: 's' }, { replicas: 3 }, { observedGeneration: 7 }],
  ['DaemonSet', `${apps}/daemonsets`, { selector, template }, { minReadySeconds: 3 }, { observedGeneration: 7 }],
  ['Job', '/apis/batch/v1/namespaces/default/jobs', job, { parallelism: 2 }, { active: 1 }],
  [
    'CronJob',
    '/apis/batch/v1/namespaces/default/cronjobs',
    { schedule: '* * * * *', jobTemplate: { spec: job } },
    { suspend: true },
    { lastScheduleTime: '2026-01-01T00:00:00Z' },
  ],
  [
    'Ingress',
    '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
    { ingressClassName: 'c' },
    { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  ],
  [
    'PodDisruptionBudget',
    '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    { selector, minAvailable: 1 },
    { minAvailable: 2 },
    { observedGeneration: 7 },
  ],
])('a %s', (kind, collection, spec, change, status) => {
  const path = `${collection}/parts`;
  const apiVersion = collection.replace(/^\/apis\/([^/]+\/[^/]+)\/.*$/, '$1');

  it('has another generation when its spec changes, and the same when labels or status do', async () => {
    const created = await server.request('POST', collection, { body: { apiVersion, kind, metadata: { name: 'parts' }, spec } });
    expect(created.json.metadata.generation, created.text).toBe(1);
    expect((await patch(path, { metadata: { labels: { l: '1' } } })).json.metadata.generation).toBe(1);
    expect((await patch(`${path}/status`, { status })).json.metadata.generation).toBe(1);
    expect((await patch(path, { spec: change })).json.metadata.generation).toBe(2);
    expect((await patch(path, { spec: change })).json.metadata.generation).toBe(2);
  });

  it('keeps its status over writes to itself, and its spec over writes to its status', async () => {
    expect(
      (await patch(path, { status: { conditions: [{ type: 'X', status: 'True' }] }, metadata: { labels: { l: '2' } } })).json.status,
    ).toMatchObject(status);
    const before = (await server.request('GET', path)).json.spec;
    const written = await patch(`${path}/status`, { spec: { paused: false, replicas: 9, minReadySeconds: 9 }, status });
    expect(written.json.spec).toEqual(before);
  });
});

describe('the status of a definition of a custom kind', () => {
  it('is written without the metadata that comes with it, and who applies it owns none of that', async () => {
    const names = { plural: 'things', kind: 'Thing' };
    const versions = [{ name: 'v1', served: false, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
    const body = { metadata: { name: 'things.example.org' }, spec: { group: 'example.org', scope: 'Cluster', names, versions } };
    const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const path = `${collection}/things.example.org`;
    await server.request('POST', collection, { body });
    const status = { conditions: [{ type: 'Mine', status: 'True', reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    const written = await patch(`${path}/status`, { metadata: { labels: { l: '1' } }, status });
    expect([written.status, written.json.metadata.labels]).toEqual([200, undefined]);
    const type = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const applied = await server.request('PATCH', `${path}/status?fieldManager=owner&force=true`, {
      body: { ...type, metadata: { name: 'things.example.org', labels: { l: '1' } }, status },
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect(applied.json.metadata.labels).toBeUndefined();
    const own = applied.json.metadata.managedFields.find(({ manager }) => manager === 'owner');
    expect(Object.keys(own?.fieldsV1 as object)).toEqual(['f:status']);
  });
});

describe('a dry run', () => {
  const maps = '/api/v1/namespaces/default/configmaps';
  const pods = '/api/v1/namespaces/default/pods';

  it.each<[string, string, string, unknown]>([
    ['create', 'POST', maps, configMap('new', {})],
    ['update', 'PUT', `${maps}/kept`, configMap('kept', { a: '2' })],
    ['patch', 'PATCH', `${maps}/kept`, { data: { a: '2' } }],
    ['delete', 'DELETE', `${maps}/kept`, undefined],
    ['deletecollection', 'DELETE', maps, undefined],
    ['binding', 'POST', `${pods}/kept/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'kept' }, target: { name: 'n' } }],
    ['eviction', 'POST', `${pods}/kept/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'kept' } }],
    ['status', 'PATCH', `${pods}/kept/status`, { status: { phase: 'Running' } }],
    ['ephemeral containers', 'PATCH', `${pods}/kept/ephemeralcontainers`, { spec: { ephemeralContainers: [{ name: 'e', image: 'i' }] } }],
  ])('of %s answers and changes nothing', async (_title, method, path, body) => {
    await server.request('POST', maps, { body: configMap('kept', { a: '1' }) });
    await server.request('POST', pods, { body: pod('kept') });
    const state = async (): Promise<string[]> => [(await server.request('GET', maps)).text, (await server.request('GET', pods)).text];
    const before = await state();
    const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
    const answer = await server.request(method, `${path}?dryRun=All`, {
      ...(body === undefined ? {} : { body }),
      headers: { 'content-type': type },
    });
    expect(answer.status, answer.text).toBeLessThan(300);
    expect(await state()).toEqual(before);
    expect(
      (await server.request(method, `${path}?dryRun=Some`, { ...(body === undefined ? {} : { body }), headers: { 'content-type': type } }))
        .status,
    ).toBe(422);
  });
});

describe('preconditions', () => {
  const pods = '/api/v1/namespaces/default/pods';
  const options = (preconditions: object): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions });
  const other = '00000000-0000-0000-0000-000000000000';

  it.each<[string, string, string, (name: string) => object]>([
    ['an update', 'PUT', '', (name) => pod(name, { metadata: { uid: other } })],
    ['an update of another version', 'PUT', '', (name) => pod(name, { metadata: { resourceVersion: '1' } })],
    ['a deletion', 'DELETE', '', () => options({ uid: other })],
    ['a deletion of another version', 'DELETE', '', () => options({ resourceVersion: '1' })],
    [
      'an eviction',
      'POST',
      '/eviction',
      (name) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions: options({ uid: other }) }),
    ],
    [
      'a binding',
      'POST',
      '/binding',
      (name) => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name, uid: other }, target: { name: 'n' } }),
    ],
    [
      'a binding of another version',
      'POST',
      '/binding',
      (name) => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name, resourceVersion: '1' }, target: { name: 'n' } }),
    ],
  ])('of %s that do not hold are a conflict', async (title, method, suffix, body) => {
    const name = title.replaceAll(' ', '-');
    await server.request('POST', pods, { body: pod(name) });
    const { json } = await server.request(method, `${pods}/${name}${suffix}`, { body: body(name) });
    expect([json.code, json.reason]).toEqual([409, 'Conflict']);
    expect((await server.request('GET', `${pods}/${name}`)).json.spec.nodeName).toBeUndefined();
  });
});
