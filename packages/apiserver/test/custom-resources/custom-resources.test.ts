import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { define, gateDefinition } from '../support/custom-resources.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await define(server, gateDefinition());
});
afterAll(() => server.dispose());

const gates = '/apis/test.example.com/v1/namespaces/default/gates';

function gate(name: string, spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { apiVersion: 'test.example.com/v1', kind: 'Gate', metadata: { name }, spec };
}

async function refusal(spec: Readonly<Record<string, unknown>>, query = ''): Promise<string> {
  const { status, json } = await server.request('POST', `${gates}${query}`, { body: gate('wrong', spec) });
  expect(status).toBeGreaterThanOrEqual(400);
  return json.message;
}

describe('an object of a custom kind', () => {
  it('gets the defaults of its schema, loses what the schema does not know, and keeps what it preserves', async () => {
    const { status, json } = await server.request('POST', gates, {
      body: gate('full', {
        mode: 'Open',
        note: null,
        host: null,
        colour: 'red',
        extra: { any: { thing: [1, { deep: true }] } },
        doors: [{ name: 'a', odd: 1 }],
        template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, whatever: 1 },
      }),
    });
    expect(status).toBe(201);
    expect(json.metadata).toMatchObject({ generation: 1, namespace: 'default' });
    expect(json.spec).toEqual({
      mode: 'Open',
      note: null,
      replicas: 1,
      extra: { any: { thing: [1, { deep: true }] } },
      doors: [{ name: 'a', side: 'left', width: 90 }],
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, whatever: 1 },
    });
    expect((await server.request('GET', `${gates}/full`)).json).toEqual(json);
  });

  it.each([
    [{ mode: 'Ajar' }, 'spec.mode: Unsupported value: "Ajar": supported values: "Open", "Closed"'],
    [{}, 'spec.mode: Required value'],
    [{ mode: 'Open', host: 1 }, 'spec.host: Invalid value: "integer": spec.host in body must be of type string: "integer"'],
    [{ mode: 'Open', replicas: 11 }, 'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10'],
    [{ mode: 'Open', host: 'A1' }, `spec.host: Invalid value: "A1": spec.host in body should match '^[a-z]+$'`],
    [{ mode: 'Open', host: 'abcdefghi' }, 'spec.host: Too long: may not be more than 8 bytes'],
    [{ mode: 'Open', port: true }, 'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'],
    [{ mode: 'Open', tags: ['a', 'b', 'a'] }, 'spec.tags[2]: Duplicate value: "a"'],
    [{ mode: 'Open', doors: [{ name: 'a' }, { name: 'a', side: 'left' }] }, 'spec.doors[1]: Duplicate value: {"name":"a","side":"left"}'],
    [{ mode: 'Open', template: { kind: 'Pod' } }, 'spec.template.apiVersion: Required value'],
  ])('with %j is refused in the words of the real server', async (spec, words) => {
    expect(await refusal(spec)).toBe(`Gate.test.example.com "wrong" is invalid: ${words}`);
  });

  it('with unknown fields is refused, warned about or taken, as the client asks', async () => {
    const spec = { mode: 'Open', colour: 'red', doors: [{ name: 'a', odd: 1 }] };
    const words = 'unknown field "spec.colour", unknown field "spec.doors[0].odd"';
    expect(await refusal(spec, '?fieldValidation=Strict')).toContain(`strict decoding error: ${words}`);
    const warned = await server.request('POST', `${gates}?dryRun=All`, { body: gate('warned', spec) });
    expect(warned.headers['warning']).toBe('299 - "unknown field \\"spec.colour\\"", 299 - "unknown field \\"spec.doors[0].odd\\""');
    const ignored = await server.request('POST', `${gates}?dryRun=All&fieldValidation=Ignore`, { body: gate('ignored', spec) });
    expect(ignored.headers['warning']).toBeUndefined();
  });

  it('takes server-side apply, by the list types of its schema', async () => {
    const apply = (manager: string, spec: Readonly<Record<string, unknown>>) =>
      server.request('PATCH', `${gates}/applied?fieldManager=${manager}`, {
        body: gate('applied', spec),
        headers: { 'content-type': 'application/apply-patch+yaml' },
      });
    expect((await apply('one', { mode: 'Open', tags: ['x'], doors: [{ name: 'a', width: 80 }] })).status).toBe(201);
    const both = await apply('two', { mode: 'Open', tags: ['y'], doors: [{ name: 'b' }] });
    expect(both.json.spec).toMatchObject({
      tags: ['x', 'y'],
      doors: [
        { name: 'a', side: 'left', width: 80 },
        { name: 'b', side: 'left', width: 90 },
      ],
    });
    const conflict = await apply('two', { mode: 'Closed', doors: [{ name: 'a', side: 'left', width: 70 }] });
    expect(conflict.status).toBe(409);
    expect(conflict.json.message).toContain('.spec.doors[name="a",side="left"].width');
    const less = await apply('one', { mode: 'Open' });
    expect(less.json.spec).toMatchObject({ tags: ['y'], doors: [{ name: 'b' }] });
  });

  it('has its status and its scale as subresources', async () => {
    await server.request('POST', gates, { body: { ...gate('scaled', { mode: 'Open' }), status: { phase: 'Lost' } } });
    const change = { ...gate('scaled', { mode: 'Closed' }), status: { phase: 'Ready', replicas: 1, selector: 'a=b' } };
    const blind = await server.request('PUT', `${gates}/scaled/status`, { body: change });
    expect(blind.json.message).toContain('metadata.resourceVersion: Invalid value: 0: must be specified for an update');
    const { resourceVersion } = (await server.request('GET', `${gates}/scaled`)).json.metadata;
    const put = await server.request('PUT', `${gates}/scaled/status`, {
      body: { ...change, metadata: { name: 'scaled', resourceVersion } },
    });
    expect(put.json).toMatchObject({ spec: { mode: 'Open' }, status: { phase: 'Ready' }, metadata: { generation: 1 } });
    const wrong = await server.request('PATCH', `${gates}/scaled/status`, {
      body: { status: { phase: 1 } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(wrong.json.message).toContain('status.phase: Invalid value: "integer": phase in body must be of type string: "integer"');
    const scaled = await server.request('PATCH', `${gates}/scaled/scale`, {
      body: { spec: { replicas: 3 } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(scaled.json).toMatchObject({ kind: 'Scale', spec: { replicas: 3 }, status: { replicas: 1, selector: 'a=b' } });
    const after = await server.request('GET', `${gates}/scaled`);
    expect(after.json).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 2 } });
  });

  it('is found by the fields that its definition makes selectable', async () => {
    await server.request('POST', gates, { body: gate('shut', { mode: 'Closed' }) });
    const { json } = await server.request('GET', `${gates}?fieldSelector=spec.mode%3DClosed`);
    expect(json.items.map((item) => item.metadata.name)).toEqual(['shut']);
    const other = await server.request('GET', `${gates}?fieldSelector=spec.host%3Dx`);
    expect(other.json).toMatchObject({ code: 400, message: 'field label not supported: spec.host' });
  });

  it('is shown in the columns of its definition', async () => {
    await server.request('POST', gates, {
      body: gate('shown', {
        mode: 'Open',
        doors: [
          { name: 'r', side: 'right' },
          { name: 'l', width: 5 },
        ],
      }),
    });
    const { json } = await server.request('GET', `${gates}/shown`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect(json.columnDefinitions.map(({ name, priority }: { name: string; priority: number }) => [name, priority])).toEqual([
      ['Name', 0],
      ['Mode', 0],
      ['Replicas', 1],
      ['Left', 0],
    ]);
    expect(json.rows[0]?.cells).toEqual(['shown', 'Open', 1, 5]);
  });

  it('takes no strategic merge patch', async () => {
    await server.request('POST', gates, { body: gate('patched', { mode: 'Open' }) });
    const patch = (type: string) =>
      server.request('PATCH', `${gates}/patched`, { body: { spec: { mode: 'Closed' } }, headers: { 'content-type': type } });
    expect((await patch('application/strategic-merge-patch+json')).status).toBe(415);
    expect((await patch('application/merge-patch+json')).json.spec).toMatchObject({ mode: 'Closed' });
  });
});
