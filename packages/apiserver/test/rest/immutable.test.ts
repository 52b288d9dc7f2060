import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'default' } } });
});
afterAll(() => server.dispose());

it.each([
  ['configmaps', 'ConfigMap', { data: { a: 'b' } }, { data: { a: 'c' } }],
  ['configmaps', 'ConfigMap', { data: { a: 'b' } }, { binaryData: { b: 'AA==' } }],
  ['secrets', 'Secret', { data: { a: 'AA==' } }, { data: { a: 'AQ==' } }],
  ['secrets', 'Secret', { data: { a: 'AA==' } }, { stringData: { b: 'c' } }],
])('%s that are immutable keep their data: %s %j %j', async (resource, kind, content, change) => {
  const path = `/api/v1/namespaces/default/${resource}`;
  const { json } = await server.request('POST', path, { body: { metadata: { generateName: 'fixed-' }, immutable: true, ...content } });
  const { name } = json.metadata;
  const headers = { 'content-type': 'application/merge-patch+json' };
  const patch = (body: object) => server.request('PATCH', `${path}/${name}`, { body, headers });
  const field = 'binaryData' in change ? 'binaryData' : 'data';
  expect((await patch(change)).json).toMatchObject({
    code: 422,
    reason: 'Invalid',
    message: `${kind} "${name}" is invalid: ${field}: Forbidden: field is immutable when \`immutable\` is set`,
  });
  expect((await patch({ immutable: false })).json.message).toBe(
    `${kind} "${name}" is invalid: immutable: Forbidden: field is immutable when \`immutable\` is set`,
  );
  expect((await patch({ metadata: { labels: { still: 'changes' } } })).status).toBe(200);
});
