/** What a write may say about itself (dryRun, fieldManager, fieldValidation, force), and what an apply may not contain. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap } from '../support/objects.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
const maps = '/api/v1/namespaces/default/configmaps';
beforeAll(async () => {
  server = await TestServer.start();
  await server.request('POST', maps, { body: configMap('m', { a: '1' }) });
});
afterAll(() => server.dispose());

function patch(query: string, type: string, body: unknown): Promise<TestResponse> {
  return server.request('PATCH', `${maps}/m${query}`, { body, headers: { 'content-type': `application/${type}` } });
}

describe('the options of a write are refused', () => {
  const long = 'x'.repeat(129);
  it.each([
    ['PATCH', 'apply-patch+yaml', '', 'fieldManager: Required value: is required for apply patch'],
    ['PATCH', 'apply-patch+yaml', '?fieldManager=', 'fieldManager: Required value: is required for apply patch'],
    ['PATCH', 'merge-patch+json', '?force=true', 'force: Forbidden: may not be specified for non-apply patch'],
    ['PATCH', 'json-patch+json', '?force=false', 'force: Forbidden: may not be specified for non-apply patch'],
    ['POST', 'json', `?fieldManager=${long}`, 'fieldManager: Too long: may not be more than 128 bytes'],
    ['PUT', 'json', '?fieldManager=a%07b', 'fieldManager: Invalid value: "a\\u0007b": invalid character U+0007 (at position 1)'],
    [
      'POST',
      'json',
      '?fieldValidation=strict',
      'fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    ['DELETE', 'json', '?dryRun=Some', 'dryRun: Unsupported value: []string{"Some"}: supported values: "All"'],
    ['POST', 'json', '?dryRun=all', 'dryRun: Unsupported value: []string{"all"}: supported values: "All"'],
  ])('%s %s %s', async (method, type, query, problem) => {
    const kind = { PATCH: 'PatchOptions', POST: 'CreateOptions', PUT: 'UpdateOptions', DELETE: 'DeleteOptions' }[method] ?? '';
    const body = method === 'DELETE' ? { kind, apiVersion: 'v1' } : type === 'json-patch+json' ? [] : configMap('m', { a: '1' });
    const path = method === 'POST' ? maps : `${maps}/m`;
    const { status, json } = await server.request(method, `${path}${query}`, { body, headers: { 'content-type': `application/${type}` } });
    expect([status, json.reason, json.message]).toEqual([422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: ${problem}`]);
  });

  it('with everything that is wrong with them', async () => {
    const { json } = await patch('?force=true&dryRun=x&fieldValidation=y', 'merge-patch+json', {});
    expect(json.details.causes.map(({ field }) => field)).toEqual(['force', 'dryRun', 'fieldValidation']);
  });
});

describe('a write without a manager', () => {
  it('is recorded under the first part of its user agent, as far as that could be a name', async () => {
    const record = async (name: string, agent: string): Promise<unknown> => {
      const { json } = await server.request('POST', maps, { body: configMap(name, { a: '1' }), headers: { 'user-agent': agent } });
      return json.metadata.managedFields.map(({ manager }) => manager);
    };
    expect(await record('agent', 'kubectl/v1.35.2 (linux/amd64)')).toEqual(['kubectl']);
    expect(await record('long-agent', `${'y'.repeat(200)}/1`)).toEqual(['y'.repeat(128)]);
  });
});

describe('an apply is refused', () => {
  it.each([
    ['with managers', configMap('m', {}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
    [
      'in another version',
      { ...configMap('m', {}), apiVersion: 'v2' },
      400,
      'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
    ],
    [
      'with fields that the kind has not, whatever the validation of fields',
      { ...configMap('m', {}), foo: 1, bar: { a: 1 } },
      500,
      'failed to create typed patch object (default/m; /v1, Kind=ConfigMap): errors:\n  .foo: field not declared in schema\n  .bar: field not declared in schema',
    ],
    [
      'with values of another type',
      configMap('m', { a: 1 as unknown as string }),
      500,
      'failed to create typed patch object (default/m; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}',
    ],
  ])('%s', async (_title, body, status, message) => {
    const { json } = await patch('?fieldManager=f&fieldValidation=Ignore', 'apply-patch+yaml', body);
    expect([json.code, json.message]).toEqual([status, message]);
  });
});
