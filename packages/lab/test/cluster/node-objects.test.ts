/** What is left of a node that leaves, where a set wants a pod on every node: the API server and the set are played here. */
import type { KubeClient, ResourcePath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { deleteNodeObjects } from '../../src/cluster/change/node-objects.ts';

/** One node with one pod. The set replaces a pod that goes while it believes in the node, which it does for a while. */
class PlayedCluster {
  readonly pods = new Set(['pod-0']);
  hasNode = true;
  #made = 1;
  #belief: number;

  readonly #keeps: boolean;

  /** `belief`: how many pods the set replaces after the node has gone. `keeps`: pods that are asked to go and do not. */
  constructor(belief: number, keeps = false) {
    this.#belief = belief;
    this.#keeps = keeps;
  }

  readonly client = {
    list: () => Promise.resolve({ items: [...this.pods].map((name) => podNamed(name)) }),
    delete: ({ resource }: ResourcePath, name: string) => {
      if (resource === 'nodes') this.hasNode = false;
      else if (!this.#keeps) this.#remove(name);
      return Promise.resolve();
    },
  } as unknown as KubeClient;

  #remove(name: string): void {
    this.pods.delete(name);
    if (!this.hasNode && this.#belief-- <= 0) return;
    this.pods.add(`pod-${this.#made++}`);
  }
}

const podNamed = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'kube-system', name, uid: `uid of ${name}` },
});

describe('of a node that leaves', () => {
  it.each([0, 1, 3])('no pod stays, also when %i were replaced after it had gone', async (belief) => {
    const cluster = new PlayedCluster(belief);
    await deleteNodeObjects(cluster.client, ['node']);
    expect([cluster.hasNode, [...cluster.pods]]).toEqual([false, []]);
  });

  it('a pod that is kept by somebody else’s finalizer is not waited for', async () => {
    const cluster = new PlayedCluster(0, true);
    await deleteNodeObjects(cluster.client, ['node']);
    expect([cluster.hasNode, [...cluster.pods]]).toEqual([false, ['pod-0']]);
  });
});
