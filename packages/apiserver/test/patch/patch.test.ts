import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, pod } from '../support/objects.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
const maps = '/api/v1/namespaces/default/configmaps';
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

function patch(path: string, type: string, body: unknown): Promise<TestResponse> {
  return server.request('PATCH', path, { body, headers: { 'content-type': `application/${type}` } });
}

function apply(name: string, manager: string, data: Record<string, string>, query = ''): Promise<TestResponse> {
  return patch(`${maps}/${name}?fieldManager=${manager}${query}`, 'apply-patch+yaml', configMap(name, data));
}

describe('patches', () => {
  it('of all three kinds change an object', async () => {
    await server.request('POST', maps, { body: configMap('p', { a: '1' }) });
    const path = `${maps}/p`;
    expect((await patch(path, 'merge-patch+json', { data: { b: '2' } })).json.data).toEqual({ a: '1', b: '2' });
    expect(
      (
        await patch(path, 'json-patch+json', [
          { op: 'test', path: '/data/a', value: '1' },
          { op: 'remove', path: '/data/a' },
        ])
      ).json.data,
    ).toEqual({ b: '2' });
    expect((await patch(path, 'strategic-merge-patch+json', { data: { b: null, c: '3' } })).json.data).toEqual({ c: '3' });
  });

  it.each([
    { name: 'a failed test', type: 'json-patch+json', body: [{ op: 'test', path: '/data/c', value: 'x' }], status: 422, reason: 'Invalid' },
    { name: 'no list of operations', type: 'json-patch+json', body: { op: 'remove' }, status: 400, reason: 'BadRequest' },
    { name: 'a list as a merge patch', type: 'merge-patch+json', body: [], status: 400, reason: 'BadRequest' },
    { name: 'an unknown type', type: 'json', body: {}, status: 415, reason: 'UnsupportedMediaType' },
    { name: 'a wrong type of a field', type: 'merge-patch+json', body: { data: { a: 1 } }, status: 422, reason: 'Invalid' },
    { name: 'a new name', type: 'merge-patch+json', body: { metadata: { name: 'q' } }, status: 400, reason: 'BadRequest' },
    {
      name: 'a stale version',
      type: 'merge-patch+json',
      body: { metadata: { resourceVersion: '1' }, data: { z: '1' } },
      status: 409,
      reason: 'Conflict',
    },
  ])('with $name are refused', async ({ type, body, status, reason }) => {
    expect((await patch(`${maps}/p`, type, body)).json).toMatchObject({ code: status, reason });
  });

  it('that do not apply say why in the words of the real server', async () => {
    const cause = async (operation: unknown): Promise<unknown> =>
      (await patch(`${maps}/p`, 'json-patch+json', [operation])).json.details.causes[0];
    expect(await cause({ op: 'test', path: '/data/c', value: 'x' })).toMatchObject({
      message: 'testing value /data/c failed: test failed',
    });
    expect(await cause({ op: 'replace', path: '/data/nope', value: 'x' })).toMatchObject({
      message: 'replace operation does not apply: doc is missing key: /data/nope: missing value',
    });
    expect(await cause({ op: 'remove', path: '/data/nope' })).toMatchObject({
      message: 'remove operation does not apply: doc is missing path: "/data/nope": missing value',
    });
    expect((await patch(`${maps}/p`, 'strategic-merge-patch+json', '"text"')).json.message).toBe(
      'json: cannot unmarshal string into Go value of type map[string]interface {}',
    );
  });

  it('are checked strictly when asked', async () => {
    const { json } = await patch(`${maps}/p?fieldValidation=Strict`, 'merge-patch+json', { foo: 1 });
    expect(json.message).toContain('strict decoding error: unknown field "foo"');
  });

  it('do not reach the prototype', async () => {
    await patch(`${maps}/p`, 'merge-patch+json', '{"data":{"__proto__":"x"}}');
    await patch(`${maps}/p`, 'json-patch+json', [{ op: 'add', path: '/__proto__/polluted', value: 'x' }]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('server-side apply', () => {
  it('creates, merges and removes what the manager gives up', async () => {
    expect((await apply('s', 'one', { a: '1', b: '1' })).status).toBe(201);
    expect((await apply('s', 'two', { c: '1' })).json.data).toEqual({ a: '1', b: '1', c: '1' });
    expect((await apply('s', 'one', { a: '2' })).json.data).toEqual({ a: '2', c: '1' });
  });

  it('records who set what', async () => {
    const { json } = await server.request('GET', `${maps}/s`);
    const fields = json.metadata.managedFields.map((entry) => [entry.manager, entry.operation, entry.fieldsV1]);
    expect(fields).toContainEqual(['one', 'Apply', { 'f:data': { 'f:a': {} } }]);
    expect(fields).toContainEqual(['two', 'Apply', { 'f:data': { 'f:c': {} } }]);
  });

  it('refuses to overwrite what another manager has set, unless forced', async () => {
    await server.request('POST', `${maps}?fieldManager=creator`, { body: configMap('contested', { a: '1' }) });
    const conflict = await apply('contested', 'applier', { a: '2' });
    expect(conflict.status).toBe(409);
    expect(conflict.json.message).toMatch(/^Apply failed with 1 conflict: conflict with "creator" using v1 at .*: \.data\.a$/);
    expect(conflict.json.details.causes).toMatchObject([{ reason: 'FieldManagerConflict', field: '.data.a' }]);
    const forced = await apply('contested', 'applier', { a: '2' }, '&force=true');
    expect(forced.json.data).toEqual({ a: '2' });
    // What has fields below it stays with who made it.
    expect(forced.json.metadata.managedFields.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([
      ['applier', { 'f:data': { 'f:a': {} } }],
      ['creator', { 'f:data': {} }],
    ]);
  });

  it('of the same value shares a field', async () => {
    await apply('shared', 'one', { a: '1' });
    await apply('shared', 'two', { a: '1' });
    expect((await apply('shared', 'one', {})).json.data).toEqual({ a: '1' });
    expect((await apply('shared', 'two', {})).json.data).toBeUndefined();
  });

  it('merges keyed lists', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await server.request('POST', `${pods}?fieldManager=creator`, { body: pod('listed') });
    const container = { name: 'c', env: [{ name: 'X', value: '1' }] };
    const refused = await patch(`${pods}/listed?fieldManager=m`, 'apply-patch+yaml', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'listed' },
      spec: { containers: [container] },
    });
    // The container is found by its name; its environment cannot be changed afterwards.
    expect(refused.json.message).toContain('pod updates may not change fields other than');
  });

  it('needs a manager', async () => {
    expect((await patch(`${maps}/s`, 'apply-patch+yaml', configMap('s', {}))).json.message).toContain(
      'fieldManager: Required value: is required for apply patch',
    );
  });
});

describe('server-side apply by kubectl after client-side apply', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const query = '?fieldManager=kubectl-client-side-apply';
  const applied = (name: string, data: Record<string, string>): object =>
    configMap(name, data, {
      annotations: { [annotation]: JSON.stringify({ ...configMap(name, data), apiVersion: 'v1', kind: 'ConfigMap' }) },
    });

  it('takes over what was applied, without a conflict', async () => {
    await server.request('POST', `${maps}${query}`, { body: applied('csa', { a: '1' }) });
    expect((await apply('csa', 'other', { a: '2' })).status).toBe(409);
    const { status, json } = await apply('csa', 'kubectl', { a: '2' });
    expect([status, json.data]).toEqual([200, { a: '2' }]);
  });

  it('does not take over what somebody changed since', async () => {
    await server.request('POST', `${maps}${query}`, { body: applied('csa2', { a: '1' }) });
    await patch(`${maps}/csa2?fieldManager=someone`, 'merge-patch+json', { data: { a: '3' } });
    expect((await apply('csa2', 'kubectl', { a: '2' })).json.message).toContain('conflict with "someone" using v1');
  });
});
