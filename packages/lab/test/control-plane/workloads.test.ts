/** The workload controllers against the real API server; the test plays the kubelets. */
import {
  controllerRevisionsPath,
  cronJobsPath,
  daemonSetsPath,
  eventsPath,
  isNotFound,
  jobsPath,
  type KubeClient,
  nodesPath,
  persistentVolumeClaimsPath,
  podDisruptionBudgetsPath,
  podsPath,
  replicaSetsPath,
  statefulSetsPath,
} from '@weir/client';
import type { KubeObject, Pod } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addNode,
  type ControlPlane,
  eventually,
  makeNamespace,
  type PodFate,
  playKubelet,
  startControlPlane,
} from '../support/control-plane.ts';

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

async function namespaceWithKubelet(name: string, fateOf?: (pod: Pod) => PodFate): Promise<void> {
  await makeNamespace(client, name);
  kubelets.push(await playKubelet(client, name, fateOf));
}

const template = (image = 'agnhost', extra = {}) => ({
  metadata: { labels: { app: 'w' } },
  spec: { containers: [{ name: 'c', image }], ...extra },
});

const selector = { matchLabels: { app: 'w' } };

async function podsIn(namespace: string): Promise<readonly Pod[]> {
  const { items } = await client.list<Pod>(podsPath(namespace));
  return items.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}

async function namesIn(namespace: string): Promise<readonly (string | undefined)[]> {
  return (await podsIn(namespace)).map(({ metadata }) => metadata.name);
}

describe('a stateful set', () => {
  const make = (namespace: string, spec = {}): Promise<KubeObject> =>
    client.create<KubeObject & { spec: unknown }>(statefulSetsPath(namespace), {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web', namespace },
      spec: { replicas: 3, serviceName: 'web', selector, template: template(), ...spec },
    });

  it('makes numbered pods one after another, each when the one before is ready', async () => {
    let readyUpTo = -1;
    const isReady = ({ metadata }: Pod): boolean => Number(metadata.name?.slice(4)) <= readyUpTo;
    await namespaceWithKubelet('sts-order', (pod) => (isReady(pod) ? 'ready' : 'unready'));
    await make('sts-order');
    await eventually(async () => expect(await namesIn('sts-order')).toEqual(['web-0']));
    readyUpTo = 2;
    const conditions = [{ type: 'Ready', status: 'True' }];
    await client.patch(podsPath('sts-order'), 'web-0', { status: { conditions } }, { type: 'strategic', subresource: 'status' });
    await eventually(async () => expect(await namesIn('sts-order')).toEqual(['web-0', 'web-1', 'web-2']));
    const [first] = await podsIn('sts-order');
    expect(first?.spec).toMatchObject({ hostname: 'web-0', subdomain: 'web' });
    expect(first?.metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'web-0', 'apps.kubernetes.io/pod-index': '0' });
    await eventually(async () => {
      const set = await client.get(statefulSetsPath('sts-order'), 'web');
      expect(set).toMatchObject({ status: { replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 } });
    });
    await eventually(async () => {
      const { items } = await client.list<KubeObject & { message?: string }>(eventsPath('sts-order'));
      expect(items.map(({ message }) => message)).toContain('create Pod web-0 in StatefulSet web successful');
    });
  });

  it('gives a pod that is deleted its name again, and removes the last ones first', async () => {
    await namespaceWithKubelet('sts-scale');
    await make('sts-scale', { podManagementPolicy: 'Parallel' });
    await eventually(async () => expect(await namesIn('sts-scale')).toEqual(['web-0', 'web-1', 'web-2']));
    const uidOf = async (name: string): Promise<string | undefined> => (await client.get<Pod>(podsPath('sts-scale'), name)).metadata.uid;
    const before = await uidOf('web-1');
    await client.delete(podsPath('sts-scale'), 'web-1');
    await eventually(async () => expect(await uidOf('web-1')).not.toBe(before));
    await client.patch(statefulSetsPath('sts-scale'), 'web', { spec: { replicas: 1 } }, { type: 'merge', subresource: 'scale' });
    await eventually(async () => expect(await namesIn('sts-scale')).toEqual(['web-0']));
  });

  it('rolls a new template out from the last pod down to the partition, and back', async () => {
    await namespaceWithKubelet('sts-roll');
    await make('sts-roll', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    await eventually(async () =>
      expect(await client.get(statefulSetsPath('sts-roll'), 'web')).toMatchObject({ status: { readyReplicas: 3 } }),
    );
    const images = async (): Promise<readonly unknown[]> => (await podsIn('sts-roll')).map(({ spec }) => spec?.containers[0]?.image);
    await client.patch(statefulSetsPath('sts-roll'), 'web', { spec: { template: template('agnhost:2') } }, { type: 'merge' });
    await eventually(async () => expect(await images()).toEqual(['agnhost', 'agnhost', 'agnhost:2']));
    const partition = { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } };
    await client.patch(statefulSetsPath('sts-roll'), 'web', partition, { type: 'merge' });
    await eventually(async () => expect(await images()).toEqual(['agnhost:2', 'agnhost:2', 'agnhost:2']));
    await eventually(async () => {
      const { status } = await client.get<KubeObject & { status: Record<string, string> }>(statefulSetsPath('sts-roll'), 'web');
      expect(status['currentRevision']).toBe(status['updateRevision']);
    });
    expect((await client.list(controllerRevisionsPath('sts-roll'))).items).toHaveLength(2);
    await client.patch(statefulSetsPath('sts-roll'), 'web', { spec: { template: template() } }, { type: 'merge' });
    await eventually(async () => expect(await images()).toEqual(['agnhost', 'agnhost', 'agnhost']));
    expect((await client.list(controllerRevisionsPath('sts-roll'))).items).toHaveLength(2);
  });

  it('makes a claim for each pod, which outlives it', async () => {
    await namespaceWithKubelet('sts-claims');
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
    await make('sts-claims', { replicas: 1, volumeClaimTemplates: [claim] });
    await eventually(async () => {
      const [pod] = await podsIn('sts-claims');
      expect(pod?.spec?.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } });
    });
    await client.delete(statefulSetsPath('sts-claims'), 'web');
    await eventually(async () => expect(await podsIn('sts-claims')).toEqual([]));
    expect((await client.list(persistentVolumeClaimsPath('sts-claims'))).items.map(({ metadata }) => metadata.name)).toEqual([
      'data-web-0',
    ]);
  });
});

