/** Writes to the Scale of an object: every way of changing it, and whose the number of replicas is afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/answer.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const deployment = (name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
});
const scale = (name: string, replicas: number): object => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name },
  spec: { replicas },
});

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

function patch(path: string, type: string, body: unknown): Promise<TestResponse> {
  return server.request('PATCH', path, { body, headers: { 'content-type': `application/${type}` } });
}

/** Who has the number, as `manager operation apiVersion subresource`. */
function ownersOfReplicas({ metadata }: Answer): string[] {
  const entries = metadata.managedFields as readonly {
    manager: string;
    operation: string;
    apiVersion: string;
    subresource?: string;
    fieldsV1: object;
  }[];
  return entries
    .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:replicas'))
    .map(({ manager, operation, apiVersion, subresource }) => `${manager} ${operation} ${apiVersion} ${subresource ?? ''}`);
}

describe('a Scale', () => {
  it('takes every kind of patch', async () => {
    await server.request('POST', deployments, { body: deployment('d', 1) });
    const replicas = async (type: string, body: unknown): Promise<unknown> => (await patch(`${deployments}/d/scale`, type, body)).json.spec;
    expect(await replicas('merge-patch+json', { spec: { replicas: 2 } })).toEqual({ replicas: 2 });
    expect(await replicas('strategic-merge-patch+json', { spec: { replicas: 3 } })).toEqual({ replicas: 3 });
    expect(await replicas('json-patch+json', [{ op: 'replace', path: '/spec/replicas', value: 4 }])).toEqual({ replicas: 4 });
    const applied = await patch(`${deployments}/d/scale?fieldManager=f&force=true`, 'apply-patch+yaml', scale('d', 5));
    expect([applied.json.kind, applied.json.spec]).toEqual(['Scale', { replicas: 5 }]);
    expect((await server.request('GET', `${deployments}/d`)).json.spec).toMatchObject({ replicas: 5 });
  });

  it('validates fields like any other object', async () => {
    const strict = await patch(`${deployments}/d/scale?fieldValidation=Strict`, 'merge-patch+json', { spec: { foo: 1 } });
    expect(strict.json.message).toContain('strict decoding error: unknown field "spec.foo"');
    const body = { ...scale('d', 1), foo: 1 };
    expect((await server.request('PUT', `${deployments}/d/scale?fieldValidation=Strict`, { body })).json.message).toBe(
      'Scale in version "v1" cannot be handled as a Scale: strict decoding error: unknown field "foo"',
    );
    const applied = await patch(`${deployments}/d/scale?fieldManager=f`, 'apply-patch+yaml', { ...scale('d', 1), foo: 1 });
    expect(applied.json.message).toBe(
      'failed to create typed patch object (default/d; autoscaling/v1, Kind=Scale): .foo: field not declared in schema',
    );
  });

  it('that is applied conflicts with who has set the replicas, in the words of a Scale', async () => {
    await server.request('POST', `${deployments}?fieldManager=creator`, { body: deployment('contested', 1) });
    const path = `${deployments}/contested/scale?fieldManager=scaler`;
    const { status, json } = await patch(path, 'apply-patch+yaml', scale('contested', 2));
    expect(status).toBe(409);
    expect(json.message).toMatch(/^Apply failed with 1 conflict: conflict with "creator" using autoscaling\/v1 at .*: \.spec\.replicas$/);
  });

  it('that is applied by force has the replicas, and nothing else of the object', async () => {
    await patch(`${deployments}/contested/scale?fieldManager=scaler&force=true`, 'apply-patch+yaml', scale('contested', 2));
    const { json } = await server.request('GET', `${deployments}/contested`);
    expect(json.spec).toMatchObject({ replicas: 2 });
    expect(ownersOfReplicas(json)).toEqual(['scaler Apply apps/v1 scale']);
    expect(json.metadata.managedFields.map(({ manager }) => manager)).toEqual(['scaler', 'creator']);
    const again = await patch(`${deployments}/contested?fieldManager=applier`, 'apply-patch+yaml', deployment('contested', 3));
    expect(again.json.message).toContain('conflict with "scaler" with subresource "scale": .spec.replicas');
  });

  it('that is written makes the replicas the writer’s', async () => {
    await server.request('PUT', `${deployments}/contested/scale?fieldManager=writer`, { body: scale('contested', 7) });
    const { json } = await server.request('GET', `${deployments}/contested`);
    expect(ownersOfReplicas(json)).toEqual(['writer Update apps/v1 scale']);
  });

  it('is changed by nobody in a dry run', async () => {
    const applied = await patch(
      `${deployments}/contested/scale?fieldManager=f&force=true&dryRun=All`,
      'apply-patch+yaml',
      scale('contested', 9),
    );
    expect(applied.json.spec).toEqual({ replicas: 9 });
    expect((await server.request('GET', `${deployments}/contested/scale`)).json.spec).toEqual({ replicas: 7 });
  });
});
