/** Discovery in both styles. */
import { builtInResources, ResourceRegistry } from '@weir/kube';
import { expect, test } from 'vitest';
import { makeDiscoveryHandler } from '../../src/index.ts';
import { get } from '../get-request.ts';

const registry = new ResourceRegistry(builtInResources);
const handler = makeDiscoveryHandler(registry);

/** What kubectl 1.32 to 1.35 sends. */
const kubectlAccept =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

function body(path: string, accept?: string): Record<string, unknown> | undefined {
  const response = get(handler, path, accept);
  if (response === undefined) return undefined;
  expect(response).toMatchObject({ kind: 'json', status: 200 });
  return response.kind === 'json' ? (response.body as Record<string, unknown>) : undefined;
}

test('the plain style lists versions, groups and resources', () => {
  expect(body('/api')).toEqual({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  const group = {
    name: 'networking.k8s.io',
    versions: [{ groupVersion: 'networking.k8s.io/v1', version: 'v1' }],
    preferredVersion: { groupVersion: 'networking.k8s.io/v1', version: 'v1' },
  };
  const groups = body('/apis')?.['groups'] as { name: string }[];
  expect(groups).toContainEqual(group);
  expect(groups.map(({ name }) => name)).not.toContain('');
  expect(body('/apis/networking.k8s.io')).toEqual({ kind: 'APIGroup', apiVersion: 'v1', ...group });
  expect(body('/apis/networking.k8s.io/v1')).toMatchObject({ kind: 'APIResourceList', groupVersion: 'networking.k8s.io/v1' });
  expect(body('/apis/networking.k8s.io/v1')?.['resources']).toContainEqual({
    name: 'networkpolicies',
    singularName: 'networkpolicy',
    namespaced: true,
    kind: 'NetworkPolicy',
    shortNames: ['netpol'],
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  });
});

test('subresources are entries of their own in the plain list, with the group of their kind where it differs', () => {
  const resources = body('/api/v1')?.['resources'] as { name: string }[];
  expect(resources).toContainEqual({
    name: 'pods/eviction',
    singularName: '',
    namespaced: true,
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    verbs: ['create'],
  });
  expect(resources).toContainEqual({
    name: 'pods/status',
    singularName: '',
    namespaced: true,
    kind: 'Pod',
    verbs: ['get', 'patch', 'update'],
  });
});

test.each([
  ['v2', kubectlAccept],
  ['v2', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer,application/json'],
  ['v2beta1', 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'],
])('the aggregated style %s is answered on both roots when the client asks for it', (version, accept) => {
  for (const path of ['/api', '/apis']) {
    expect(get(handler, path, accept)).toMatchObject({
      contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      body: { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}` },
    });
  }
});

test('the core group is on /api only, every resource has its response kind and its verbs', () => {
  const names = (path: string) =>
    (body(path, kubectlAccept)?.['items'] as { metadata: { name: string } }[]).map((item) => item.metadata.name);
  expect(names('/api')).toEqual(['']);
  expect(names('/apis')).toContain('networking.k8s.io');
  expect(names('/apis')).not.toContain('');
  const [core] = body('/api', kubectlAccept)?.['items'] as { versions: { freshness: string; resources: Record<string, unknown>[] }[] }[];
  expect(core?.versions[0]?.freshness).toBe('Current');
  const pods = core?.versions[0]?.resources.find(({ resource }) => resource === 'pods');
  expect(pods).toMatchObject({
    responseKind: { group: '', version: 'v1', kind: 'Pod' },
    scope: 'Namespaced',
    singularResource: 'pod',
    categories: ['all'],
  });
  expect(pods?.['subresources']).toContainEqual({
    subresource: 'eviction',
    responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
    verbs: ['create'],
  });
});

test('other paths and other methods are not answered', () => {
  for (const path of [
    '/',
    '/api/v2',
    '/apis/nope',
    '/apis/networking.k8s.io/v2',
    '/api/v1/pods',
    '/apis/networking.k8s.io/v1/x',
    '/apiz',
    '/version',
  ]) {
    expect(get(handler, path)).toBeUndefined();
  }
  expect(() => get(handler, '/api', undefined, 'POST')).toThrow('does not allow this method');
});

test('kinds that are added at run time appear at once', () => {
  const growing = new ResourceRegistry();
  const growingHandler = makeDiscoveryHandler(growing);
  expect(get(growingHandler, '/apis/networking.k8s.io/v1')).toBeUndefined();
  for (const resource of builtInResources) if (resource.kind === 'NetworkPolicy') growing.add(resource);
  expect(get(growingHandler, '/apis/networking.k8s.io/v1')).toMatchObject({ status: 200 });
});