describe('a daemon set', () => {
  it('runs one pod on every node that fits, cordoned ones included, and follows nodes as they come and change', async () => {
    await namespaceWithKubelet('daemons');
    await client.patch(nodesPath, 'node2', { spec: { unschedulable: true } }, { type: 'merge' });
    await client.create<KubeObject & { spec: unknown }>(daemonSetsPath('daemons'), {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'd', namespace: 'daemons' },
      spec: { selector, template: template() },
    });
    const nodes = async (): Promise<readonly unknown[]> => (await podsIn('daemons')).map(({ spec }) => spec?.nodeName).toSorted();
    await eventually(async () => expect(await nodes()).toEqual(['node1', 'node2']));
    await client.patch(nodesPath, 'node2', { spec: { unschedulable: null } }, { type: 'merge' });
    await addNode(client, 'node3');
    await eventually(async () => expect(await nodes()).toEqual(['node1', 'node2', 'node3']));
    await eventually(async () => {
      const set = await client.get(daemonSetsPath('daemons'), 'd');
      expect(set).toMatchObject({ status: { desiredNumberScheduled: 3, numberReady: 3, numberAvailable: 3, updatedNumberScheduled: 3 } });
    });
    const images = async (): Promise<readonly unknown[]> => (await podsIn('daemons')).map(({ spec }) => spec?.containers[0]?.image);
    await client.patch(daemonSetsPath('daemons'), 'd', { spec: { template: template('agnhost:2') } }, { type: 'merge' });
    await eventually(async () => expect(await images()).toEqual(['agnhost:2', 'agnhost:2', 'agnhost:2']));
    await client.patch(nodesPath, 'node3', { spec: { taints: [{ key: 'gone', effect: 'NoExecute' }] } }, { type: 'merge' });
    await eventually(async () => expect(await nodes()).toEqual(['node1', 'node2']));
    await client.delete(nodesPath, 'node3');
  });
});

