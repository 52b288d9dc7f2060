/** Roles and bindings over the wire: what a user may do, what the refusal says, and that nobody gives more than they have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyPair } from '../support/certificates.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
let ann: KeyPair;
let bob: KeyPair;

beforeAll(async () => {
  server = await TestServer.start();
  ann = server.ca.issueClient('ann', ['devs']);
  bob = server.ca.issueClient('bob', []);
  for (const name of ['shop', 'other']) await admin('POST', '/api/v1/namespaces', { metadata: { name } });
});
afterAll(() => server.dispose());

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const admin = (method: string, path: string, body?: unknown): Promise<TestResponse> => server.request(method, path, { body });
const as = (client: KeyPair, method: string, path: string, body?: unknown): Promise<TestResponse> =>
  server.request(method, path, { client, body });
const rule = (verbs: string[], resources: string[], extra = {}) => ({ apiGroups: [''], resources, verbs, ...extra });
const subject = (kind: string, name: string, namespace?: string) =>
  kind === 'ServiceAccount' ? { kind, name, namespace } : { apiGroup: 'rbac.authorization.k8s.io', kind, name };

async function grant(namespace: string, name: string, rules: unknown[], subjects: unknown[]): Promise<void> {
  await admin('POST', `${rbac}/namespaces/${namespace}/roles`, { metadata: { name }, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const { status, text } = await admin('POST', `${rbac}/namespaces/${namespace}/rolebindings`, { metadata: { name }, roleRef, subjects });
  expect([status, text]).toEqual([201, expect.anything()]);
}

describe('a user without a role', () => {
  it.each([
    [
      'list',
      'GET',
      '/api/v1/namespaces/shop/pods',
      'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "shop"',
    ],
    ['list all', 'GET', '/api/v1/pods', 'pods is forbidden: User "bob" cannot list resource "pods" in API group "" at the cluster scope'],
    [
      'get',
      'GET',
      '/apis/apps/v1/namespaces/shop/deployments/d',
      'deployments.apps "d" is forbidden: User "bob" cannot get resource "deployments" in API group "apps" in the namespace "shop"',
    ],
    [
      'subresource',
      'GET',
      '/api/v1/namespaces/shop/pods/p/log',
      'pods "p" is forbidden: User "bob" cannot get resource "pods/log" in API group "" in the namespace "shop"',
    ],
    [
      'watch',
      'GET',
      '/api/v1/namespaces/shop/pods?watch=true',
      'pods is forbidden: User "bob" cannot watch resource "pods" in API group "" in the namespace "shop"',
    ],
    [
      'delete all',
      'DELETE',
      '/api/v1/namespaces/shop/pods',
      'pods is forbidden: User "bob" cannot deletecollection resource "pods" in API group "" in the namespace "shop"',
    ],
    ['path', 'GET', '/metrics', 'forbidden: User "bob" cannot get path "/metrics"'],
  ])('is told what is missing: %s', async (_name, method, path, message) => {
    const { status, json } = await as(bob, method, path);
    expect([status, json.reason, json.message]).toEqual([403, 'Forbidden', message]);
  });

  it('still finds out what the server is and who they are', async () => {
    for (const path of ['/version', '/healthz', '/api', '/apis', '/apis/apps/v1', '/openapi/v3']) {
      expect([path, (await as(bob, 'GET', path)).status]).toEqual([path, 200]);
    }
    const { json } = await as(bob, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
    expect(json.status).toEqual({ userInfo: { username: 'bob', groups: ['system:authenticated'] } });
  });
});

describe('a role', () => {
  it('allows its verbs on its resources in its namespace, at once, until it is taken back', async () => {
    await grant('shop', 'reader', [rule(['get', 'list'], ['pods'])], [subject('Group', 'devs')]);
    expect((await as(ann, 'GET', '/api/v1/namespaces/shop/pods')).status).toBe(200);
    expect((await as(ann, 'GET', '/api/v1/namespaces/other/pods')).status).toBe(403);
    expect((await as(ann, 'GET', '/api/v1/pods')).status).toBe(403);
    expect((await as(ann, 'GET', '/api/v1/namespaces/shop/secrets')).status).toBe(403);
    expect((await as(bob, 'GET', '/api/v1/namespaces/shop/pods')).status).toBe(403);
    await admin('DELETE', `${rbac}/namespaces/shop/rolebindings/reader`);
    expect((await as(ann, 'GET', '/api/v1/namespaces/shop/pods')).status).toBe(403);
  });

  it('with names allows these objects only, and no list', async () => {
    await grant('shop', 'one', [rule(['get', 'list'], ['configmaps'], { resourceNames: ['mine'] })], [subject('User', 'bob')]);
    expect((await as(bob, 'GET', '/api/v1/namespaces/shop/configmaps/mine')).status).toBe(404);
    expect((await as(bob, 'GET', '/api/v1/namespaces/shop/configmaps/yours')).status).toBe(403);
    expect((await as(bob, 'GET', '/api/v1/namespaces/shop/configmaps')).status).toBe(403);
  });

  it('says nothing of subresources that it does not name', async () => {
    await grant('shop', 'sub', [rule(['get'], ['pods/log', '*/status'])], [subject('User', 'bob')]);
    const tried = async (path: string): Promise<number> => (await as(bob, 'GET', `/api/v1/namespaces/shop/pods/p${path}`)).status;
    expect([await tried(''), await tried('/log'), await tried('/status'), await tried('/exec')]).toEqual([403, 404, 404, 403]);
  });

  it('to change things does not allow to make them, neither by an apply nor by a PUT', async () => {
    const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['patch', 'update'] };
    await grant('shop', 'changer', [rule(['patch', 'get'], ['configmaps']), leases], [subject('User', 'bob')]);
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } };
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const path = '/api/v1/namespaces/shop/configmaps/applied?fieldManager=me';
    expect((await server.request('PATCH', path, { client: bob, body, headers })).json.message).toContain(
      'cannot create resource "configmaps"',
    );
    expect((await server.request('PATCH', path, { body, headers })).status).toBe(201);
    expect((await server.request('PATCH', path, { client: bob, body, headers })).status).toBe(200);
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' } };
    expect((await as(bob, 'PUT', '/apis/coordination.k8s.io/v1/namespaces/shop/leases/l', lease)).status).toBe(403);
  });

  it('of the cluster, bound in a namespace, counts there', async () => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    const body = { metadata: { name: 'owner' }, roleRef, subjects: [subject('User', 'bob')] };
    await admin('POST', `${rbac}/namespaces/other/rolebindings`, body);
    expect((await as(bob, 'GET', '/api/v1/namespaces/other/secrets')).status).toBe(200);
    expect((await as(bob, 'GET', '/api/v1/namespaces/other')).status).toBe(200);
    expect((await as(bob, 'GET', '/api/v1/nodes')).status).toBe(403);
    expect((await as(bob, 'GET', '/api/v1/namespaces')).status).toBe(403);
  });
});

