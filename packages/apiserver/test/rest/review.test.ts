import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

const access = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

describe('reviews', () => {
  it('tell a client who it is', async () => {
    const { status, json } = await server.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {} });
    expect([status, json.status]).toEqual([201, { userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } }]);
  });

  it('tell it that it may do everything', async () => {
    const body = { spec: { resourceAttributes: { verb: 'create', resource: 'pods' } } };
    expect((await server.request('POST', access, { body })).json.status).toEqual({ allowed: true });
    const rules = await server.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { body: {} });
    expect(rules.json.status).toMatchObject({ resourceRules: [{ verbs: ['*'] }], incomplete: false });
  });

  it('need exactly one question', async () => {
    expect((await server.request('POST', access, { body: { spec: {} } })).json.message).toContain(
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  it('are not stored: nothing can be listed', async () => {
    expect((await server.request('GET', access)).status).toBe(405);
  });
});
