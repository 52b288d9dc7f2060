/** Nodes that join, are replaced and leave while their cluster runs: what is there is reached and enforced, and nothing stays behind. */

import { listNetns } from '@weir/kernel';
import { type ChangeReport, changeCluster, type NamedNode } from '@weir/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const joining = {
  name: 'aks-pool1-12345678-vmss000000',
  system: 'linux',
  revision: 'first image',
  identity: {
    labels: { agentpool: 'pool1' },
    kubeletVersion: 'v1.34.4',
    taints: [{ key: 'team', value: 'a', effect: 'PreferNoSchedule' }],
  },
} as const;

const first: NamedNode = { name: 'node1', system: 'linux' };
const surge: NamedNode = { ...joining, name: 'aks-pool1-12345678-vmss000001' };

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 1, more: ['--engine', 'azure'] });
  Object.assign(process.env, cluster.env);
});
afterAll(async () => {
  await cluster?.down();
  expect(listNetns().filter((name) => name.includes(cluster.name))).toEqual([]);
});

const kubectl = (line: string, input?: string): Promise<string> => cluster.kubectlOutput(line, input);
const namespaces = (): readonly string[] => listNetns().filter((name) => name.startsWith(`weir-${cluster.name}-`));

/** The first node stays as it is; the pool of the second one is as it is told. */
function become(pool: readonly NamedNode[], more: readonly NamedNode[] = []): Promise<ChangeReport> {
  const pools = [
    { nodes: [first], surge: [], atOnce: 1 },
    { nodes: pool, surge: more, atOnce: 1 },
  ];
  const target = { engine: 'azure', pools, drainMs: 60_000 } as const;
  return changeCluster(cluster.name, target, { command: cluster.command, onProgress: () => undefined });
}

async function run(pod: string, node: string): Promise<string> {
  const overrides = JSON.stringify({ spec: { nodeName: node, terminationGracePeriodSeconds: 0 } });
  await kubectl(`run ${pod} --image=agnhost --labels=app=${pod} --overrides='${overrides}' --command -- /agnhost netexec`);
  await kubectl(`wait --for=condition=Ready pod/${pod} --timeout=60s`);
  return `${await cluster.addressOf('default', pod)}:8080`;
}

it('a node joins with its own name, labels, taints and version, and its pods are reached and protected', async () => {
  await become([joining]);
  expect(await kubectl('get nodes')).toMatch(/^aks-pool1-12345678-vmss000000\s+Ready\s+\S+\s+\S+\s+v1\.34\.4$/m);
  expect(await kubectl("get node -l agentpool=pool1 -o jsonpath='{.items[0].spec.taints[0].key}'")).toBe('team');
  const server = await run('server', joining.name);
  await run('client', 'node1');
  expect(await cluster.connect({ namespace: 'default', pod: 'client' }, server)).toBe('');
  const policy = { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] };
  await kubectl(
    'apply -f -',
    JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' }, spec: policy }),
  );
  await expect.poll(() => cluster.connect({ namespace: 'default', pod: 'client' }, server), { timeout: 20_000 }).toBe('TIMEOUT');
});

it('a node that is replaced has another uid and has booted anew; its bare pods are gone', async () => {
  const identity = (): Promise<string> => kubectl(`get node ${joining.name} -o jsonpath='{.metadata.uid} {.status.nodeInfo.bootID}'`);
  const [before, there] = [await identity(), namespaces()];
  const report = await become([{ ...joining, revision: 'second image' }], [{ ...surge, revision: 'second image' }]);
  expect(report.nodes.map(({ name, temporary }) => [name, temporary])).toEqual([
    [joining.name, undefined],
    [surge.name, true],
  ]);
  expect(report.nodes[0]?.absentMs).toBeGreaterThan(0);
  const after = await identity();
  for (const [i, part] of before.split(' ').entries()) expect(after.split(' ')[i]).not.toBe(part);
  await expect.poll(async () => (await cluster.kubectl('get pod server')).stderr, { timeout: 30_000 }).toContain('not found');
  expect(namespaces().length).toBeLessThan(there.length);
  const server = await run('server', joining.name);
  await expect.poll(() => cluster.connect({ namespace: 'default', pod: 'client' }, server), { timeout: 20_000 }).toBe('TIMEOUT');
});

it('a node that leaves takes everything with it', async () => {
  await become([]);
  expect(await kubectl('get nodes -o name')).toBe('node/node1');
  expect(namespaces().filter((name) => name.includes('vmss'))).toEqual([]);
  expect((await cluster.weir(['status', '--name', cluster.name])).stdout).not.toContain('vmss');
});
