/** Nodes as an administrator treats them with kubectl: cordon, drain under a disruption budget, uncordon, delete. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 3, more: ['--dual-stack'] });
  await kubectl('apply -f -', manifest(watcherDaemonSet));
  await kubectl('rollout status daemonset/watcher --timeout=60s');
  // Its pods go some time later: other tests run meanwhile.
  expect(await kubectl('delete node node3')).toBe('node "node3" deleted');
  await kubectl('apply -f -', manifest(webDeployment, webBudget));
  await kubectl('rollout status deployment/web --timeout=60s');
});
afterAll(() => cluster?.down());

const kubectl = (line: string, input?: string): Promise<string> => cluster.kubectlOutput(line, input);

/** Retries until the check passes, a minute at most. */
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 200 });

const manifest = (...items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

const template = (labels: object, spec: object = {}): object => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'agnhost:2.45', args: ['netexec'] }], ...spec },
});
const web = { app: 'web' };
const watcher = { app: 'watcher' };
// One on each node, until one of them may take no more.
const spread = {
  topologyKey: 'kubernetes.io/hostname',
  maxSkew: 1,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: web },
};
const webDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { replicas: 2, selector: { matchLabels: web }, template: template(web, { topologySpreadConstraints: [spread] }) },
};
const webBudget = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { minAvailable: 2, selector: { matchLabels: web } },
};
const watcherDaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'watcher' },
  spec: { selector: { matchLabels: watcher }, template: template(watcher) },
};

/** The nodes on which the pods of an application run and are ready, sorted. */
async function nodesOf(app: string): Promise<string> {
  const line = `get pods -l app=${app} -o jsonpath='{range .items[?(@.status.phase=="Running")]}{.spec.nodeName} {end}'`;
  return (await kubectl(line)).split(' ').sort().join(' ');
}

describe('a node', () => {
  it('names its addresses of both families', async () => {
    const path = `{.status.addresses[?(@.type=="InternalIP")].address}`;
    expect(await kubectl(`get node node2 -o jsonpath='${path}'`)).toBe('10.224.0.5 fd00:10:224::5');
  });

  it('that is cordoned takes no new pods, and says so', async () => {
    expect(await kubectl('cordon node1 node2')).toBe('node/node1 cordoned\nnode/node2 cordoned');
    expect(await kubectl('get node node2 --no-headers')).toMatch(/Ready,SchedulingDisabled/);
    await kubectl('run late --image=agnhost:2.45 --labels=app=late -- pause');
    await eventually(async () => {
      expect(await kubectl('get events --field-selector=involvedObject.name=late,reason=FailedScheduling')).toContain(
        '0/2 nodes are available: 2 node(s) were unschedulable.',
      );
    });
    expect(await kubectl('uncordon node1 node2')).toBe('node/node1 uncordoned\nnode/node2 uncordoned');
    await kubectl('wait --for=condition=Ready pod/late --timeout=60s');
    await kubectl('delete pod late --now');
  });

  it('is not drained against a disruption budget', async () => {
    expect(await nodesOf('web')).toBe('node1 node2');
    const { code, stderr } = await cluster.kubectl('drain node2 --ignore-daemonsets --timeout=1s');
    expect(stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    expect(code).not.toBe(0);
    expect(await nodesOf('web')).toBe('node1 node2');
  });

  it('is drained within a disruption budget, and keeps what runs on every node', async () => {
    await kubectl(`patch pdb web --type=merge -p '{"spec":{"minAvailable":1}}'`);
    expect((await cluster.kubectl('drain node2')).stderr).toContain('cannot delete DaemonSet-managed Pods');
    expect(await kubectl('drain node2 --ignore-daemonsets --timeout=60s')).toMatch(/pod\/web-\S+ evicted\nnode\/node2 drained$/);
    await kubectl('rollout status deployment/web --timeout=60s');
    await eventually(async () => expect(await nodesOf('web')).toBe('node1 node1'));
    expect(await nodesOf('watcher')).toMatch(/^node1 node2/);
  });

  it('that is deleted loses its pods and its lease, and stays away until the cluster is brought up again', async () => {
    expect((await cluster.weir(['status', '--name', cluster.name])).stdout).toContain('node3 has not joined, or was deleted with kubectl');
    await eventually(async () => {
      expect(await nodesOf('watcher')).toBe('node1 node2');
      expect(await kubectl('get leases -n kube-node-lease -o name')).not.toContain('node3');
    });
    expect(await kubectl('get nodes -o name')).toBe('node/node1\nnode/node2');
    expect(await kubectl('describe node node1')).toContain('Node node1 event: Registered Node node1 in Controller');
    expect(await kubectl('get events --field-selector=involvedObject.kind=Node')).toContain('Removing Node node3 from Controller');
    const { code } = await cluster.weir(['up', '--name', cluster.name, '--nodes', '3', '--dual-stack']);
    expect(code).toBe(0);
    expect(await kubectl('get nodes -o name')).toBe('node/node1\nnode/node2\nnode/node3');
    await eventually(async () => expect(await nodesOf('watcher')).toBe('node1 node2 node3'));
  });
});
