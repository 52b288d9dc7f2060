/** What is left of a node that leaves, on a real API server; a set that wants a pod on every node is played. */
import { type KubeClient, nodesPath, podsPath, type ResourcePath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteNodeObjects } from '../../src/cluster/change/node-objects.ts';
import { addNode, type ControlPlane, startControlPlane } from '../support/control-plane.ts';

describe('of a node that leaves', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane?.stop());

  const podOn = async (node: string, name: string, finalizers: readonly string[] = []): Promise<void> => {
    const metadata = { namespace: 'default', name, finalizers };
    const spec = { nodeName: node, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'x:1' }] };
    await plane.client.create<Pod>(podsPath('default'), { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  };
  const left = async (node: string): Promise<readonly (string | undefined)[]> => {
    const pods = await plane.client.list<Pod>(podsPath(), { fieldSelector: `spec.nodeName=${node}` });
    return pods.items.map(({ metadata }) => metadata.name);
  };
  const nodeNames = async (): Promise<readonly (string | undefined)[]> =>
    (await plane.client.list(nodesPath)).items.map(({ metadata }) => metadata.name);

  /** The client, beside a set which replaces so many pods that go: it has not seen yet that the node has gone. */
  const besideSet = (node: string, replaced: number): KubeClient => {
    let count = 0;
    const { client } = plane;
    const beside: Pick<KubeClient, 'list' | 'delete'> = {
      list: (...asked) => client.list(...asked),
      delete: async (path: ResourcePath, ...asked: [string, ...never[]]) => {
        const answer = await client.delete(path, ...asked);
        if (path.resource === 'pods' && count < replaced) await podOn(node, `${node}-again-${count++}`);
        return answer as never;
      },
    };
    return beside as KubeClient;
  };

  it.each([0, 1, 3])('no pod stays, also when %i were replaced after it had gone', async (replaced) => {
    const node = `leaving-${replaced}`;
    await addNode(plane.client, node);
    await podOn(node, `${node}-first`);
    await deleteNodeObjects(besideSet(node, replaced), [node]);
    expect(await left(node)).toEqual([]);
    expect(await nodeNames()).not.toContain(node);
  });

  it('a pod that is kept by somebody else’s finalizer is not waited for', async () => {
    await addNode(plane.client, 'kept');
    await podOn('kept', 'finalized', ['example.com/kept']);
    await deleteNodeObjects(plane.client, ['kept']);
    expect(await left('kept')).toEqual(['finalized']);
    expect(await nodeNames()).not.toContain('kept');
  });
});
