/** Scheduler and controllers against the real API server; nodes and kubelets are played by the test. */
import {
  configMapsPath,
  deploymentsPath,
  endpointSlicesPath,
  endpointsPath,
  eventsPath,
  isNotFound,
  type KubeClient,
  namespacesPath,
  nodesPath,
  podsPath,
  type ResourcePath,
  replicaSetsPath,
  serviceAccountsPath,
  servicesPath,
} from '@weir/client';
import type { EndpointSlice, KubeObject, Namespace, Node, Pod, Service } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapCluster } from '../../src/control-plane/bootstrap.ts';
import { usualNetwork } from '../../src/index.ts';
import { type ControlPlane, eventually, makeNamespace, startControlPlane } from '../support/control-plane.ts';

let plane: ControlPlane;
let client: KubeClient;
let authority: string;

beforeAll(async () => {
  plane = await startControlPlane();
  ({ client, authority } = plane);
});

afterAll(async () => {
  await plane?.stop();
});

function pod(name: string, namespace: string, extra: Partial<NonNullable<Pod['spec']>> = {}, labels = {}): Pod {
  const containers = [{ name: 'c', image: 'agnhost', ports: [{ name: 'http', containerPort: 8080 }] }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: { containers, ...extra } };
}

/** What a kubelet would write when the pod runs. */
async function runPod(namespace: string, name: string, ip: string): Promise<void> {
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(podsPath(namespace), name, { status }, { type: 'strategic', subresource: 'status' });
}

describe('a new cluster', () => {
  it('has its namespaces, the service that leads to the API server, and DNS', async () => {
    const names = (await client.list(namespacesPath)).items.map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect((await client.get<Service>(servicesPath('default'), 'kubernetes')).spec?.clusterIP).toBe('10.0.0.1');
    expect((await client.get<Service>(servicesPath('kube-system'), 'kube-dns')).spec?.clusterIP).toBe('10.0.0.10');
    const slice = await client.get<EndpointSlice>(endpointSlicesPath('default'), 'kubernetes');
    expect(slice.endpoints?.[0]?.addresses).toEqual(['10.224.0.1']);
    await eventually(async () => {
      const pods = await client.list<Pod>(podsPath('kube-system'), { labelSelector: 'k8s-app=kube-dns' });
      expect(pods.items.map(({ spec }) => spec?.nodeName)).toEqual([expect.stringMatching(/^node[12]$/)]);
    });
  });

  it('stays as it is when it starts again', async () => {
    await bootstrapCluster(client, usualNetwork(false));
    expect((await client.list(deploymentsPath('kube-system'))).items).toHaveLength(1);
  });
});

describe('a namespace', () => {
  it('is born with a service account and the certificate authority, and gets them again', async () => {
    await makeNamespace(client, 'born');
    await eventually(async () => {
      await client.get(serviceAccountsPath('born'), 'default');
      const map = await client.get<KubeObject & { data?: Record<string, string> }>(configMapsPath('born'), 'kube-root-ca.crt');
      expect(map.data?.['ca.crt']).toBe(authority);
    });
    await client.delete(serviceAccountsPath('born'), 'default');
    await eventually(async () => void (await client.get(serviceAccountsPath('born'), 'default')));
  });

  it('that is deleted takes everything in it along', async () => {
    await makeNamespace(client, 'doomed');
    await client.create(podsPath('doomed'), pod('p', 'doomed', { nodeSelector: { no: 'where' } }));
    await client.create<KubeObject>(configMapsPath('doomed'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm', namespace: 'doomed' },
    });
    await client.delete(namespacesPath, 'doomed');
    await eventually(async () => {
      await expect(client.get(namespacesPath, 'doomed')).rejects.toSatisfy(isNotFound);
    });
    expect((await client.list(podsPath('doomed'))).items).toEqual([]);
  });

  it('that cannot go says what holds it', async () => {
    await makeNamespace(client, 'held');
    const held = { name: 'm', namespace: 'held', finalizers: ['example.com/kept'] };
    await client.create<KubeObject>(configMapsPath('held'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: held });
    await client.delete(namespacesPath, 'held');
    const messages = async (): Promise<(string | undefined)[]> => {
      const { status } = await client.get<Namespace>(namespacesPath, 'held');
      return (status?.conditions ?? []).filter((condition) => condition.status === 'True').map(({ message }) => message);
    };
    await eventually(async () => {
      expect(await messages()).toEqual([
        'Some resources are remaining: configmaps. has 1 resource instances',
        'Some content in the namespace has finalizers remaining: example.com/kept in 1 resource instances',
      ]);
    });
    await client.patch(configMapsPath('held'), 'm', { metadata: { finalizers: null } }, { type: 'merge' });
    await eventually(async () => {
      await expect(client.get(namespacesPath, 'held')).rejects.toSatisfy(isNotFound);
    });
  });
});

