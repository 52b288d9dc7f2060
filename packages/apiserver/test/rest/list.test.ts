import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/answer.ts';
import { configMap, pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
const maps = '/api/v1/namespaces/default/configmaps';
beforeAll(async () => {
  server = await TestServer.start();
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await server.request('POST', maps, { body: configMap(name, { name }, { labels: { odd: String('ace'.includes(name)) } }) });
});
afterAll(() => server.dispose());

function names(json: Pick<Answer, 'items'>): string[] {
  return json.items.map((item) => item.metadata.name);
}

describe('lists', () => {
  it('come in the order of names, with a resource version', async () => {
    const { json } = await server.request('GET', maps);
    expect(json).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(Number(json.metadata.resourceVersion)).toBeGreaterThan(0);
    expect(names(json)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('are filtered by labels and fields', async () => {
    expect(names((await server.request('GET', `${maps}?labelSelector=odd%3Dtrue`)).json)).toEqual(['a', 'c', 'e']);
    expect(names((await server.request('GET', `${maps}?labelSelector=odd+notin+(true)`)).json)).toEqual(['b', 'd']);
    expect(names((await server.request('GET', `${maps}?fieldSelector=metadata.name%3Dc`)).json)).toEqual(['c']);
    expect(names((await server.request('GET', '/api/v1/configmaps?fieldSelector=metadata.namespace!%3Ddefault')).json)).toEqual([]);
    const unknown = await server.request('GET', '/api/v1/pods?fieldSelector=spec.foo%3Dbar');
    expect(unknown.json).toMatchObject({ code: 400, message: 'field label not supported: spec.foo' });
  });

  it('are filtered by what a field says, not by what the text of an object contains', async () => {
    await server.request('POST', maps, {
      body: configMap('named-f', { other: 'c' }, { labels: { 'example.com/odd': 'false', name: 'c' } }),
    });
    // Its text contains "c", but not as its name.
    expect(names((await server.request('GET', `${maps}?fieldSelector=metadata.name%3Dc`)).json)).toEqual(['c']);
    expect(names((await server.request('GET', `${maps}?labelSelector=example.com%2Fodd`)).json)).toEqual(['named-f']);
    expect(names((await server.request('GET', `${maps}?labelSelector=name+in+(b,c),odd`)).json)).toEqual([]);
    expect(names((await server.request('GET', `${maps}?labelSelector=!odd`)).json)).toEqual(['named-f']);
    await server.request('DELETE', `${maps}/named-f`);
  });

  it('in pages show one snapshot, whatever is written meanwhile', async () => {
    const first = (await server.request('GET', `${maps}?limit=2`)).json;
    expect(names(first)).toEqual(['a', 'b']);
    expect(first.metadata.remainingItemCount).toBe(3);
    await server.request('DELETE', `${maps}/c`);
    await server.request('PUT', `${maps}/d`, { body: configMap('d', { name: 'changed' }) });
    await server.request('POST', maps, { body: configMap('bb', {}) });
    const second = (await server.request('GET', `${maps}?limit=2&continue=${first.metadata.continue}`)).json;
    expect(names(second)).toEqual(['c', 'd']);
    expect(second.metadata.remainingItemCount).toBe(1);
    expect(second.items[1]?.data).toEqual({ name: 'd' });
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const third = (await server.request('GET', `${maps}?limit=2&continue=${second.metadata.continue}`)).json;
    expect(names(third)).toEqual(['e']);
    expect(third.metadata.continue).toBeUndefined();
    expect((await server.request('GET', `${maps}?continue=nonsense`)).status).toBe(400);
  });

  it('can be had at an exact older version, and not from the future', async () => {
    const before = (await server.request('GET', maps)).json.metadata.resourceVersion;
    await server.request('POST', maps, { body: configMap('later', {}) });
    const then = await server.request('GET', `${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`);
    expect(names(then.json)).not.toContain('later');
    const future = await server.request('GET', `${maps}?resourceVersion=999999`);
    expect(future.status).toBe(504);
    expect(future.json.details.causes[0]?.reason).toBe('ResourceVersionTooLarge');
  });

  it.each([
    ['resourceVersionMatch=Exact', 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['sendInitialEvents=true', 'sendInitialEvents is forbidden for list'],
    ['resourceVersion=0&resourceVersionMatch=Exact', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'],
  ])('with %s are refused', async (query, message) => {
    const { status, json } = await server.request('GET', `${maps}?${query}`);
    expect(status).toBe(422);
    expect(json.message).toContain(message);
  });
});

describe('a parameter that is', () => {
  // `apimachinery/pkg/runtime/converter`: what is said counts, unless it says no.
  it.concurrent.each([
    ['?watch=0', 'ConfigMapList'],
    ['?watch=false', 'ConfigMapList'],
    ['?watch=False', 'ConfigMapList'],
    ['', 'ConfigMapList'],
    ['?watch=1', undefined],
    ['?watch=true', undefined],
    ['?watch=yes', undefined],
    ['?watch=', undefined],
  ])('%j asks for a watch, or does not', async (query, kind) => {
    const { text } = await server.request('GET', `${maps}${query === '' ? '?' : `${query}&`}resourceVersion=0&timeoutSeconds=1`);
    const [first = '{}'] = text.split('\n');
    expect((JSON.parse(first) as { kind?: string }).kind).toBe(kind);
  });
});

describe('representations', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

  it('show pods as the real printer does', async () => {
    await server.request('POST', '/api/v1/namespaces/default/pods', { body: pod('t', { metadata: { labels: { a: 'b' } } }) });
    const { json } = await server.request('GET', '/api/v1/pods', { headers: { accept: table } });
    expect(json.columnDefinitions.map((column) => `${column.name}/${column.priority}`)).toEqual([
      'Name/0',
      'Ready/0',
      'Status/0',
      'Restarts/0',
      'Age/0',
      'IP/1',
      'Node/1',
      'Nominated Node/1',
      'Readiness Gates/1',
    ]);
    expect(json.rows[0]?.cells.filter((_, i) => i !== 4)).toEqual(['t', '0/1', 'Pending', '0', '<none>', '<none>', '<none>', '<none>']);
    expect(json.rows[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 't', labels: { a: 'b' } } });
    const whole = await server.request('GET', '/api/v1/namespaces/default/pods/t?includeObject=Object', { headers: { accept: table } });
    expect(whole.json.rows[0]?.object.kind).toBe('Pod');
    const alone = await server.request('GET', '/api/v1/pods?includeObject=None', { headers: { accept: table } });
    expect(alone.json.rows.map(({ cells, object }) => [cells[0], object])).toEqual([['t', null]]);
    const bare = await server.request('GET', '/api/v1/namespaces/default/pods/t?includeObject=None', { headers: { accept: table } });
    expect(bare.json.rows[0]?.object).toBeNull();
  });

  it('show metadata alone', async () => {
    const { json } = await server.request('GET', maps, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
    });
    expect(json.kind).toBe('PartialObjectMetadataList');
    expect(json.items[0]?.data).toBeUndefined();
  });
});