describe('reviews', () => {
  const ask = async (client: KeyPair, verb: string, resource: string, namespace = 'shop'): Promise<unknown> => {
    const body = { spec: { resourceAttributes: { verb, resource, namespace } } };
    return (await as(client, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body)).json.status;
  };

  it('answer as requests are answered, with the binding that allows', async () => {
    await grant('shop', 'asker', [rule(['get'], ['services'])], [subject('User', 'ann')]);
    expect(await ask(ann, 'get', 'services')).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "asker/shop" of Role "asker" to User "ann"',
    });
    expect(await ask(ann, 'delete', 'services')).toEqual({ allowed: false });
    const body = { spec: { user: 'ann', resourceAttributes: { verb: 'get', resource: 'services', namespace: 'shop' } } };
    expect((await admin('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', body)).json.status).toMatchObject({ allowed: true });
    const rules = { spec: { namespace: 'shop' } };
    const listed = await as(ann, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', rules);
    expect(listed.json.status).toMatchObject({
      resourceRules: expect.arrayContaining([{ verbs: ['get'], apiGroups: [''], resources: ['services'] }]),
      incomplete: false,
    });
  });
});

describe('whoever writes roles', () => {
  const manager = [
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'get', 'patch'] },
    rule(['get'], ['pods']),
  ];

  it('gives only what they have', async () => {
    await grant('shop', 'manager', manager, [subject('User', 'ann')]);
    const make = (name: string, rules: unknown[]): Promise<TestResponse> =>
      as(ann, 'POST', `${rbac}/namespaces/shop/roles`, { metadata: { name }, rules });
    expect((await make('fine', [rule(['get'], ['pods'])])).status).toBe(201);
    const { status, json } = await make('more', [rule(['get', 'delete'], ['pods'])]);
    expect(status).toBe(403);
    expect(json.message).toContain(
      'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    );
    const patch = { rules: [rule(['*'], ['*'])] };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patched = await server.request('PATCH', `${rbac}/namespaces/shop/roles/fine`, { client: ann, body: patch, headers });
    expect(patched.status).toBe(403);
  });

  it('binds only what they have, or may bind', async () => {
    const bind = (kind: string, name: string): Promise<TestResponse> =>
      as(ann, 'POST', `${rbac}/namespaces/shop/rolebindings`, {
        metadata: { generateName: 'b-' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
        subjects: [subject('User', 'bob')],
      });
    expect((await bind('ClusterRole', 'cluster-admin')).status).toBe(403);
    expect((await bind('Role', 'nowhere')).status).toBe(403);
    expect((await bind('Role', 'fine')).status).toBe(201);
    const may = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['bind'], resourceNames: ['view'] };
    await grant('shop', 'binder', [may], [subject('User', 'ann')]);
    expect((await bind('ClusterRole', 'view')).status).toBe(201);
  });
});