describe('the scheduler', () => {
  it('binds pods evenly and tells of it', async () => {
    await makeNamespace(client, 'even');
    for (const name of ['a', 'b', 'c', 'd']) await client.create(podsPath('even'), pod(name, 'even'));
    await eventually(async () => {
      const nodes = (await client.list<Pod>(podsPath('even'))).items.map(({ spec }) => spec?.nodeName);
      expect(nodes.toSorted()).toEqual(['node1', 'node1', 'node2', 'node2']);
    });
    await eventually(async () => {
      const events = await client.list<KubeObject & { message?: string }>(eventsPath('even'));
      expect(events.items.map(({ message }) => message)).toContainEqual(
        expect.stringMatching(/^Successfully assigned even\/a to node[12]$/),
      );
    });
  });

  it('says why a pod fits nowhere, and binds it when a node fits', async () => {
    await makeNamespace(client, 'picky');
    await client.create(podsPath('picky'), pod('p', 'picky', { nodeSelector: { disk: 'ssd' } }));
    await eventually(async () => {
      const { status } = await client.get<Pod>(podsPath('picky'), 'p');
      const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
      expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable' });
      expect(condition?.message).toContain("2 node(s) didn't match Pod's node affinity/selector");
    });
    await client.patch(nodesPath, 'node2', { metadata: { labels: { disk: 'ssd' } } }, { type: 'merge' });
    await eventually(async () => expect((await client.get<Pod>(podsPath('picky'), 'p')).spec?.nodeName).toBe('node2'));
  });

  it('fills no node beyond the pods that it takes, and binds the next one when a place is free', async () => {
    await makeNamespace(client, 'crowded');
    const taint = { key: 'small', effect: 'NoSchedule' };
    await client.create<Node>(nodesPath, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'small' }, spec: { taints: [taint] } });
    const status = { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { pods: '1' } };
    await client.patch(nodesPath, 'small', { status }, { type: 'merge', subresource: 'status' });
    const spec = {
      tolerations: [{ ...taint, operator: 'Exists' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['small'] }] }],
          },
        },
      },
    };
    const nodeOf = async (name: string): Promise<string | undefined> => (await client.get<Pod>(podsPath('crowded'), name)).spec?.nodeName;
    await client.create(podsPath('crowded'), pod('first', 'crowded', spec));
    await eventually(async () => expect(await nodeOf('first')).toBe('small'));
    await client.create(podsPath('crowded'), pod('second', 'crowded', spec));
    await eventually(async () => {
      const condition = (await client.get<Pod>(podsPath('crowded'), 'second')).status?.conditions?.find(
        ({ type }) => type === 'PodScheduled',
      );
      expect(condition?.message).toContain('1 Too many pods');
    });
    await client.delete(podsPath('crowded'), 'first', { gracePeriodSeconds: 0 });
    await eventually(async () => expect(await nodeOf('second')).toBe('small'));
    await client.delete(podsPath('crowded'), 'second', { gracePeriodSeconds: 0 });
    await client.delete(nodesPath, 'small');
  });
});

describe('the endpoints of a service', () => {
  it('follow its pods', async () => {
    await makeNamespace(client, 'ends');
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'ends' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    };
    await client.create(servicesPath('ends'), service);
    await client.create(podsPath('ends'), pod('a', 'ends', {}, { app: 'web' }));
    await runPod('ends', 'a', '10.224.1.77');
    const slices = async (): Promise<readonly EndpointSlice[]> =>
      (await client.list<EndpointSlice>(endpointSlicesPath('ends'), { labelSelector: 'kubernetes.io/service-name=web' })).items;
    await eventually(async () => {
      const all = await slices();
      expect(all.flatMap(({ endpoints = [], ports = [] }) => endpoints.map(({ addresses }) => [addresses[0], ports[0]?.port]))).toEqual([
        ['10.224.1.77', 8080],
      ]);
      expect(await client.get(endpointsPath('ends'), 'web')).toMatchObject({ subsets: [{ addresses: [{ ip: '10.224.1.77' }] }] });
    });
    await client.patch(podsPath('ends'), 'a', { metadata: { labels: { app: 'other' } } }, { type: 'merge' });
    await eventually(async () => expect((await slices()).flatMap(({ endpoints }) => endpoints ?? [])).toEqual([]));
    await client.delete(servicesPath('ends'), 'web');
    await eventually(async () => {
      expect(await slices()).toEqual([]);
      expect((await client.list(endpointsPath('ends'))).items).toEqual([]);
    });
  });
});

