/** Rights on Calico's policies by the tiers that they are in, as Calico's API server asks for them. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KeyPair } from '../../../apiserver/test/support/certificates.ts';
import type { TestResponse } from '../../../apiserver/test/support/test-server.ts';
import { type CalicoServer, startCalicoServer } from '../support/calico-server.ts';

const v3 = '/apis/projectcalico.org/v3';
const rbac = 'rbac.authorization.k8s.io';
const policies = `${v3}/namespaces/default/networkpolicies`;

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Users by what roles give them. */
const users: Readonly<Record<string, readonly Rule[]>> = {
  // Everything in one tier.
  sara: [
    { resources: ['tiers'], verbs: ['get'], resourceNames: ['sec'] },
    { resources: ['tier.networkpolicies'], verbs: ['*'], resourceNames: ['sec.*'] },
  ],
  // Reads in all of them.
  rita: [
    { resources: ['tiers'], verbs: ['get'] },
    { resources: ['tier.networkpolicies'], verbs: ['get', 'list', 'watch'] },
  ],
  // One policy by its name.
  olga: [
    { resources: ['tiers'], verbs: ['get'], resourceNames: ['sec'] },
    { resources: ['tier.networkpolicies'], verbs: ['get', 'patch'], resourceNames: ['inner'] },
  ],
  // The kind, but no tier.
  nils: [{ resources: ['networkpolicies'], verbs: ['*'] }],
};

let calico: CalicoServer;
const clients = new Map<string, KeyPair>();
beforeAll(async () => {
  calico = await startCalicoServer();
  await admin('POST', `${v3}/tiers`, { apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'sec' }, spec: {} });
  for (const [name, rules] of Object.entries(users)) {
    clients.set(name, calico.server.ca.issueClient(name, []));
    const role = { kind: 'ClusterRole', metadata: { name }, rules: rules.map((rule) => ({ apiGroups: ['projectcalico.org'], ...rule })) };
    const subjects = [{ apiGroup: rbac, kind: 'User', name }];
    const binding = { kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: rbac, kind: 'ClusterRole', name }, subjects };
    for (const object of [role, binding])
      await admin('POST', `/apis/${rbac}/v1/${object.kind.toLowerCase()}s`, { apiVersion: `${rbac}/v1`, ...object });
  }
}, 60_000);
afterAll(() => calico?.stop());
afterEach(() => admin('DELETE', policies));

async function admin(method: string, path: string, body?: object): Promise<TestResponse> {
  const response = await calico.server.request(method, path, body === undefined ? {} : { body });
  expect(response.status, `${method} ${path}: ${response.text}`).toBeLessThan(300);
  return response;
}

function as(name: string, method: string, path: string, body?: object): Promise<TestResponse> {
  const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
  return calico.server.request(method, path, { client: clients.get(name) ?? null, headers, ...(body === undefined ? {} : { body }) });
}

function policy(name: string, tier: string): object {
  return { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata: { name }, spec: { tier } };
}

function namesIn({ json }: TestResponse): string[] {
  return (json as unknown as { items: { metadata: { name: string } }[] }).items.map(({ metadata: { name } }) => name);
}

async function twoPolicies(): Promise<void> {
  await admin('POST', policies, policy('inner', 'sec'));
  await admin('POST', policies, policy('outer', 'default'));
}

describe('rights on policies in tiers', { timeout: 60_000 }, () => {
  it('let a user write in the tier that a role names, and in no other', async () => {
    expect((await as('sara', 'POST', policies, policy('a', 'sec'))).status).toBe(201);
    expect((await as('sara', 'PATCH', `${policies}/a`, { spec: { order: 5 } })).status).toBe(200);
    const refused = await as('sara', 'POST', policies, policy('b', 'default'));
    expect([refused.status, refused.json.message]).toEqual([
      403,
      'networkpolicies.projectcalico.org "b" is forbidden: User "sara" cannot create networkpolicies.projectcalico.org in tier "default" and namespace "default" (user cannot get tier)',
    ]);
    expect((await as('sara', 'DELETE', `${policies}/a`)).status).toBe(200);
  });

  it('let nobody take a policy out of a tier, or bring one in, without the right there', async () => {
    await twoPolicies();
    expect((await as('sara', 'PATCH', `${policies}/inner`, { spec: { tier: 'default' } })).status).toBe(403);
    expect((await as('sara', 'PATCH', `${policies}/outer`, { spec: { tier: 'sec' } })).status).toBe(403);
    expect((await as('sara', 'DELETE', `${policies}/outer`)).status).toBe(403);
    expect(namesIn(await admin('GET', policies))).toEqual(['inner', 'outer']);
  });

  it('show a user the policies of the tiers that are open to it', async () => {
    await twoPolicies();
    expect(namesIn(await as('sara', 'GET', policies))).toEqual(['inner']);
    expect(namesIn(await as('rita', 'GET', policies))).toEqual(['inner', 'outer']);
    expect((await as('sara', 'GET', `${policies}/outer`)).status).toBe(403);
    expect((await as('sara', 'GET', `${policies}?fieldSelector=spec.tier%3Ddefault`)).status).toBe(403);
    expect((await as('sara', 'GET', `${policies}?labelSelector=projectcalico.org%2Ftier%3Ddefault`)).status).toBe(403);
    expect(namesIn(await as('sara', 'GET', `${policies}?fieldSelector=spec.tier%3Dsec`))).toEqual(['inner']);
    expect(namesIn(await as('sara', 'GET', `${policies}?limit=1`))).toEqual(['inner']);
  });

  it('may be about a policy by its name', async () => {
    await twoPolicies();
    expect((await as('olga', 'PATCH', `${policies}/inner`, { spec: { order: 5 } })).status).toBe(200);
    await admin('POST', policies, policy('third', 'sec'));
    const refused = await as('olga', 'GET', `${policies}/third`);
    expect(refused.json.message).toMatch(
      /User "olga" cannot get networkpolicies\.projectcalico\.org in tier "sec" and namespace "default"$/,
    );
  });

  it('are not those on the kind alone', async () => {
    await twoPolicies();
    for (const path of [policies, `${policies}/inner`]) expect((await as('nils', 'GET', path)).status).toBe(403);
    expect((await as('nils', 'GET', policies)).json.message).toBe(
      'networkpolicies.projectcalico.org is forbidden: operation on Calico tiered policy is forbidden',
    );
    expect((await as('rita', 'POST', policies, policy('c', 'sec'))).status).toBe(403);
  });

  it('say what a watch tells and what the deletion of a collection removes', async () => {
    const { json } = await admin('GET', policies);
    await twoPolicies();
    const watched = await as('sara', 'GET', `${policies}?watch=true&timeoutSeconds=1&resourceVersion=${json.metadata.resourceVersion}`);
    const seen = watched.text.split('\n').filter((line) => line !== '');
    expect(seen.map((line) => (JSON.parse(line) as { object: { metadata: { name: string } } }).object.metadata.name)).toEqual(['inner']);
    expect((await as('sara', 'DELETE', policies)).status).toBe(200);
    expect(namesIn(await admin('GET', policies))).toEqual(['outer']);
  });

  it('leave the stored form to the rights on its kinds', async () => {
    const stored = '/apis/crd.projectcalico.org/v1/namespaces/default/networkpolicies';
    expect((await as('sara', 'GET', stored)).status).toBe(403);
    expect((await admin('GET', stored)).status).toBe(200);
  });
});
