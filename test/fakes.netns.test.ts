/** A cluster that is full of fake objects: what kubectl shows of them, and what a real node makes of them. */
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient, loadKubeconfig, podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ more: ['--fake-nodes', '4', '--fake-pods', '700', '--fake-policies', '60'] });
});
afterAll(async () => {
  await cluster?.down();
});

const allowWeb = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow-web, namespace: default }
spec:
  podSelector: {}
  ingress:
  - from:
    - namespaceSelector: { matchLabels: { weir.local/fake: "true" } }
      podSelector: { matchLabels: { tier: web } }
    ports: [{ port: 80 }]
`;

const allowStorm = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow-storm, namespace: default }
spec:
  podSelector: {}
  ingress:
  - from: [{ namespaceSelector: {}, podSelector: { matchLabels: { storm: "on" } } }]
`;

/** The addresses of the pods that one of the selectors selects. */
async function addressesOf(...selectors: readonly string[]): Promise<string[]> {
  const texts = selectors.map((selector) => cluster.kubectlOutput(`get pods -A -l ${selector} -o jsonpath='{.items[*].status.podIP}'`));
  return (await Promise.all(texts)).flatMap((text) => text.split(' ').filter((address) => address !== '')).sort();
}

/** How many transactions the node's agent has made. */
function transactions(): Promise<number> {
  const socketPath = join(cluster.directory, 'run', cluster.name, 'node1-gate.sock');
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/v1/health' }, (response) => {
      response
        .setEncoding('utf8')
        .toArray()
        .then((chunks: string[]) => resolve((JSON.parse(chunks.join('')) as { transactions: number }).transactions), reject);
    })
      .on('error', reject)
      .end();
  });
}

/** The fake pods' addresses that the kernel of the node knows. */
async function fakeAddressesInKernel(): Promise<Set<string>> {
  const { stdout } = await runProgram('ip', ['netns', 'exec', cluster.nodeNetns('node1'), 'nft', 'list', 'table', 'inet', 'weir'], {});
  return new Set(stdout.match(/\b10\.23[2-5]\.\d+\.\d+\b/g));
}

/** Looks until the kernel knows these addresses and no others of fake pods; gives what it knows in the end. */
async function eventuallyInKernel(wanted: readonly string[]): Promise<string[]> {
  const goal = [...wanted].sort().join();
  for (let attempt = 0; ; attempt++) {
    const found = [...(await fakeAddressesInKernel())].sort();
    if (found.join() === goal || attempt >= 200) return found;
    await sleep(50);
  }
}

describe('fake nodes and pods', () => {
  it('are shown by kubectl, page by page, and counted by weir status', async () => {
    const nodes = await cluster.kubectlOutput('get nodes --no-headers');
    expect(nodes.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual([
      'fake-1 Ready',
      'fake-2 Ready',
      'fake-3 Ready',
      'fake-4 Ready',
      'node1 Ready',
    ]);
    const pods = await cluster.kubectlOutput('get pods -A -l weir.local/fake=true --no-headers --chunk-size=100');
    expect(pods.split('\n')).toHaveLength(700);
    expect(pods.split('\n').every((line) => /\s1\/1\s+Running\s/.test(line))).toBe(true);
    const status = await cluster.weir(['status', '--name', cluster.name, '-o', 'json']);
    expect(JSON.parse(status.stdout)).toMatchObject([
      { state: 'running', fakes: { nodes: 4, pods: 700, policies: 60 }, nodes: [{ name: 'node1', pods: 1 }] },
    ]);
  });

  it('are peers like any other: the rules of a real pod hold the addresses of those that it allows', async () => {
    await cluster.kubectlOutput('run real --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --port=80 -- netexec --http-port=80');
    await cluster.kubectlOutput('wait --for=condition=Ready pod/real --timeout=30s');
    expect(await cluster.kubectlOutput("get pod real -o jsonpath='{.spec.nodeName}'")).toBe('node1');
    expect(await eventuallyInKernel([])).toEqual([]);
    await cluster.kubectlOutput('apply -f -', allowWeb);
    const addresses = await addressesOf('tier=web');
    expect(addresses).toHaveLength(140);
    expect(await eventuallyInKernel(addresses)).toEqual(addresses);
    const gone = await cluster.kubectlOutput(
      "get pods -n fake-1 -l tier=web -o jsonpath='{.items[0].metadata.name} {.items[0].status.podIP}'",
    );
    const [name, address] = gone.split(' ');
    // Nobody has to confirm the end of a pod that has no processes.
    await cluster.kubectlOutput(`delete pod ${name} -n fake-1 --timeout=20s`);
    const others = addresses.filter((each) => each !== address);
    expect(await eventuallyInKernel(others)).toEqual(others);
  });

  it('may all change at once: a storm costs a bounded number of transactions, and ends in the kernel', async () => {
    const client = new KubeClient(await loadKubeconfig(cluster.env['KUBECONFIG'] ?? ''));
    try {
      await cluster.kubectlOutput('apply -f -', allowStorm);
      const { items } = await client.list<Pod>(podsPath(), { labelSelector: 'weir.local/fake=true,tier!=web' });
      const before = await transactions();
      const startedAtMs = performance.now();
      const waiting = [...items];
      const label = async (): Promise<void> => {
        for (let pod = waiting.pop(); pod !== undefined; pod = waiting.pop()) {
          const { namespace, name = '' } = pod.metadata;
          await client.patch(podsPath(namespace), name, { metadata: { labels: { storm: 'on' } } }, { type: 'merge' });
        }
      };
      await Promise.all(Array.from({ length: 16 }, label));
      const stormy = await eventuallyInKernel(await addressesOf('storm=on', 'tier=web'));
      const elapsedMs = performance.now() - startedAtMs;
      expect(stormy.length).toBeGreaterThan(600);
      expect(stormy).toEqual(await addressesOf('storm=on', 'tier=web'));
      // See packages/agent/src/enforcement/transaction-pace.ts.
      expect((await transactions()) - before).toBeLessThanOrEqual(20 + elapsedMs / 10);
    } finally {
      client.close();
    }
  });

  it('take no pod that does not ask for them, and can be deleted with their namespaces', async () => {
    await cluster.kubectlOutput('create deployment spread --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --replicas=4 -- /agnhost pause');
    await cluster.kubectlOutput('rollout status deployment/spread --timeout=30s');
    const places = await cluster.kubectlOutput("get pods -l app=spread -o jsonpath='{.items[*].spec.nodeName}'");
    expect(places).toBe('node1 node1 node1 node1');
    await cluster.kubectlOutput('delete namespace fake-2 --timeout=30s');
    expect(await cluster.kubectlOutput('get pods -n fake-2 -o name')).toBe('');
  });
});
