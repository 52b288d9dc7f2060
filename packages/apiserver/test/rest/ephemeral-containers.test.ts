import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pod } from '../support/objects.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

const pods = '/api/v1/namespaces/default/pods';
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const add = (name: string, containers: readonly unknown[], more: Record<string, unknown> = {}): ReturnType<TestServer['request']> =>
  server.request('PATCH', `${pods}/${name}/ephemeralcontainers`, {
    body: { ...more, spec: { ephemeralContainers: containers } },
    headers: strategic,
  });

describe('ephemeral containers', () => {
  it('are added through their subresource, which changes nothing else', async () => {
    await server.request('POST', pods, { body: pod('target') });
    const first = await add('target', [{ name: 'tool', image: 'agnhost', targetContainerName: 'c' }], { metadata: { labels: { a: 'b' } } });
    expect(first.status, first.text).toBe(200);
    expect(first.json.spec.ephemeralContainers).toMatchObject([
      { name: 'tool', image: 'agnhost', targetContainerName: 'c', terminationMessagePath: '/dev/termination-log' },
    ]);
    expect(first.json.metadata.labels).toBeUndefined();
    expect(first.json.metadata.generation).toBe(2);
    const second = await add('target', [{ name: 'more', image: 'agnhost' }]);
    expect(second.json.spec.ephemeralContainers.map(({ name }: { name: string }) => name).sort()).toEqual(['more', 'tool']);
  });

  it.each([
    ['a name that is taken', [{ name: 'c', image: 'x' }], 'spec.ephemeralContainers[0].name: Duplicate value: "c"'],
    ['no image', [{ name: 'e' }], 'spec.ephemeralContainers[0].image: Required value'],
    [
      'ports',
      [{ name: 'e', image: 'x', ports: [{ containerPort: 80 }] }],
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ],
    [
      'a target that is not there',
      [{ name: 'e', image: 'x', targetContainerName: 'none' }],
      'spec.ephemeralContainers[0].targetContainerName: Not found: "none"',
    ],
  ])('are refused with %s', async (_name, containers, message) => {
    await server.request('POST', pods, { body: pod('strict') });
    const answer = await add('strict', containers);
    expect(answer.status).toBe(422);
    expect(answer.json.message).toContain(message);
  });

  it('that are there stay as they are', async () => {
    await server.request('POST', pods, { body: pod('kept') });
    await add('kept', [{ name: 'tool', image: 'one' }]);
    expect((await add('kept', [{ name: 'tool', image: 'two' }])).json.message).toContain(
      'existing ephemeral containers "tool" may not be changed',
    );
    const emptied = await server.request('PATCH', `${pods}/kept/ephemeralcontainers`, {
      body: { spec: { ephemeralContainers: [] } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(emptied.json.message).toContain('existing ephemeral containers "tool" may not be removed');
  });

  it('cannot be set by way of the pod', async () => {
    await server.request('POST', pods, { body: pod('plain') });
    const answer = await server.request('PATCH', `${pods}/plain`, {
      body: { spec: { ephemeralContainers: [{ name: 'tool', image: 'one' }] } },
      headers: strategic,
    });
    expect(answer.status).toBe(422);
  });
});
