import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject, Pod } from '@weir/kube';
import { afterEach, describe, expect, it } from 'vitest';
import { TestServer } from '../support/test-server.ts';

let server: TestServer | undefined;
afterEach(() => server?.dispose());

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'full' },
  spec: { nodeName: 'n', terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'i' }] },
  status: { phase: 'Running', podIP: '10.232.0.1' },
});

function* initialObjects(): Iterable<KubeObject> {
  yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'full' } };
  yield pod('a');
  yield pod('b');
}

function* crowd(count: number): Iterable<KubeObject> {
  yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'full' } };
  for (let i = 0; i < count; i++) yield pod(`p${i}`);
}

const pods = '/api/v1/namespaces/full/pods';

describe('the objects that a store begins with', () => {
  it('are defaulted and validated like others, and carry their status', async () => {
    server = await TestServer.start({ initialObjects });
    const { json } = await server.request('GET', `${pods}/a`);
    expect(json).toMatchObject({
      metadata: { generation: 1 },
      spec: { restartPolicy: 'Always', serviceAccountName: 'default' },
      status: { phase: 'Running', podIP: '10.232.0.1', qosClass: 'BestEffort' },
    });
    expect((await server.request('GET', '/api/v1/namespaces/full')).json).toMatchObject({
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    const broken = TestServer.start({ initialObjects: () => [{ ...pod('c'), metadata: { name: 'No Name', namespace: 'default' } }] });
    await expect(broken).rejects.toThrow(/No Name/);
  });

  it('do not come back when the server starts again after they were deleted', async () => {
    server = await TestServer.start({ initialObjects });
    await server.request('DELETE', `${pods}/a`);
    await server.close();
    await server.open();
    expect((await server.request('GET', pods)).json.items.map((item) => item.metadata.name)).toEqual(['b']);
  });

  it('are all there after a start that an interrupted one came before', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'weirt-first-'));
    try {
      const interrupted = TestServer.start({
        dataDirectory,
        *initialObjects() {
          yield* crowd(700);
          throw new Error('interrupted');
        },
      });
      await expect(interrupted).rejects.toThrow('interrupted');
      server = await TestServer.start({ dataDirectory, initialObjects: () => crowd(900) });
      expect((await server.request('GET', pods)).json.items).toHaveLength(900);
    } finally {
      await server?.dispose();
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});
