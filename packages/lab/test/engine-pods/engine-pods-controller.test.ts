/** DaemonSets of engines in a real control plane, whose nodes say by their labels what enforces on them. */
import { daemonSetsPath, isNotFound, nodesPath, podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonSet } from '../../src/controllers/workloads/workload.ts';
import { type ControlPlane, eventually, playKubelet, startControlPlane } from '../support/control-plane.ts';

let plane: ControlPlane;
let stopKubelets: () => Promise<void>;
beforeAll(async () => {
  plane = await startControlPlane();
  stopKubelets = await playKubelet(plane.client, 'kube-system');
});
afterAll(async () => {
  await stopKubelets?.();
  await plane?.stop();
});

/** As the node's own process says it. */
async function say(node: string, engine: string | null, version = 'v1.34.4'): Promise<void> {
  const labels = { 'kubernetes.io/os': 'linux', 'weir.local/engine': engine };
  await plane.client.patch(nodesPath, node, { metadata: { labels } }, { type: 'merge' });
  const status = { nodeInfo: { kubeletVersion: version } };
  await plane.client.patch(nodesPath, node, { status }, { type: 'merge', subresource: 'status' });
}

/** `set image: nodes of its pods`. */
async function engines(): Promise<readonly string[]> {
  const { items: sets } = await plane.client.list<DaemonSet>(daemonSetsPath('kube-system'));
  const { items: pods } = await plane.client.list<Pod>(podsPath('kube-system'));
  return sets.map(({ metadata, spec }) => {
    const own = pods.filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
    const nodes = own.map((pod) => pod.spec?.nodeName ?? '').sort();
    return `${spec?.template?.spec?.containers[0]?.image ?? ''}: ${nodes.join(' ')}`;
  });
}

const npm = 'mcr.microsoft.com/containernetworking/azure-npm:v1.6.34';

describe('the engines of a cluster', () => {
  it('have a pod on each of their nodes, and none of another engine', async () => {
    await say('node1', 'azure');
    await say('node2', 'azure');
    await eventually(async () => expect(await engines()).toEqual([`${npm}: node1 node2`]));
    await say('node1', 'cilium');
    await eventually(async () => expect(await engines()).toEqual([`${npm}: node2`, 'quay.io/cilium/cilium:v1.18.6: node1']));
  });

  it('go when no node has them any more, with their pods', async () => {
    await say('node2', 'cilium');
    await eventually(async () => expect(await engines()).toEqual(['quay.io/cilium/cilium:v1.18.6: node1 node2']));
    await eventually(async () => {
      const { items } = await plane.client.list<Pod>(podsPath('kube-system'), { labelSelector: 'k8s-app=azure-npm' });
      expect(items).toEqual([]);
    });
  });

  it('get the image of the newest nodes', async () => {
    await say('node1', 'cilium', 'v1.36.1');
    await eventually(async () => expect(await engines()).toEqual(['quay.io/cilium/cilium:v1.18.9: node1 node2']));
  });

  it('come again when somebody deletes their DaemonSet, and go with the engine', async () => {
    const path = daemonSetsPath('kube-system');
    const { uid } = (await plane.client.get<DaemonSet>(path, 'cilium')).metadata;
    await plane.client.delete(path, 'cilium');
    await eventually(async () => expect((await plane.client.get<DaemonSet>(path, 'cilium')).metadata.uid).not.toBe(uid));
    await say('node1', null);
    await say('node2', null);
    await eventually(async () => {
      const gone = await plane.client.get(path, 'cilium').then(
        () => false,
        (error: unknown) => isNotFound(error),
      );
      expect(gone).toBe(true);
    });
    await eventually(async () =>
      expect((await plane.client.list(podsPath('kube-system'), { labelSelector: 'k8s-app=cilium' })).items).toEqual([]),
    );
  });
});
