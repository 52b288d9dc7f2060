/** Tokens of service accounts: who they are, for whom, how long, and what ends them. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await TestServer.start();
  await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
});
afterAll(() => server.dispose());

/** A service account of its own for each test. */
async function account(): Promise<string> {
  const name = `sa-${++count}`;
  await server.request('POST', '/api/v1/namespaces/shop/serviceaccounts', { body: { metadata: { name } } });
  return name;
}

function ask(name: string, spec = {}): Promise<TestResponse> {
  return server.request('POST', `/api/v1/namespaces/shop/serviceaccounts/${name}/token`, { body: { spec } });
}

async function tokenOf(name: string, spec = {}): Promise<string> {
  return ((await ask(name, spec)).json.status as unknown as { token: string }).token;
}

function whoami(token: string): Promise<TestResponse> {
  const headers = { authorization: `Bearer ${token}` };
  return server.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, headers, client: null });
}

describe('a token', () => {
  it('is its service account, without a certificate', async () => {
    const name = await account();
    const { status, json } = await whoami(await tokenOf(name));
    expect(status).toBe(201);
    expect(json.status).toMatchObject({
      userInfo: {
        username: `system:serviceaccount:shop:${name}`,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      },
    });
  });

  it('counts before a certificate, also when it is wrong', async () => {
    const headers = { authorization: 'Bearer nonsense' };
    expect((await server.request('GET', '/api/v1/pods', { headers })).status).toBe(401);
    expect((await server.request('GET', '/api/v1/pods', { headers: { authorization: 'Basic abc' } })).status).toBe(401);
  });

  it('for another audience is nobody here, but TokenReview knows it', async () => {
    const token = await tokenOf(await account(), { audiences: ['vault'] });
    expect((await whoami(token)).status).toBe(401);
    const review = async (audiences: string[]): Promise<unknown> =>
      (await server.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token, audiences } } })).json.status;
    expect(await review(['vault'])).toMatchObject({ authenticated: true, audiences: ['vault'] });
    expect(await review(['other'])).toMatchObject({ error: 'invalid bearer token' });
  });

  it('ends with its account, also for one of the same name', async () => {
    const name = await account();
    const token = await tokenOf(name);
    await server.request('DELETE', `/api/v1/namespaces/shop/serviceaccounts/${name}`);
    expect((await whoami(token)).status).toBe(401);
    await server.request('POST', '/api/v1/namespaces/shop/serviceaccounts', { body: { metadata: { name } } });
    expect((await whoami(token)).status).toBe(401);
  });

  it('that is bound to a pod ends with it, and names it', async () => {
    const name = await account();
    const pod = { metadata: { name: `p-${name}` }, spec: { serviceAccountName: name, containers: [{ name: 'c', image: 'x' }] } };
    await server.request('POST', '/api/v1/namespaces/shop/pods', { body: pod });
    const token = await tokenOf(name, { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name } });
    expect((await whoami(token)).json.status).toMatchObject({
      userInfo: { extra: { 'authentication.kubernetes.io/pod-name': [pod.metadata.name] } },
    });
    await server.request('DELETE', `/api/v1/namespaces/shop/pods/${pod.metadata.name}`);
    expect((await whoami(token)).status).toBe(401);
  });

  it.each([
    ['without a signature', (parts: string[]) => [Buffer.from('{"alg":"none"}').toString('base64url'), parts[1], ''].join('.')],
    ['with other claims', (parts: string[]) => [parts[0], Buffer.from('{"sub":"system:admin"}').toString('base64url'), parts[2]].join('.')],
    [
      'signed with the public key as a secret',
      (parts: string[]) => {
        const head = Buffer.from('{"alg":"HS256"}').toString('base64url');
        const signature = createHmac('sha256', 'public')
          .update(`${head}.${parts[1] ?? ''}`)
          .digest('base64url');
        return `${head}.${parts[1] ?? ''}.${signature}`;
      },
    ],
  ])('%s is nobody', async (_name, forge) => {
    const token = await tokenOf(await account());
    expect((await whoami(forge(token.split('.')))).status).toBe(401);
  });
});

describe('a request for a token', () => {
  it('is refused for a time that is too short, and for what cannot be bound', async () => {
    const name = await account();
    expect((await ask(name, { expirationSeconds: 599 })).json.message).toContain('may not specify a duration less than 10 minutes');
    expect((await ask(name, { boundObjectRef: { kind: 'Pod', name: 'none' } })).status).toBe(404);
    expect((await ask(name, { boundObjectRef: { kind: 'Service', name: 'x' } })).status).toBe(422);
    expect((await ask('nobody')).status).toBe(404);
  });

  it('says when the token ends', async () => {
    const before = Date.now();
    const status = (await ask(await account(), { expirationSeconds: 600 })).json.status as unknown as { expirationTimestamp: string };
    const seconds = (Date.parse(status.expirationTimestamp) - before) / 1_000;
    expect(seconds).toBeGreaterThan(590);
    expect(seconds).toBeLessThan(700);
  });
});

it('tells others how to verify its tokens', async () => {
  const { json } = await server.request('GET', '/openid/v1/jwks');
  expect(json).toMatchObject({ keys: [{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }] });
  expect((await server.request('GET', '/.well-known/openid-configuration')).json).toMatchObject({
    issuer: 'https://kubernetes.default.svc.cluster.local',
  });
});
