import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  for (const name of ['a', 'b', 'c', 'd'])
    await server.request('POST', maps, { body: configMap(name, {}, { labels: { odd: String('ac'.includes(name)) } }) });
});
afterAll(() => server.dispose());

const nameList = (items: readonly { readonly metadata: { readonly name: string } }[]): string[] =>
  items.map(({ metadata }) => metadata.name);

it('a page whose state is gone comes with a token for the rest as it is now', async () => {
  const first = (await server.request('GET', `${maps}?limit=1`)).json;
  // The history is in memory: a new server has none.
  await server.request('DELETE', `${maps}/b`);
  await server.close();
  await server.open();
  const refused = await server.request('GET', `${maps}?limit=1&continue=${first.metadata.continue}`);
  expect(refused.status).toBe(410);
  expect(refused.json).toMatchObject({
    reason: 'Expired',
    message: expect.stringContaining('Continuing with the provided token results in an inconsistent list'),
  });
  const { continue: token } = refused.json.metadata;
  const second = (await server.request('GET', `${maps}?limit=1&continue=${token}`)).json;
  expect(nameList(second.items)).toEqual(['c']);
  expect(second.metadata.remainingItemCount).toBe(1);
  const third = (await server.request('GET', `${maps}?limit=5&continue=${second.metadata.continue}`)).json;
  expect(nameList(third.items)).toEqual(['d']);
  expect(third.metadata).toEqual({ resourceVersion: second.metadata.resourceVersion });
  await server.request('POST', maps, { body: configMap('b', {}, { labels: { odd: 'false' } }) });
});

it('a list at a state that is gone is refused', async () => {
  const { json } = await server.request('GET', `${maps}?resourceVersion=1&resourceVersionMatch=Exact`);
  expect(json).toMatchObject({ code: 410, reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' });
});

it('a limit counts what selectors leave, and nobody counts the rest', async () => {
  const first = (await server.request('GET', `${maps}?limit=1&labelSelector=odd%3Dtrue`)).json;
  expect(nameList(first.items)).toEqual(['a']);
  expect(first.metadata).toEqual({ resourceVersion: expect.any(String), continue: expect.any(String) });
  const second = (await server.request('GET', `${maps}?limit=1&labelSelector=odd%3Dtrue&continue=${first.metadata.continue}`)).json;
  expect(nameList(second.items)).toEqual(['c']);
  expect(second.metadata.continue).toBeUndefined();
});

it('a page that ends with the list has neither a token nor a count', async () => {
  const { json } = await server.request('GET', `${maps}?limit=4`);
  expect(json.metadata).toEqual({ resourceVersion: expect.any(String) });
});

it.each([
  ['continue=nonsense', 'invalid continue token: continue key is not valid'],
  ['continue=TOKEN&resourceVersion=1', 'specifying resource version is not allowed when using continue'],
])('a page with %s is refused', async (query, message) => {
  const { metadata } = (await server.request('GET', `${maps}?limit=1`)).json;
  const { json } = await server.request('GET', `${maps}?${query.replace('TOKEN', metadata.continue)}`);
  expect(json).toMatchObject({ code: 400, reason: 'BadRequest', message: expect.stringContaining(message) });
});

it('a token of one list leads into no other', async () => {
  const { metadata } = (await server.request('GET', `${maps}?limit=1`)).json;
  const { status } = await server.request('GET', `/api/v1/namespaces/kube-system/configmaps?continue=${metadata.continue}`);
  expect(status).toBe(400);
});
