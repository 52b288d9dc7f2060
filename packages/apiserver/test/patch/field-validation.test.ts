/** What patches say of unknown, doubled and ill-typed fields, by `fieldValidation`. */
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

function patch(type: string, body: unknown, query = ''): Promise<TestResponse> {
  return server.request('PATCH', `${maps}/m?fieldManager=f${query}`, { body, headers: { 'content-type': `application/${type}` } });
}

describe.each([
  ['merge-patch+json', '{"foo":1,"data":{"b":"1","b":"2"}}', 'duplicate field "data.b", unknown field "foo"'],
  ['strategic-merge-patch+json', '{"foo":1,"data":{"b":"1","b":"2"}}', 'duplicate field "data.b", unknown field "foo"'],
  ['json-patch+json', '[{"op":"add","path":"/foo","value":1,"value":2}]', 'duplicate field "[0].value", unknown field "foo"'],
])('%s with unknown and doubled fields', (type, body, problems) => {
  it('is refused when Strict, with what the patch makes', async () => {
    const { status, json } = await patch(type, body, '&fieldValidation=Strict');
    expect([status, json.reason]).toEqual([422, 'Invalid']);
    expect(json.message).toMatch(/^ "" is invalid: patch: Invalid value: "/);
    expect(json.message).toContain(type.startsWith('strategic') ? 'map[data:map[b:2] foo:1]' : String.raw`\"kind\":\"ConfigMap\"`);
    expect(json.message.endsWith(`: strict decoding error: ${problems}`)).toBe(true);
    expect(json.details.causes).toMatchObject([{ reason: 'FieldValueInvalid', field: 'patch' }]);
  });

  it('is warned of by default, and taken without the unknown fields', async () => {
    const { status, headers } = await patch(type, body);
    expect(status).toBe(200);
    const warnings = problems.split(', ').map((each) => `299 - ${JSON.stringify(each)}`);
    expect(headers['warning']).toBe(warnings.join(', '));
  });

  it('is taken silently when ignored', async () => {
    const { status, headers } = await patch(type, body, '&fieldValidation=Ignore');
    expect([status, headers['warning']]).toEqual([200, undefined]);
  });
});

describe('a patch', () => {
  it('that makes values of another type is refused as invalid, whatever the validation of fields', async () => {
    const { json } = await patch('merge-patch+json', { data: { a: 1 } }, '&fieldValidation=Ignore');
    expect([json.code, json.reason]).toEqual([422, 'Invalid']);
    expect(json.message).toMatch(/^ "" is invalid: patch: Invalid value: ".*": json: cannot unmarshal number into Go struct field/);
  });

  it.each([
    ['json-patch+json', {}, 400, 'json: cannot unmarshal object into Go value of type []interface {}'],
    ['json-patch+json', ['x'], 400, 'json: cannot unmarshal string into Go value of type jsonpatch.Operation'],
    ['merge-patch+json', [], 400, 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    [
      'strategic-merge-patch+json',
      { metadata: { ownerReferences: [{ name: 'x' }] } },
      500,
      'map: map[name:x] does not contain declared merge key: uid',
    ],
    [
      'strategic-merge-patch+json',
      { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } },
      400,
      'invalid patch format of primitive list',
    ],
  ])('%s %j is refused with what is wrong', async (type, body, code, message) => {
    expect((await patch(type, body)).json).toMatchObject({ code, message });
  });

  it('of an apply with doubled fields is refused when Strict, and warned of by default', async () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"c":"1","c":"2"}}';
    const why = 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 1: key "c" already set in map';
    const strict = await patch('apply-patch+yaml', body, '&fieldValidation=Strict');
    expect([strict.status, strict.json.message]).toEqual([400, `error strict decoding YAML: ${why}`]);
    const { status, headers } = await patch('apply-patch+yaml', body);
    expect([status, headers['warning']]).toEqual([200, `299 - ${JSON.stringify(why)}`]);
  });
});
