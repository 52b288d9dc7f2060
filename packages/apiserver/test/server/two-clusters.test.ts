/** Two servers of one machine, in one process even: nothing that one gives out counts at the other. */
import type { KubeObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../support/test-server.ts';

/** Given to both, as every cluster of one process is given the same roles. */
const roles: readonly KubeObject[] = [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'ours' }, rules: [] } as KubeObject,
];

let first: TestServer;
let second: TestServer;

beforeAll(async () => {
  first = await TestServer.start({ roles });
  second = await TestServer.start({ roles });
});
afterAll(async () => {
  await first.dispose();
  await second.dispose();
});

/** A token of the account `default/default`. */
async function tokenOf(server: TestServer): Promise<string> {
  const account = { metadata: { name: 'default' } };
  await server.request('POST', '/api/v1/namespaces/default/serviceaccounts', { body: account });
  const { text } = await server.request('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { body: { spec: {} } });
  return (JSON.parse(text) as { readonly status: { readonly token: string } }).status.token;
}

const bearing = (token: string): { readonly client: null; readonly headers: Readonly<Record<string, string>> } => ({
  client: null,
  headers: { authorization: `Bearer ${token}` },
});

describe('two clusters on one machine', () => {
  it('have the same roles and share no object', async () => {
    const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/ours';
    const [one, other] = [await first.request('GET', role), await second.request('GET', role)];
    expect([one.status, other.status]).toEqual([200, 200]);
    expect(one.json.metadata.uid).not.toBe(other.json.metadata.uid);
    const system = await Promise.all([first, second].map((server) => server.request('GET', '/api/v1/namespaces/kube-system')));
    expect(system[0]?.json.metadata.uid).not.toBe(system[1]?.json.metadata.uid);
  });

  it("refuse the other's certificates, also the administrator's", async () => {
    expect((await first.request('GET', '/api/v1/namespaces')).status).toBe(200);
    for (const [server, stranger] of [
      [first, second.admin],
      [second, first.admin],
    ] as const) {
      expect((await server.request('GET', '/api/v1/namespaces', { client: stranger })).status).toBe(401);
      expect((await server.request('POST', '/api/v1/namespaces', { client: stranger, body: { metadata: { name: 'n' } } })).status).toBe(
        401,
      );
    }
  });

  it("refuse the other's tokens, although issuer, account and audience have the same names", async () => {
    const [one, other] = [await tokenOf(first), await tokenOf(second)];
    expect((await first.request('GET', '/version', bearing(one))).status).toBe(200);
    expect((await second.request('GET', '/version', bearing(other))).status).toBe(200);
    expect((await second.request('GET', '/version', bearing(one))).status).toBe(401);
    expect((await first.request('GET', '/version', bearing(other))).status).toBe(401);
    const review = { spec: { token: one } };
    const judged = await second.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: review });
    expect(judged.status).toBe(201);
    expect(judged.text).not.toContain('"authenticated":true');
    const known = await first.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: review });
    expect(known.text).toContain('"authenticated":true');
    const keys = await Promise.all([first, second].map((server) => server.request('GET', '/openid/v1/jwks')));
    expect(keys[0]?.text).not.toBe(keys[1]?.text);
  });

  it('know nothing of what the other holds', async () => {
    await first.request('POST', '/api/v1/namespaces/default/secrets', { body: { metadata: { name: 'only-here' } } });
    expect((await first.request('GET', '/api/v1/namespaces/default/secrets/only-here')).status).toBe(200);
    expect((await second.request('GET', '/api/v1/namespaces/default/secrets/only-here')).status).toBe(404);
    expect((await second.request('GET', '/api/v1/secrets')).text).not.toContain('only-here');
  });
});