describe('acting as somebody else', () => {
  const actAs = (client: KeyPair, headers: Readonly<Record<string, string>>): Promise<TestResponse> =>
    server.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { client, body: {}, headers });

  it('is for those who may, and takes all of the other', async () => {
    const headers = { 'impersonate-user': 'carl', 'impersonate-group': 'night', 'impersonate-extra-scopes': 'a' };
    expect((await actAs(server.admin, headers)).json.status).toEqual({
      userInfo: { username: 'carl', groups: ['night', 'system:authenticated'], extra: { scopes: ['a'] } },
    });
    expect((await actAs(server.admin, { 'impersonate-user': 'system:serviceaccount:shop:x' })).json.status).toMatchObject({
      userInfo: { groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'] },
    });
    const listed = await server.request('GET', '/api/v1/namespaces/shop/secrets', { headers: { 'impersonate-user': 'carl' } });
    expect(listed.status).toBe(403);
  });

  it('is refused to all others, and without a user', async () => {
    const { status, json } = await actAs(bob, { 'impersonate-user': 'kubernetes-admin' });
    expect([status, json.message]).toEqual([
      403,
      'users "kubernetes-admin" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope',
    ]);
    expect((await actAs(server.admin, { 'impersonate-group': 'system:masters' })).status).toBe(400);
  });
});

describe('default roles', () => {
  it('come back at a start when something of them is missing, and keep what was added', async () => {
    const path = `${rbac}/clusterroles/system:basic-user`;
    const added = { apiGroups: ['example.com'], resources: ['things'], verbs: ['get'] };
    const headers = { 'content-type': 'application/merge-patch+json' };
    await server.request('PATCH', path, { body: { rules: [added] }, headers });
    await server.close();
    await server.open();
    const rules = ((await admin('GET', path)).json as unknown as { rules: unknown[] }).rules;
    expect(rules).toContainEqual(added);
    expect(rules).toContainEqual(expect.objectContaining({ resources: ['selfsubjectreviews'] }));
  });
});
