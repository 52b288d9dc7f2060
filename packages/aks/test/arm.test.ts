import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens, generateSigningKey } from '../src/identity/access-tokens.ts';
import { ArmEndpoint } from './support/arm-endpoint.ts';

let endpoint: ArmEndpoint;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});

const code = ({ json }: { readonly json: Record<string, unknown> }): unknown =>
  (json['error'] as { code?: unknown } | undefined)?.code ?? json['code'];

describe('a request without a good token gets 401', () => {
  const groups = (): string => `${endpoint.subscription}/resourceGroups?api-version=2021-04-01`;

  it.each([
    ['none', null, 'AuthenticationFailed'],
    ['something that is no token', 'x', 'InvalidAuthenticationToken'],
  ])('%s', async (_name, token, expected) => {
    const answer = await endpoint.send('GET', groups(), { token });
    expect([answer.status, code(answer)]).toEqual([401, expected]);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('of another scheme', async () => {
    const answer = await endpoint.send('GET', groups(), { token: null, headers: { authorization: 'Basic eDp5' } });
    expect([answer.status, code(answer)]).toEqual([401, 'AuthenticationFailedInvalidHeader']);
  });

  it('signed by another key', async () => {
    const holder = { application: 'x', tenant: 'y' };
    const token = await new AccessTokens(generateSigningKey()).issue(holder, `${endpoint.arm.base}/adfs`, endpoint.arm.base);
    const answer = await endpoint.send('GET', groups(), { token });
    expect([answer.status, code(answer)]).toEqual([401, 'InvalidAuthenticationToken']);
  });

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    ['that says that it needs no signature', ([, claims]) => `${part({ alg: 'none', typ: 'JWT' })}.${claims}.`],
    ['that is signed with the public key as a password', ([, claims]) => `${part({ alg: 'HS256', kid: 'weir' })}.${claims}.AAAA`],
    [
      'that lives longer than it was given',
      ([head, claims, signature]) => {
        const read = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
        return `${head}.${part({ ...read, exp: 9_999_999_999 })}.${signature}`;
      },
    ],
    ['that is cut off', ([head, claims]) => `${head}.${claims}`],
  ] satisfies [string, (parts: [string, string, string]) => string][])('%s', async (_name, forge) => {
    const [head = '', claims = '', signature = ''] = endpoint.token.split('.');
    const answer = await endpoint.send('GET', groups(), { token: forge([head, claims, signature]) });
    expect([answer.status, code(answer)]).toEqual([401, 'InvalidAuthenticationToken']);
  });

  it('that was good an hour ago', async () => {
    const { identity } = endpoint.arm.state;
    const longAgo = Math.trunc(Date.now() / 1_000) - 7_200;
    const token = await new SignJWT({ appid: identity.principals[0]?.application })
      .setProtectedHeader({ alg: 'RS256' })
      .setAudience(`${endpoint.arm.base}/`)
      .setExpirationTime(longAgo)
      .sign(createPrivateKey(identity.signingKey));
    const answer = await endpoint.send('GET', groups(), { token });
    expect([answer.status, code(answer)]).toEqual([401, 'ExpiredAuthenticationToken']);
  });

  it('for another audience', async () => {
    const answer = await endpoint.send('GET', groups(), { token: await endpoint.signIn(`${endpoint.arm.base}/graph//.default`) });
    expect([answer.status, code(answer)]).toEqual([401, 'InvalidAuthenticationTokenAudience']);
  });
});

describe('signing in', () => {
  const token = (fields: Record<string, string>): ReturnType<ArmEndpoint['send']> =>
    endpoint.send('POST', '/adfs/oauth2/v2.0/token', {
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: `${endpoint.arm.base}//.default`, ...fields }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      token: null,
    });
  const application = (): string => endpoint.arm.state.identity.principals[0]?.application ?? '';

  it.each([
    ['with a wrong secret', { client_secret: 'wrong' }, 401, 'AADSTS7000215'],
    ['without one', {}, 401, 'AADSTS7000215'],
    ['as somebody unknown', { client_id: 'nobody', client_secret: 'x' }, 400, 'AADSTS700016'],
    ['with a password', { grant_type: 'password' }, 400, 'AADSTS70003'],
    ['for somebody else', { scope: 'https://example.com/.default' }, 400, 'AADSTS500011'],
  ])('%s is refused', async (_name, fields, status, text) => {
    const secret = 'scope' in fields ? { client_secret: endpoint.secret } : {};
    const answer = await token({ client_id: application(), ...secret, ...fields });
    expect(answer.status).toBe(status);
    expect(answer.json['error_description']).toContain(text);
  });

  it('tells no secret, and keeps only its hash', async () => {
    const answer = await token({ client_id: application(), client_secret: endpoint.secret });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(endpoint.secret);
    expect(JSON.stringify(endpoint.arm.state.identity)).not.toContain(endpoint.secret);
  });

  it.each(['/adfs', '/adfs/t/v2.0', '/adfs/t', '/contoso/v2.0', '/contoso'])('finds the OpenID document below %s', async (path) => {
    const { json } = await endpoint.send('GET', `${path}/.well-known/openid-configuration`, { token: null });
    expect(json).toMatchObject({ issuer: `${endpoint.arm.base}/adfs`, token_endpoint: `${endpoint.arm.base}/adfs/oauth2/v2.0/token` });
  });
});

