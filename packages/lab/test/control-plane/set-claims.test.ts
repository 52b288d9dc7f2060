/** The claims of stateful sets against the real API server; the test plays the kubelets. */
import { type KubeClient, persistentVolumeClaimsPath, podsPath, statefulSetsPath } from '@weir/client';
import type { KubeObject, PersistentVolumeClaim } from '@weir/kube';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlPlane, eventually, makeNamespace, playKubelet, startControlPlane } from '../support/control-plane.ts';

let plane: ControlPlane;
let client: KubeClient;
const kubelets: (() => Promise<void>)[] = [];

beforeAll(async () => {
  plane = await startControlPlane();
  client = plane.client;
});

afterAll(async () => {
  for (const stop of kubelets) await stop();
  await plane?.stop();
});

async function addSet(namespace: string, persistentVolumeClaimRetentionPolicy: object): Promise<void> {
  await makeNamespace(client, namespace);
  kubelets.push(await playKubelet(client, namespace));
  const set: KubeObject & { readonly spec: object } = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      replicas: 2,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      persistentVolumeClaimRetentionPolicy,
      template: {
        metadata: { labels: { app: 'db' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'c', image: 'agnhost', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        },
      },
      volumeClaimTemplates: [
        { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      ],
    },
  };
  await client.create(statefulSetsPath(namespace), set);
  await eventually(async () => expect(await readyReplicas(namespace)).toBe(2));
}

async function readyReplicas(namespace: string): Promise<number | undefined> {
  type Counted = KubeObject & { readonly status?: { readonly readyReplicas?: number } };
  return (await client.get<Counted>(statefulSetsPath(namespace), 'db')).status?.readyReplicas;
}

async function scale(namespace: string, replicas: number): Promise<void> {
  await client.patch(statefulSetsPath(namespace), 'db', { spec: { replicas } }, { type: 'merge' });
}

async function claims(namespace: string): Promise<readonly PersistentVolumeClaim[]> {
  return (await client.list<PersistentVolumeClaim>(persistentVolumeClaimsPath(namespace))).items;
}

async function claimNames(namespace: string): Promise<readonly (string | undefined)[]> {
  return (await claims(namespace)).map(({ metadata }) => metadata.name).toSorted();
}

async function podCount(namespace: string): Promise<number> {
  return (await client.list(podsPath(namespace))).items.length;
}

it('claims of a set outlive its pods and the set itself, when nothing else is said', async () => {
  await addSet('kept', {});
  // The kubelets that are played here start pods without waiting for their volumes.
  await eventually(async () => expect((await claims('kept')).map(({ status }) => status?.phase)).toEqual(['Bound', 'Bound']));
  const before = await claims('kept');
  await scale('kept', 1);
  await eventually(async () => expect(await podCount('kept')).toBe(1));
  await client.delete(statefulSetsPath('kept'), 'db');
  await eventually(async () => expect(await podCount('kept')).toBe(0));
  const after = await claims('kept');
  expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
  expect(after.map(({ metadata }) => metadata.ownerReferences)).toEqual([undefined, undefined]);
});

it('a claim goes with the pod that is scaled away, not with one that is only replaced, and a later pod gets a new one', async () => {
  await addSet('scaled', { whenScaled: 'Delete' });
  const [, before] = await claims('scaled');
  const { metadata } = await client.get(podsPath('scaled'), 'db-1');
  await client.delete(podsPath('scaled'), 'db-1');
  await eventually(async () => {
    expect((await client.get(podsPath('scaled'), 'db-1')).metadata.uid).not.toBe(metadata.uid);
    expect(await readyReplicas('scaled')).toBe(2);
  });
  expect((await claims('scaled'))[1]?.metadata.uid).toBe(before?.metadata.uid);
  await scale('scaled', 1);
  await eventually(async () => expect(await claimNames('scaled')).toEqual(['data-db-0']));
  await scale('scaled', 2);
  await eventually(async () => expect(await readyReplicas('scaled')).toBe(2));
  expect((await claims('scaled'))[1]?.metadata.uid).not.toBe(before?.metadata.uid);
});

it('claims go with the set when it says so, also when it says so later', async () => {
  await addSet('gone', {});
  const policy = { whenDeleted: 'Delete', whenScaled: 'Retain' };
  await client.patch(statefulSetsPath('gone'), 'db', { spec: { persistentVolumeClaimRetentionPolicy: policy } }, { type: 'merge' });
  await eventually(async () => {
    const owners = (await claims('gone')).map(({ metadata }) => metadata.ownerReferences?.map(({ kind }) => kind));
    expect(owners).toEqual([['StatefulSet'], ['StatefulSet']]);
  });
  await client.delete(statefulSetsPath('gone'), 'db');
  await eventually(async () => expect(await claimNames('gone')).toEqual([]));
});
