/** OpenAPI v3 from the registry. */
import { builtInResources, type ResourceDefinition, ResourceRegistry } from '@weir/kube';
import { expect, test } from 'vitest';
import { makeOpenApiHandler } from '../../src/index.ts';
import { get } from '../get-request.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>> };
}

function resource(kind: string): ResourceDefinition {
  const found = builtInResources.find((definition) => definition.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not registered`);
  return found;
}

const namespaceResource = resource('Namespace');
const networkPolicyResource = resource('NetworkPolicy');
const handler = makeOpenApiHandler(new ResourceRegistry(builtInResources));

function index(of = handler): Readonly<Record<string, { serverRelativeURL: string }>> {
  const response = get(of, '/openapi/v3');
  expect(response).toMatchObject({ kind: 'json', status: 200 });
  return response?.kind === 'json' ? (response.body as { paths: Record<string, { serverRelativeURL: string }> }).paths : {};
}

function document(path: string): Document {
  const response = get(handler, index()[path]?.serverRelativeURL ?? '');
  expect(response).toMatchObject({
    kind: 'bytes',
    status: 200,
    contentType: 'application/json',
    headers: { 'cache-control': 'public, immutable' },
  });
  return JSON.parse(response?.kind === 'bytes' ? String(response.body) : '') as Document;
}

test('the index names every group-version with the hash of its document', () => {
  expect(index()['api/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
  expect(index()['apis/networking.k8s.io/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/networking\.k8s\.io\/v1\?hash=/);
});

test.each([
  ['apis/networking.k8s.io/v1', '/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}', networkPolicyResource],
  ['api/v1', '/api/v1/namespaces/{name}', namespaceResource],
])('patches in %s leave field validation to the server and name no body', (path, url, { group, version, kind }) => {
  const patch = document(path).paths[url]?.['patch'];
  expect(patch?.['x-kubernetes-group-version-kind']).toEqual({ group, version, kind });
  expect(patch?.['parameters']).toContainEqual({ name: 'fieldValidation', in: 'query', schema: { type: 'string' } });
  expect(patch).not.toHaveProperty('requestBody');
});

test('schemas are complete: every reference leads somewhere', () => {
  for (const path of Object.keys(index())) {
    const { components } = document(path);
    const references = [...JSON.stringify(components).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((name) => !(name in components.schemas))).toEqual([]);
  }
});

test('kinds are found by group, version and kind, and lists say how they are merged', () => {
  const { schemas } = document('api/v1').components;
  const pod = Object.entries(schemas).find(([, schema]) => JSON.stringify(schema).includes('"kind":"Pod"'));
  expect(pod?.[0]).toBe('io.k8s.api.core.v1.Pod');
  expect(pod?.[1]).toMatchObject({
    type: 'object',
    properties: { metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] } },
    'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
  });
  expect(schemas['io.k8s.api.core.v1.PodSpec']?.properties?.['containers']).toMatchObject({
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-list-map-keys': ['name'],
  });
});

test.each([
  ['apis/apps/v1', 'io.k8s.api.core.v1.PodSpec', { required: ['containers'] }],
  ['apis/apps/v1', 'io.k8s.api.apps.v1.DeploymentSpec', { required: ['selector', 'template'] }],
  ['apis/apps/v1', 'io.k8s.api.apps.v1.DeploymentList', { required: ['items'] }],
  ['apis/apps/v1', 'io.k8s.api.core.v1.ContainerPort', { properties: { protocol: { enum: ['SCTP', 'TCP', 'UDP'], default: 'TCP' } } }],
  ['apis/apps/v1', 'io.k8s.api.core.v1.ContainerPort', { properties: { containerPort: { type: 'integer', format: 'int32' } } }],
  ['apis/batch/v1', 'io.k8s.api.batch.v1.JobSpec', { properties: { activeDeadlineSeconds: { format: 'int64' } } }],
  ['apis/events.k8s.io/v1', 'io.k8s.api.events.v1.Event', { properties: { deprecatedSource: {} } }],
  ['api/v1', 'io.k8s.api.core.v1.EndpointPort', { required: ['port'] }],
  ['apis/discovery.k8s.io/v1', 'io.k8s.api.discovery.v1.EndpointPort', { properties: { port: {} } }],
  ['apis/apiextensions.k8s.io/v1', 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference', {}],
  ['api/v1', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString', { format: 'int-or-string' }],
])('in %s the type %s has the name and the facts that it has everywhere', (path, name, shape) => {
  expect(document(path).components.schemas[name]).toMatchObject(shape);
});

test('every built-in type and field is described', () => {
  for (const path of Object.keys(index())) {
    for (const [name, schema] of Object.entries(document(path).components.schemas)) {
      expect(schema, name).toHaveProperty('description');
      for (const [field, property] of Object.entries(schema.properties ?? {})) {
        expect(property, `${name}.${field}`).toMatchObject({ description: expect.stringMatching(/^\S.*[.]$/) });
      }
    }
  }
});

test('the hash changes with the kinds, and only then', () => {
  const registry = new ResourceRegistry([namespaceResource]);
  const growing = makeOpenApiHandler(registry);
  const before = index(growing);
  expect(index(growing)).toEqual(before);
  registry.add(networkPolicyResource);
  expect(Object.keys(index(growing))).toEqual(['api/v1', 'apis/networking.k8s.io/v1']);
  expect(index(growing)['api/v1']).toEqual(before['api/v1']);
});

test('version 2 is an empty document in protobuf, and not there in JSON', () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const response = get(handler, '/openapi/v2', accept);
  // 1 swagger "2.0", 2 info { 1 title "Kubernetes", 2 version "weir" }
  const bytes = Buffer.from('0a03322e3012120a0a4b756265726e65746573120477656972', 'hex');
  expect(response).toMatchObject({ kind: 'bytes', status: 200, contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' });
  expect(response?.kind === 'bytes' && Buffer.from(response.body).equals(bytes)).toBe(true);
});

test.each([
  '/openapi/v2',
  '/openapi',
  '/openapi/v3/api',
  '/openapi/v3/api/v2',
  '/openapi/v3/apis/nope/v1',
  '/openapi/v3/apis/networking.k8s.io/v1/x',
])('%s is not found', (path) => {
  expect(() => get(handler, path)).toThrow('could not find the requested resource');
});
