/**
 * Policies of Cilium and of the cluster's administrators that are suggested from real connections: put in force, they let
 * packets through as they were seen, and drop the others.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';
const waiting = { timeout: 30_000, interval: 100 };
let lab: LabCluster;
let addresses: Readonly<Record<string, string>> = {};

const pod = (name: string, ...command: readonly string[]): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { containers: [{ name: c, image: "${image}", command: [/agnhost, ${command.join(', ')}] }] }
---`;

/** Whether a pod of the shop reaches another one; what else went wrong is told as it is. */
async function reaches(from: string, to: string): Promise<string> {
  const [name = '', port = ''] = to.split(':');
  const said = await lab.connect({ namespace: 'shop', pod: from }, `${addresses[name] ?? ''}:${port}`, '--timeout=1s');
  return said === '' ? 'passes' : said === 'TIMEOUT' ? 'dropped' : said;
}

const seen: readonly (readonly [string, string])[] = [
  ['friend', 'server:8080'],
  ['friend', 'listener:9000'],
  ['server', 'listener:9000'],
];
const unseen: readonly (readonly [string, string])[] = [
  ['stranger', 'server:8080'],
  ['stranger', 'listener:9000'],
  ['listener', 'server:8080'],
  // Another port of somebody who may be spoken to.
  ['friend', 'server:8443'],
];

/** Until the policies before are in force no more; what was tried for it is in the log by then, and behind what is seen next. */
async function untilOpen(): Promise<void> {
  await vi.waitFor(async () => expect(await reaches('stranger', 'server:8080')).toBe('passes'), waiting);
  await vi.waitFor(async () => {
    const { stdout } = await lab.weir([
      'flows',
      '--name',
      lab.name,
      '--from',
      'shop/stranger',
      '--to',
      'shop/server',
      '--verdict',
      'allowed',
    ]);
    expect(stdout).toContain('shop/stranger');
  }, waiting);
}

beforeAll(async () => {
  lab = await LabCluster.up({ more: ['--engine', 'cilium'] });
  await lab.kubectlOutput('create namespace shop');
  const servers = pod('server', 'netexec', '--http-port=8080') + pod('listener', 'netexec', '--http-port=9000');
  await lab.kubectlOutput('apply -f -', servers + pod('friend', 'pause') + pod('stranger', 'netexec', '--http-port=7000'));
  await lab.kubectlOutput('wait -n shop --for=condition=Ready pod --all --timeout=60s');
  addresses = Object.fromEntries(
    await Promise.all(['server', 'listener'].map(async (name) => [name, await lab.addressOf('shop', name)] as const)),
  );
});
afterAll(() => lab?.down());

describe.each([
  { api: 'cilium', kind: 'CiliumNetworkPolicy', plural: 'ciliumnetworkpolicies -n shop', count: 3 },
  // What nobody was seen to do is denied behind what is allowed, by a second policy for each.
  { api: 'cluster-network-policy', kind: 'ClusterNetworkPolicy', plural: 'clusternetworkpolicies', count: 6 },
])('a suggested $kind', ({ api, kind, plural, count }) => {
  it('lets through what was seen, and drops what was not', async () => {
    const since = new Date().toISOString();
    for (const [from, to] of seen) await vi.waitFor(async () => expect(await reaches(from, to)).toBe('passes'), waiting);
    const { code, stdout } = await vi.waitFor(async () => {
      const answer = await lab.weir(['suggest', '--name', lab.name, '--namespace', 'shop', '--since', since, '--api', api]);
      // Both ends of all three, and of nobody else.
      expect(
        answer.stdout
          .match(/# .*connections?, the last at/g)
          ?.map((line) => line.replace(/: \d.*/, ''))
          .sort(),
      ).toEqual(['friend', 'friend', 'listener', 'listener', 'server', 'server'].map((name) => `# shop/${name}`));
      return answer;
    }, waiting);
    expect(code).toBe(0);
    expect(stdout.match(new RegExp(`^kind: ${kind}$`, 'gm'))).toHaveLength(count);
    await lab.kubectlOutput('apply -f -', stdout);
    const said = ([from, to]: readonly [string, string], what: string): string => `${from} → ${to}: ${what}`;
    await vi.waitFor(async () => {
      const found = await Promise.all(unseen.map(async (pair) => said(pair, await reaches(...pair))));
      expect(found).toEqual(unseen.map((pair) => said(pair, 'dropped')));
    }, waiting);
    for (const pair of seen) expect(said(pair, await reaches(...pair))).toBe(said(pair, 'passes'));
    await lab.kubectlOutput(`delete ${plural} --all`);
    await untilOpen();
  });
});
