/** Claims, volumes and the pods that use them, against the real API server; no node's process runs. */
import { type KubeClient, persistentVolumeClaimsPath, persistentVolumesPath, podsPath, storageClassesPath } from '@weir/client';
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, eventually, makeNamespace, startControlPlane } from '../support/control-plane.ts';

let plane: ControlPlane;
let client: KubeClient;
let namespace = '';
let count = 0;

beforeAll(async () => {
  plane = await startControlPlane();
  client = plane.client;
});

afterAll(() => plane?.stop());

async function freshNamespace(): Promise<void> {
  namespace = `claims-${++count}`;
  await makeNamespace(client, namespace);
}

function addClaim(name: string, spec: PersistentVolumeClaim['spec'] = {}): Promise<PersistentVolumeClaim> {
  const usual = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return client.create<PersistentVolumeClaim>(persistentVolumeClaimsPath(namespace), {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { ...usual, ...spec },
  });
}

function addVolume(name: string, spec: PersistentVolume['spec'] = {}, labels: Record<string, string> = {}): Promise<PersistentVolume> {
  const usual = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/data/${name}` } };
  return client.create<PersistentVolume>(persistentVolumesPath, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels },
    spec: { ...usual, ...spec },
  });
}

function addClass(name: string, fields: Partial<StorageClass> = {}): Promise<StorageClass> {
  return client.create<StorageClass>(storageClassesPath, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'directory.weir.local',
    ...fields,
  });
}

function addPod(name: string, volumes: NonNullable<Pod['spec']>['volumes'], spec: object = {}): Promise<Pod> {
  return client.create<Pod>(podsPath(namespace), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'agnhost' }], volumes: volumes ?? [], ...spec },
  });
}

const uses = (claimName: string) => [{ name: 'data', persistentVolumeClaim: { claimName } }];

function readClaim(name: string): Promise<PersistentVolumeClaim> {
  return client.get<PersistentVolumeClaim>(persistentVolumeClaimsPath(namespace), name);
}

function readVolume(name: string): Promise<PersistentVolume> {
  return client.get<PersistentVolume>(persistentVolumesPath, name);
}

function readPod(name: string): Promise<Pod> {
  return client.get<Pod>(podsPath(namespace), name);
}

async function isGone(read: Promise<KubeObject>): Promise<void> {
  await expect(read).rejects.toMatchObject({ code: 404 });
}

async function eventTexts(name: string): Promise<readonly string[]> {
  type Told = KubeObject & { readonly reason: string; readonly message: string; readonly involvedObject: { readonly name: string } };
  const { items } = await client.list<Told>({ group: '', version: 'v1', resource: 'events', namespace });
  return items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, message }) => `${reason}: ${message}`);
}

async function saysUnschedulable(pod: string, message: string): Promise<void> {
  const condition = (await readPod(pod)).status?.conditions?.find(({ type }) => type === 'PodScheduled');
  expect(condition?.message).toContain(message);
}

describe('a claim of the default class', () => {
  it('waits for the first pod, gets a volume on the node of that pod, and keeps every later pod there', async () => {
    await freshNamespace();
    await addClaim('data');
    await eventually(async () => {
      expect(await eventTexts('data')).toContain('WaitForFirstConsumer: waiting for first consumer to be created before binding');
    });
    await addPod('first', uses('data'), { nodeSelector: { 'kubernetes.io/hostname': 'node2' } });
    await eventually(async () => {
      expect((await readPod('first')).spec?.nodeName).toBe('node2');
    });
    const claim = await readClaim('data');
    expect(claim).toMatchObject({
      metadata: {
        annotations: {
          'volume.kubernetes.io/selected-node': 'node2',
          'volume.kubernetes.io/storage-provisioner': 'directory.weir.local',
          'pv.kubernetes.io/bind-completed': 'yes',
        },
      },
      spec: { storageClassName: 'standard', volumeName: `pvc-${claim.metadata.uid}` },
    });
    await eventually(async () => {
      expect((await readClaim('data')).status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
      expect(await readVolume(claim.spec?.volumeName ?? '')).toMatchObject({
        spec: { csi: { driver: 'directory.weir.local' }, persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'standard' },
        status: { phase: 'Bound' },
      });
    });
    await addPod('later', uses('data'));
    await addPod('elsewhere', uses('data'), { nodeSelector: { 'kubernetes.io/hostname': 'node1' } });
    await eventually(async () => {
      expect((await readPod('later')).spec?.nodeName).toBe('node2');
      await saysUnschedulable(
        'elsewhere',
        "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
      );
    });
  });

  it('that is deleted stays while a pod has it, and takes its volume and its data along', async () => {
    await freshNamespace();
    await addClaim('data');
    await addPod('user', uses('data'));
    await eventually(async () => {
      expect((await readPod('user')).spec?.nodeName).toBeDefined();
    });
    const volumeName = (await readClaim('data')).spec?.volumeName ?? '';
    await client.delete(persistentVolumesPath, volumeName);
    await client.delete(persistentVolumeClaimsPath(namespace), 'data');
    await addPod('late', uses('data'));
    await eventually(() => saysUnschedulable('late', '0/2 nodes are available: persistentvolumeclaim "data" is being deleted.'));
    expect((await readVolume(volumeName)).metadata.deletionTimestamp).toBeDefined();
    expect(plane.removedVolumes).not.toContain(volumeName);
    await client.delete(podsPath(namespace), 'user', { gracePeriodSeconds: 0 });
    await eventually(async () => {
      await isGone(readClaim('data'));
      await isGone(readVolume(volumeName));
    });
    expect(plane.removedVolumes).toContain(volumeName);
    await eventually(() => saysUnschedulable('late', '0/2 nodes are available: persistentvolumeclaim "data" not found.'));
  });

  it('for many nodes, or for a block device, is told why it gets no volume', async () => {
    await freshNamespace();
    await addClass('at-once');
    await addClaim('shared', { storageClassName: 'at-once', accessModes: ['ReadWriteMany'] });
    await addClaim('raw', { storageClassName: 'at-once', volumeMode: 'Block' });
    await addPod('user', uses('shared'));
    const prefix = 'ProvisioningFailed: failed to provision volume with StorageClass "at-once": ';
    await eventually(async () => {
      expect(await eventTexts('shared')).toContain(
        `${prefix}the volumes of the lab belong to one node: access mode ReadWriteMany is not supported`,
      );
      expect(await eventTexts('raw')).toContain(`${prefix}the volumes of the lab are directories, not block devices`);
      await saysUnschedulable('user', '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption:');
    });
  });
});

describe('a claim of a class that binds at once', () => {
  it('has its volume before any pod, which is kept when the class says so', async () => {
    await freshNamespace();
    await addClass('kept', { reclaimPolicy: 'Retain' });
    await addClaim('data', { storageClassName: 'kept' });
    await eventually(async () => {
      expect((await readClaim('data')).status?.phase).toBe('Bound');
    });
    const volumeName = (await readClaim('data')).spec?.volumeName ?? '';
    await client.delete(persistentVolumeClaimsPath(namespace), 'data');
    await eventually(async () => {
      expect((await readVolume(volumeName)).status?.phase).toBe('Released');
    });
    expect(plane.removedVolumes).not.toContain(volumeName);
    await client.delete(persistentVolumesPath, volumeName);
    await eventually(() => isGone(readVolume(volumeName)));
    expect(plane.removedVolumes).not.toContain(volumeName);
  });
});

describe('volumes that people make', () => {
  it('go to claims of their class by size, access mode and labels, the smallest that will do', async () => {
    await freshNamespace();
    const storageClassName = 'by-hand';
    await addVolume('hand-large', { storageClassName, capacity: { storage: '8Gi' } });
    await addVolume('hand-small', { storageClassName, capacity: { storage: '2Gi' } });
    await addVolume('hand-tiny', { storageClassName, capacity: { storage: '500Mi' } });
    await addVolume(
      'hand-red',
      { storageClassName, capacity: { storage: '9Gi' }, accessModes: ['ReadOnlyMany', 'ReadWriteOnce'] },
      { a: 'red' },
    );
    await eventually(async () => {
      for (const name of ['hand-large', 'hand-small', 'hand-tiny', 'hand-red']) {
        expect((await readVolume(name)).status?.phase).toBe('Available');
      }
    });
    await addClaim('small', { storageClassName });
    await addClaim('readers', { storageClassName, accessModes: ['ReadOnlyMany'] });
    await eventually(async () => {
      expect((await readClaim('small')).spec?.volumeName).toBe('hand-small');
      expect((await readClaim('readers')).spec?.volumeName).toBe('hand-red');
    });
    await addClaim('green', { storageClassName, selector: { matchLabels: { a: 'green' } } });
    await eventually(async () => {
      expect(await eventTexts('green')).toContain('ProvisioningFailed: storageclass.storage.k8s.io "by-hand" not found');
    });
    await addVolume('hand-green', { storageClassName }, { a: 'green' });
    await eventually(async () => {
      expect((await readClaim('green')).status?.phase).toBe('Bound');
      expect((await readVolume('hand-green')).spec?.claimRef).toMatchObject({ namespace, name: 'green' });
    });
    expect((await readVolume('hand-large')).status?.phase).toBe('Available');
  });

  it('are for the claim that they or that it names, if it fits', async () => {
    await freshNamespace();
    await addVolume('meant', { storageClassName: 'meant', claimRef: { namespace, name: 'right' } });
    await addVolume('named', { storageClassName: 'meant' });
    await addClaim('wrong', { storageClassName: 'meant', volumeName: 'meant' });
    await addClaim('right', { storageClassName: 'meant' });
    await addClaim('chooser', { storageClassName: 'meant', volumeName: 'named' });
    await addClaim('greedy', { storageClassName: 'meant', volumeName: 'named-small', resources: { requests: { storage: '2Gi' } } });
    await addVolume('named-small', { storageClassName: 'meant' });
    await eventually(async () => {
      expect((await readClaim('right')).spec?.volumeName).toBe('meant');
      expect((await readClaim('chooser')).status?.phase).toBe('Bound');
      expect(await eventTexts('wrong')).toContain('FailedBinding: volume "meant" already bound to a different claim.');
      expect(await eventTexts('greedy')).toContain(
        'VolumeMismatch: Cannot bind to requested volume "named-small": requested PV is too small',
      );
    });
    expect((await readVolume('named')).metadata.annotations ?? {}).toHaveProperty(['pv.kubernetes.io/bound-by-controller'], 'yes');
  });

  it('of a class without a provisioner are chosen with the node, and a claim whose volume has gone is lost', async () => {
    await freshNamespace();
    await addClass('local', { provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' });
    await addClaim('data', { storageClassName: 'local' });
    await addPod('user', uses('data'));
    await eventually(() =>
      saysUnschedulable('user', "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."),
    );
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node2'] }] }];
    await addVolume('local-disk', { storageClassName: 'local', nodeAffinity: { required: { nodeSelectorTerms: terms } } });
    await eventually(async () => {
      expect((await readPod('user')).spec?.nodeName).toBe('node2');
      expect((await readClaim('data')).status?.phase).toBe('Bound');
    });
    await client.patch(persistentVolumesPath, 'local-disk', { metadata: { finalizers: null } }, { type: 'merge' });
    await client.delete(persistentVolumesPath, 'local-disk');
    await addPod('after', uses('data'));
    await eventually(async () => {
      expect((await readClaim('data')).status?.phase).toBe('Lost');
      await saysUnschedulable('after', 'persistentvolumeclaim "data" bound to non-existent persistentvolume "local-disk"');
    });
  });
});

describe('a claim that only one pod may use', () => {
  it('keeps a second pod waiting until the first has gone', async () => {
    await freshNamespace();
    await addClaim('mine', { accessModes: ['ReadWriteOncePod'] });
    await addPod('first', uses('mine'));
    await eventually(async () => {
      expect((await readPod('first')).spec?.nodeName).toBeDefined();
    });
    await addPod('second', uses('mine'));
    await eventually(() =>
      saysUnschedulable('second', 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'),
    );
    await client.delete(podsPath(namespace), 'first', { gracePeriodSeconds: 0 });
    await eventually(async () => {
      expect((await readPod('second')).spec?.nodeName).toBeDefined();
    });
  });
});

describe('an ephemeral volume', () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { made: 'here' } }, spec } } }];

  it('is a claim of the pod, and goes with it', async () => {
    await freshNamespace();
    const pod = await addPod('worker', volumes);
    await eventually(async () => {
      expect((await readPod('worker')).spec?.nodeName).toBeDefined();
    });
    expect((await readClaim('worker-scratch')).metadata).toMatchObject({
      labels: { made: 'here' },
      ownerReferences: [{ kind: 'Pod', name: 'worker', uid: pod.metadata.uid, controller: true }],
    });
    await client.delete(podsPath(namespace), 'worker', { gracePeriodSeconds: 0 });
    await eventually(() => isGone(readClaim('worker-scratch')));
  });

  it('never is a claim that somebody else made', async () => {
    await freshNamespace();
    await addClaim('worker-scratch');
    await addPod('worker', volumes);
    await eventually(async () => {
      expect(await eventTexts('worker')).toContain(
        `FailedBinding: ephemeral volume scratch: PVC ${namespace}/worker-scratch was not created for pod ${namespace}/worker (pod is not owner)`,
      );
    });
    expect((await readPod('worker')).spec?.nodeName).toBeUndefined();
  });
});
