/**
 * Engines that come, go and follow one another in a running cluster, and nodes that are replaced under one engine: what
 * packets get through meanwhile and afterwards, and what is left in the kernel.
 */
import { listNetns } from '@weir/kernel';
import { type ChangeReport, type ClusterTarget, changeCluster, type NamedNode } from '@weir/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesIn } from './support/engine-traces.ts';
import { LabCluster } from './support/lab-cluster.ts';
import { OutsideProber } from './support/outside-prober.ts';

type Engine = ClusterTarget['engine'];

const planes: Readonly<Record<string, readonly string[]>> = { none: [], azure: ['iptables'], calico: ['nftables'], cilium: ['ebpf'] };
/** Generous: seconds, where nothing else runs. */
const limitMs = 300_000;

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2, more: ['--engine', 'azure'] });
  Object.assign(process.env, cluster.env);
  await kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  await kubectl('rollout status deployment/guarded deployment/served --timeout=120s');
});
afterAll(async () => {
  await cluster?.down();
  expect(listNetns().filter((name) => name.includes(cluster.name))).toEqual([]);
});

const kubectl = (line: string, input?: string): Promise<string> => cluster.kubectlOutput(line, input);

const deployment = (name: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'agnhost', command: ['/agnhost', 'netexec', '--http-port=8080'] }],
      },
    },
  },
});
const manifests = [
  deployment('guarded'),
  deployment('served'),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'served' },
    spec: { type: 'LoadBalancer', selector: { app: 'served' }, ports: [{ port: 8080 }] },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'served' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'served' } } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'guarded' },
    spec: { podSelector: { matchLabels: { app: 'guarded' } }, policyTypes: ['Ingress'] },
  },
];

let revision = 0;
/** All nodes are replaced: one after the other with a surge node, or both at once without one. */
function change(engine: Engine, pace: 'one by one' | 'at once', drainMs = limitMs): Promise<ChangeReport> {
  revision++;
  const node = (name: string): NamedNode => ({ name, system: 'linux', revision: `image ${revision}` });
  const nodes = [node('node1'), node('node2')];
  const pool = pace === 'at once' ? { nodes, surge: [], atOnce: 2 } : { nodes, surge: [node('node3')], atOnce: 1 };
  const target = { engine, pools: [pool], drainMs };
  return changeCluster(cluster.name, target, { command: cluster.command, onProgress: () => undefined });
}

function prober(name: string, service?: string): Promise<OutsideProber> {
  const { KUBECONFIG: kubeconfig = '' } = cluster.env;
  const options = { cluster: cluster.name, kubeconfig, guarded: 'guarded', port: 8080, ...(service === undefined ? {} : { service }) };
  return OutsideProber.begin(options, { name, address: `203.0.113.${revision + 1}` });
}

describe('nodes that are replaced under the same engine', () => {
  it(
    'are never without it: no packet gets to a pod that it may not reach, and a service of two pods goes on',
    async () => {
      const service = await kubectl("get service served -o jsonpath='{.status.loadBalancer.ingress[0].ip}'");
      const watching = await prober('a', service);
      await expect.poll(() => watching.isAnswered(service), { timeout: 30_000 }).toBe(true);
      const uids = await kubectl("get nodes -o jsonpath='{.items[*].metadata.uid}'");
      const report = await change('azure', 'one by one');
      await kubectl('rollout status deployment/guarded deployment/served --timeout=120s');
      const seen = await watching.stop();
      expect(seen).toMatchObject({ leaks: [] });
      expect(seen.denied).toBeGreaterThan(0);
      // Those of before, and those that took their place on new nodes.
      expect(seen.pods).toBeGreaterThan(2);
      expect(seen.answers).toBeGreaterThan(0);
      expect(report.unprotectedMs).toBeUndefined();
      expect(report.services.map(({ name }) => name)).not.toContain('served');
      expect(report.nodes.map(({ name, temporary }) => [name, temporary === true])).toEqual([
        ['node1', false],
        ['node2', false],
        ['node3', true],
      ]);
      for (const uid of (await kubectl("get nodes -o jsonpath='{.items[*].metadata.uid}'")).split(' ')) expect(uids).not.toContain(uid);
    },
    limitMs,
  );
});