describe('a path', () => {
  it.each([
    ['GET', '/resourceGroups', '', 'MissingApiVersionParameter'],
    ['GET', '/resourceGroups', '?api-version=tomorrow', 'InvalidApiVersionParameter'],
    ['GET', '/providers/Microsoft.ContainerService/managedClusters', '?api-version=2019-01-01', 'NoRegisteredProviderFound'],
  ])('%s %s%s needs a known api-version', async (method, path, query, expected) => {
    const answer = await endpoint.send(method, `${endpoint.subscription}${path}${query}`);
    expect([answer.status, code(answer)]).toEqual([400, expected]);
  });

  it.each([
    ['GET', '/nothing', 404, 'InvalidResourceType'],
    ['PUT', '/locations', 405, 'HttpMethodNotAllowed'],
    ['GET', '/providers/Microsoft.Nothing', 404, 'InvalidResourceNamespace'],
    ['GET', '/resourceGroups/none', 404, 'ResourceGroupNotFound'],
    ['GET', '/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/Nope', 404, 'FeatureNotFound'],
  ])('%s %s is refused', async (method, path, status, expected) => {
    const answer = await endpoint.ask(method, path);
    expect([answer.status, code(answer)]).toEqual([status, expected]);
    // What carries it is sent again by clients.
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it('of another subscription leads nowhere', async () => {
    const answer = await endpoint.send('GET', '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups?api-version=2021-04-01');
    expect([answer.status, code(answer)]).toEqual([404, 'SubscriptionNotFound']);
  });

  it('is found in any case and with doubled slashes, and keeps the case of names', async () => {
    expect((await endpoint.ask('PUT', '/resourcegroups/MyGroup', { location: 'Canada East' })).status).toBe(201);
    const answer = await endpoint.ask('GET', '//RESOURCEGROUPS/mygroup');
    expect(answer.json).toMatchObject({ name: 'MyGroup', location: 'canadaeast' });
    expect((await endpoint.ask('PUT', '/resourceGroups/mygroup', { location: 'canadaeast', tags: { a: 'b' } })).status).toBe(200);
    expect((await endpoint.ask('HEAD', '/resourceGroups/MYGROUP')).status).toBe(204);
    expect((await endpoint.ask('HEAD', '/resourceGroups/other')).status).toBe(404);
  });
});

describe('a body', () => {
  it.each(['{', '[]', '"x"', 'null'])('%s is refused', async (body) => {
    const answer = await endpoint.ask('PUT', '/resourceGroups/g', body);
    expect([answer.status, code(answer)]).toEqual([400, 'InvalidRequestContent']);
  });

  it('of more than 4 MiB is refused', async () => {
    const answer = await endpoint.ask('PUT', '/resourceGroups/g', ' '.repeat(4 * 1024 * 1024 + 1));
    expect([answer.status, code(answer)]).toEqual([413, 'RequestContentTooLarge']);
  });

  it.each([
    [{}, 'LocationRequired'],
    [{ location: 'moon' }, 'LocationNotAvailableForResourceGroup'],
    [{ location: 'westus', tags: { 'a<': 'b' } }, 'InvalidTagNameCharacters'],
    [{ location: 'westus', tags: { a: 1 } }, 'InvalidTagValueLength'],
    [{ location: 'westus', tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ''])) }, 'InvalidTagsCount'],
  ])('%j of a group is refused', async (body, expected) => {
    const answer = await endpoint.ask('PUT', '/resourceGroups/bad', body);
    expect([answer.status, code(answer)]).toEqual([400, expected]);
  });
});
