/** Objects that the cluster's own parts need: they are refused to whoever deletes them, and every other one goes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

const path = '/api/v1/namespaces/default/configmaps';
let isNeeded = true;
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    reasonToKeep: ({ group, resource, name }) =>
      isNeeded && group === '' && resource === 'configmaps' && name === 'needed' ? 'the harbour needs it' : undefined,
  });
  for (const name of ['another', 'needed']) await server.request('POST', path, { body: configMap(name, {}) });
});
afterAll(() => server.dispose());

const names = async (): Promise<string[]> => {
  const { json } = await server.request('GET', path);
  return json.items.map(({ metadata }) => metadata.name);
};

it.each(['', '?dryRun=All', '?gracePeriodSeconds=0', '?propagationPolicy=Foreground'])(
  'an object that is needed is not deleted, and the reason is said (%s)',
  async (query) => {
    const { status, json } = await server.request('DELETE', `${path}/needed${query}`);
    expect([status, json.reason, json.message]).toEqual([403, 'Forbidden', 'configmaps "needed" is forbidden: the harbour needs it']);
    expect(await names()).toContain('needed');
  },
);

it('nor with its collection', async () => {
  expect((await server.request('DELETE', path)).status).toBe(403);
  expect(await names()).toContain('needed');
});

it('and goes when it is not needed any more', async () => {
  isNeeded = false;
  expect((await server.request('DELETE', `${path}/needed`)).status).toBe(200);
  expect(await names()).not.toContain('needed');
});