describe('a job', () => {
  const make = (namespace: string, spec = {}): Promise<KubeObject> =>
    client.create<KubeObject & { spec: unknown }>(jobsPath(namespace), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace },
      spec: { template: { spec: { containers: [{ name: 'c', image: 'agnhost' }], restartPolicy: 'Never' } }, ...spec },
    });
  const conditionsOf = async (namespace: string): Promise<readonly unknown[]> => {
    const job = await client.get<KubeObject & { status?: { conditions?: { type: string; status: string; reason?: string }[] } }>(
      jobsPath(namespace),
      'j',
    );
    return (job.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`);
  };

  it('is complete when as many pods have succeeded as it asks for, so many at a time', async () => {
    await namespaceWithKubelet('job-done', () => 'succeeds');
    await make('job-done', { completions: 4, parallelism: 2 });
    await eventually(async () => expect(await conditionsOf('job-done')).toContain('Complete=True CompletionsReached'));
    expect(await client.get(jobsPath('job-done'), 'j')).toMatchObject({ status: { succeeded: 4, active: 0 } });
    const pods = await podsIn('job-done');
    expect(pods).toHaveLength(4);
    await eventually(async () =>
      expect((await podsIn('job-done')).every(({ metadata }) => (metadata.finalizers ?? []).length === 0)).toBe(true),
    );
  });

  it('with indexes gives each pod a number of its own', async () => {
    await namespaceWithKubelet('job-index', () => 'succeeds');
    await make('job-index', { completions: 3, parallelism: 3, completionMode: 'Indexed' });
    await eventually(async () => expect(await conditionsOf('job-index')).toContain('Complete=True CompletionsReached'));
    expect(await client.get(jobsPath('job-index'), 'j')).toMatchObject({ status: { completedIndexes: '0-2' } });
    const hosts = (await podsIn('job-index')).map(({ spec }) => spec?.hostname).toSorted();
    expect(hosts).toEqual(['j-0', 'j-1', 'j-2']);
  });

  it('has failed when its pods fail more often than it allows', async () => {
    await namespaceWithKubelet('job-fail', () => 'fails');
    await make('job-fail', { backoffLimit: 0 });
    await eventually(async () => expect(await conditionsOf('job-fail')).toContain('Failed=True BackoffLimitExceeded'));
    expect(await client.get(jobsPath('job-fail'), 'j')).toMatchObject({ status: { failed: 1 } });
  });

  it('takes its pods with it when it is deleted before they have ended', async () => {
    await namespaceWithKubelet('job-deleted');
    await make('job-deleted', { parallelism: 2, completions: 2 });
    await eventually(async () => expect(await client.get(jobsPath('job-deleted'), 'j')).toMatchObject({ status: { active: 2, ready: 2 } }));
    await client.delete(jobsPath('job-deleted'), 'j', { propagationPolicy: 'Background' });
    await eventually(async () => expect(await podsIn('job-deleted')).toEqual([]));
  });

  it('that is suspended takes its pods away, and goes on when it is resumed', async () => {
    let fate: PodFate = 'ready';
    await namespaceWithKubelet('job-pause', () => fate);
    await make('job-pause', { suspend: true });
    await eventually(async () => expect(await conditionsOf('job-pause')).toEqual(['Suspended=True JobSuspended']));
    expect(await podsIn('job-pause')).toEqual([]);
    await client.patch(jobsPath('job-pause'), 'j', { spec: { suspend: false } }, { type: 'merge' });
    await eventually(async () => expect(await client.get(jobsPath('job-pause'), 'j')).toMatchObject({ status: { active: 1, ready: 1 } }));
    await client.patch(jobsPath('job-pause'), 'j', { spec: { suspend: true } }, { type: 'merge' });
    await eventually(async () => expect(await podsIn('job-pause')).toEqual([]));
    fate = 'succeeds';
    await client.patch(jobsPath('job-pause'), 'j', { spec: { suspend: false } }, { type: 'merge' });
    await eventually(async () => expect(await conditionsOf('job-pause')).toContain('Complete=True CompletionsReached'));
  });

  it('that took too long ends, and goes after its time to live with its pods', async () => {
    await namespaceWithKubelet('job-late');
    await make('job-late', { activeDeadlineSeconds: 1, ttlSecondsAfterFinished: 0 });
    await eventually(async () => {
      const gone = await client.get(jobsPath('job-late'), 'j').then(() => false, isNotFound);
      expect(gone).toBe(true);
      expect(await podsIn('job-late')).toEqual([]);
    });
  });
});

describe('a cron job', () => {
  it('makes a job when it is due, once, and none while it is suspended', async () => {
    await namespaceWithKubelet('cron', () => 'succeeds');
    const jobTemplate = { spec: { template: { spec: { containers: [{ name: 'c', image: 'agnhost' }], restartPolicy: 'Never' } } } };
    const make = (name: string, spec = {}): Promise<KubeObject> =>
      client.create<KubeObject & { spec: unknown }>(cronJobsPath('cron'), {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name, namespace: 'cron' },
        spec: { schedule: '@every 1s', jobTemplate, ...spec },
      });
    await make('sleeper', { suspend: true });
    await make('tick');
    await eventually(async () => {
      const jobs = (await client.list<KubeObject & { status?: { succeeded?: number } }>(jobsPath('cron'))).items;
      expect(jobs.filter(({ status }) => status?.succeeded === 1)).not.toEqual([]);
      expect(jobs.every(({ metadata }) => metadata.name?.startsWith('tick-'))).toBe(true);
    });
    await eventually(async () => {
      const cron = await client.get<KubeObject & { status?: Record<string, unknown> }>(cronJobsPath('cron'), 'tick');
      expect(cron.status?.['lastScheduleTime']).toBeDefined();
      expect(cron.status?.['lastSuccessfulTime']).toBeDefined();
    });
    await client.delete(cronJobsPath('cron'), 'tick');
    await eventually(async () => expect((await client.list(jobsPath('cron'))).items).toEqual([]));
  });
});

describe('a replica set', () => {
  it('lets a pod go whose labels stop matching, and adopts one that matches', async () => {
    await namespaceWithKubelet('adopt');
    await client.create<Pod>(podsPath('adopt'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'stray', namespace: 'adopt', labels: { app: 'w' } },
      spec: { containers: [{ name: 'c', image: 'agnhost' }] },
    });
    // The controllers share their copy with the scheduler: it knows the pod when it has bound it.
    await eventually(async () => expect((await client.get<Pod>(podsPath('adopt'), 'stray')).spec?.nodeName).toBeDefined());
    await client.create<KubeObject & { spec: unknown }>(replicaSetsPath('adopt'), {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'rs', namespace: 'adopt' },
      spec: { replicas: 2, selector, template: template() },
    });
    const ownersOf = async (name: string): Promise<readonly unknown[]> =>
      ((await client.get<Pod>(podsPath('adopt'), name)).metadata.ownerReferences ?? []).map((owner) => owner.name);
    await eventually(async () => {
      expect(await ownersOf('stray')).toEqual(['rs']);
      expect(await podsIn('adopt')).toHaveLength(2);
    });
    await client.patch(podsPath('adopt'), 'stray', { metadata: { labels: { app: 'quarantine' } } }, { type: 'merge' });
    await eventually(async () => {
      expect(await ownersOf('stray')).toEqual([]);
      expect(await podsIn('adopt')).toHaveLength(3);
    });
  });
});

describe('a taint that drives pods away', () => {
  it('spares pods that tolerate it, and those that tolerate it for a while as long as that lasts', async () => {
    await namespaceWithKubelet('driven');
    await addNode(client, 'driven-node');
    const toleration = { key: 'going', operator: 'Exists', effect: 'NoExecute' };
    const make = (name: string, tolerations: readonly object[]): Promise<KubeObject> =>
      client.create<KubeObject & { spec: unknown }>(podsPath('driven'), {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'driven' },
        spec: { containers: [{ name: 'c', image: 'agnhost' }], nodeSelector: { 'kubernetes.io/hostname': 'driven-node' }, tolerations },
      });
    await make('leaves', []);
    await make('stays', [toleration]);
    await make('lingers', [{ ...toleration, tolerationSeconds: 1 }]);
    await eventually(async () => expect((await podsIn('driven')).every(({ status }) => status?.phase === 'Running')).toBe(true));
    await client.patch(nodesPath, 'driven-node', { spec: { taints: [{ key: 'going', effect: 'NoExecute' }] } }, { type: 'merge' });
    await eventually(async () => expect(await namesIn('driven')).toEqual(['lingers', 'stays']));
    await eventually(async () => expect(await namesIn('driven')).toEqual(['stays']));
    await client.delete(nodesPath, 'driven-node');
  });
});

describe('a pod of a priority class', () => {
  it('gets the number of its class, and makes room for itself', async () => {
    await namespaceWithKubelet('priority');
    await addNode(client, 'small');
    const allocatable = { cpu: '1', pods: '5' };
    await client.patch(nodesPath, 'small', { status: { allocatable } }, { type: 'merge', subresource: 'status' });
    const classes = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };
    await client.create<KubeObject & { value: number }>(classes, {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'urgent' },
      value: 1000,
    });
    const make = (name: string, priorityClassName?: string): Promise<Pod> =>
      client.create<Pod>(podsPath('priority'), {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'priority' },
        spec: {
          containers: [{ name: 'c', image: 'agnhost', resources: { requests: { cpu: '800m' } } }],
          nodeSelector: { 'kubernetes.io/hostname': 'small' },
          terminationGracePeriodSeconds: 1,
          ...(priorityClassName === undefined ? {} : { priorityClassName }),
        },
      });
    await make('humble');
    await eventually(async () => expect((await podsIn('priority'))[0]?.status?.phase).toBe('Running'));
    expect((await make('urgent', 'urgent')).spec?.priority).toBe(1000);
    await eventually(async () => {
      const [only, ...others] = await podsIn('priority');
      expect(others).toEqual([]);
      expect(only?.metadata.name).toBe('urgent');
      expect(only?.spec?.nodeName).toBe('small');
    });
    await expect(make('unknown', 'nobody-knows')).rejects.toMatchObject({ code: 403 });
    await client.delete(nodesPath, 'small');
  });
});

describe('a disruption budget', () => {
  it('says how many pods may go, and an eviction beyond that is refused', async () => {
    // What takes the place of an evicted pod does not become ready.
    let readyLeft = 2;
    await namespaceWithKubelet('budget', () => (readyLeft-- > 0 ? 'ready' : 'unready'));
    await client.create<KubeObject & { spec: unknown }>(podDisruptionBudgetsPath('budget'), {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b', namespace: 'budget' },
      spec: { minAvailable: 1, selector },
    });
    await client.create<KubeObject & { spec: unknown }>(replicaSetsPath('budget'), {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'rs', namespace: 'budget' },
      spec: { replicas: 2, selector, template: template() },
    });
    const allowed = async (): Promise<unknown> =>
      (await client.get<KubeObject & { status?: { disruptionsAllowed?: number } }>(podDisruptionBudgetsPath('budget'), 'b')).status
        ?.disruptionsAllowed;
    await eventually(async () => expect(await allowed()).toBe(1));
    const [first, second] = await podsIn('budget');
    const evict = (pod: Pod | undefined): Promise<unknown> => {
      const name = pod?.metadata.name ?? '';
      const eviction: KubeObject = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'budget' } };
      return client.create(podsPath('budget'), eviction, { name, subresource: 'eviction' });
    };
    await evict(first);
    await expect(evict(second)).rejects.toMatchObject({
      code: 429,
      message: expect.stringContaining("Cannot evict pod as it would violate the pod's disruption budget."),
    });
    await eventually(async () => expect(await allowed()).toBe(0));
  });
});