describe('a disruption budget that never lets a pod go', () => {
  const apps = ['guarded', 'served'];
  const budget = { minAvailable: '100%', selector: { matchExpressions: [{ key: 'app', operator: 'In', values: apps }] } };
  const pods = (): Promise<string> => kubectl("get pods -l app -o jsonpath='{.items[*].metadata.uid}'");

  it(
    'ends a change of the engine when the drain has lasted as long as it may: the pods stay, under the engine that they had',
    async () => {
      // The other one is of no use below, either: both nodes at once leave no place where the other pod could be ready.
      await kubectl('delete poddisruptionbudget served');
      await kubectl(
        'apply -f -',
        JSON.stringify({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'strict' }, spec: budget }),
      );
      const before = await pods();
      const watching = await prober('strict');
      await expect(change('none', 'one by one', 3_000)).rejects.toThrow(
        /Drain of node\d did not complete: .*pod default\/(guarded|served)-\S+ on node node\d: .*disruption budget strict/,
      );
      expect(await pods()).toBe(before);
      for (const node of ['node1', 'node2']) expect(await enginesIn(cluster.nodeNetns(node)), node).toEqual(planes['azure']);
      const unschedulable = "get nodes -o jsonpath='{.items[*].spec.unschedulable}'";
      expect(await kubectl(unschedulable)).toBe('');
      const seen = await watching.stop();
      expect(seen).toMatchObject({ leaks: [] });
      expect(seen.denied).toBeGreaterThan(0);
      const events = await kubectl("get events --field-selector reason=Drain -o jsonpath='{.items[*].message}'");
      expect(events).toContain('Eviction blocked by Too Many Requests (usually a pdb): ');
    },
    limitMs,
  );
  // The same change goes through then, which is the first of those below.
  afterAll(() => kubectl('delete poddisruptionbudget strict'));
});

describe('an engine in a running cluster', () => {
  const steps = [
    ['azure', 'none'],
    ['none', 'calico'],
    ['calico', 'none'],
    ['none', 'azure'],
    ['azure', 'cilium'],
    ['cilium', 'calico'],
    ['calico', 'cilium'],
  ] as const;
  it.each(steps)(
    '%s → %s: policies are enforced by the new one alone, and the old one leaves nothing',
    async (from, to) => {
      const report = await change(to, from === 'azure' && to === 'cilium' ? 'one by one' : 'at once');
      expect(report.engineChange).toEqual({ from, to });
      expect(await kubectl('get networkpolicies -o name')).toBe('networkpolicy.networking.k8s.io/guarded');
      await kubectl('rollout status deployment/guarded deployment/served --timeout=120s');
      const watching = await prober(`${from}-${to}`);
      const addresses = await kubectl("get pods -l app=guarded -o jsonpath='{.items[*].status.podIP}'");
      const served = await kubectl("get pods -l app=served -o jsonpath='{.items[*].status.podIP}'");
      for (const address of served.split(' ')) await expect.poll(() => watching.isAnswered(address), { timeout: 30_000 }).toBe(true);
      for (const address of addresses.split(' ')) expect(await watching.isAnswered(address), address).toBe(to === 'none');
      await watching.stop();
      for (const node of ['node1', 'node2']) expect(await enginesIn(cluster.nodeNetns(node)), node).toEqual(planes[to]);
      if (to === 'none') expect(report.unprotectedMs).toBeUndefined();
      else expect(report.unprotectedMs).toBeGreaterThanOrEqual(0);
      const events = await kubectl("get events --field-selector reason=NetworkPolicyEngine -o jsonpath='{.items[*].message}'");
      if (to !== 'none') expect(events).toContain(`Network policies are enforced by ${to}; pods of the node were unprotected for `);
    },
    limitMs,
  );
});