describe('what a workload made', () => {
  it('goes although its owner vanished before anybody could see it', async () => {
    await makeNamespace(client, 'orphans');
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'gone', uid: 'never-seen', controller: true };
    const orphan = pod('left', 'orphans');
    await client.create(podsPath('orphans'), { ...orphan, metadata: { ...orphan.metadata, ownerReferences: [owner] } });
    await client.create(podsPath('orphans'), pod('free', 'orphans'));
    const going = async (name: string): Promise<boolean> => {
      try {
        return (await client.get<Pod>(podsPath('orphans'), name)).metadata.deletionTimestamp !== undefined;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    };
    await eventually(async () => expect(await going('left')).toBe(true));
    expect(await going('free')).toBe(false);
  });
});

describe('a deployment', () => {
  it('keeps its pods, rolls out a new template, and takes everything along', async () => {
    await makeNamespace(client, 'deploy');
    const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'agnhost' }] } };
    await client.create<KubeObject & { spec: unknown }>(deploymentsPath('deploy'), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'deploy' },
      spec: { replicas: 2, selector: { matchLabels: { app: 'd' } }, template },
    });
    const pods = async (): Promise<readonly Pod[]> => (await client.list<Pod>(podsPath('deploy'))).items;
    await eventually(async () => expect(await pods()).toHaveLength(2));
    for (const each of await pods()) await runPod('deploy', each.metadata.name ?? '', '10.224.1.88');
    await eventually(async () => {
      expect(await client.get(deploymentsPath('deploy'), 'd')).toMatchObject({ status: { readyReplicas: 2, availableReplicas: 2 } });
    });
    const changed = { spec: { template: { spec: { containers: [{ name: 'c', image: 'agnhost:2' }] } } } };
    await client.patch(deploymentsPath('deploy'), 'd', changed, { type: 'strategic' });
    // What is said of the change is found again in the history.
    await client.patch(
      deploymentsPath('deploy'),
      'd',
      { metadata: { annotations: { 'kubernetes.io/change-cause': 'second' } } },
      { type: 'merge' },
    );
    await eventually(async () => {
      const sets = (await client.list<KubeObject>(replicaSetsPath('deploy'))).items.map(({ metadata }) => metadata.annotations ?? {});
      const causes = sets.map((each) => `${each['deployment.kubernetes.io/revision']} ${each['kubernetes.io/change-cause']}`);
      expect(causes.toSorted()).toEqual(['1 undefined', '2 second']);
    });
    // A quarter of two pods may be too many (one, rounded up), none may be missing.
    await eventually(async () => expect(await pods()).toHaveLength(3));
    await client.patch(deploymentsPath('deploy'), 'd', { spec: { replicas: 0 } }, { type: 'merge' });
    await client.delete(deploymentsPath('deploy'), 'd');
    await eventually(async () => {
      // No kubelet ends bound pods here: they are marked, which is all that the controllers can do.
      expect((await pods()).every(({ metadata }) => metadata.deletionTimestamp !== undefined)).toBe(true);
      expect((await client.list(replicaSetsPath('deploy'))).items).toEqual([]);
    });
  });
});

describe('a resource quota', () => {
  const path = (): ResourcePath => ({ group: '', version: 'v1', resource: 'resourcequotas', namespace: 'measured' });
  const status = async (): Promise<unknown> => (await client.get<KubeObject & { status?: unknown }>(path(), 'q')).status;

  it('says what is used of what it allows, of any kind, and forgets what it no longer limits', async () => {
    await makeNamespace(client, 'measured');
    await client.create(configMapsPath('measured'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'measured' },
    });
    const hard = { pods: '2', 'requests.cpu': '1500m', 'count/configmaps': '9', 'count/leases.coordination.k8s.io': 3 };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace: 'measured' }, spec: { hard } };
    await client.create(path(), quota);
    const asking = { containers: [{ name: 'c', image: 'agnhost', resources: { requests: { cpu: '0.25' } } }] };
    await client.create(podsPath('measured'), pod('a', 'measured', asking));
    const leases: ResourcePath = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases', namespace: 'measured' };
    await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', namespace: 'measured' } });
    await eventually(async () =>
      expect(await status()).toEqual({
        hard: { pods: '2', 'requests.cpu': '1500m', 'count/configmaps': '9', 'count/leases.coordination.k8s.io': '3' },
        // The certificate authority of the namespace is a ConfigMap too.
        used: { pods: '1', 'requests.cpu': '250m', 'count/configmaps': '2', 'count/leases.coordination.k8s.io': '1' },
      }),
    );
    await client.delete(podsPath('measured'), 'a', { gracePeriodSeconds: 0 });
    await client.patch(path(), 'q', { spec: { hard: { 'count/configmaps': null } } }, { type: 'merge' });
    await eventually(async () =>
      expect(await status()).toEqual({
        hard: { pods: '2', 'requests.cpu': '1500m', 'count/leases.coordination.k8s.io': '3' },
        used: { pods: '0', 'requests.cpu': '0', 'count/leases.coordination.k8s.io': '1' },
      }),
    );
  });
});
