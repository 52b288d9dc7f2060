/**
 * Many pods on one machine: all of them start and answer, and what is deleted leaves nothing, on a
 * cluster that goes on running. `npm run bench:pods` is the same with 500.
 */
import { inventoryDifference, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';
import { PodCrowd } from './support/pod-crowd.ts';

const nodes = 2;
const pods = 36;

let lab: LabCluster;
let crowd: PodCrowd;
beforeAll(async () => {
  lab = await LabCluster.up({ nodes });
  crowd = await PodCrowd.open(lab.env['KUBECONFIG'] ?? '');
});
afterAll(async () => {
  await crowd?.close();
  await lab?.down();
});

/** Pods with processes, mounts and control groups of their own: two run a program, one gets its sandbox by exec. */
async function makeSandboxes(): Promise<void> {
  for (const name of ['sleeper-1', 'sleeper-2']) {
    await lab.kubectlOutput(`run ${name} --image=agnhost:2.33 --command -- sleep infinity`);
  }
  await lab.kubectlOutput('run entered --image=agnhost:2.33 -- pause');
  await lab.kubectlOutput('wait --for=condition=Ready pod/sleeper-1 pod/sleeper-2 pod/entered --timeout=60s');
  await lab.kubectlOutput('exec entered -- sh -c true');
}

const policy = JSON.stringify({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'inside', namespace: 'crowd' },
  spec: { podSelector: { matchLabels: { app: 'crowd' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] },
});

/** Fills the cluster with `count` built-in pods, sandboxes, a service and a policy; gives what empties it again. */
async function fill(count: number): Promise<() => Promise<void>> {
  await lab.kubectlOutput('apply -f -', policy);
  await crowd.create(count);
  await crowd.running(count);
  await lab.kubectlOutput('expose deployment crowd -n crowd --port=80 --target-port=8080');
  await makeSandboxes();
  return async () => {
    await lab.kubectlOutput('delete service crowd -n crowd');
    await lab.kubectlOutput('delete networkpolicy inside -n crowd');
    await lab.kubectlOutput('delete pod sleeper-1 sleeper-2 entered --grace-period=1');
    await crowd.remove();
  };
}

describe('many pods on one machine', () => {
  it('start, answer, and leave no namespace, interface, route, rule, mount, file or process when they are deleted', async () => {
    // Once before: a node that has had a pod, a policy and a sandbox keeps the files in which it notes such things.
    await (await fill(2 * nodes))();
    const before = await lab.inventory();

    const empty = await fill(pods);
    expect(await crowd.silent(`weir-${lab.name}-vnet`)).toEqual([]);
    expect(await crowd.failures()).toEqual([]);
    const full = await lab.inventory();
    // Nothing of this is compared in vain: each kind grows with the pods.
    const count = (lines: readonly string[], kind: string): number => lines.filter((line) => line.startsWith(`${kind} `)).length;
    for (const kind of ['netns', 'link', 'address', 'rule', 'route', 'neighbour', 'nft', 'mount', 'cgroup', 'file', 'process']) {
      expect(count(full, kind), kind).toBeGreaterThan(count(before, kind));
    }

    await empty();
    await expect.poll(async () => inventoryDifference(before, await lab.inventory()), { timeout: 60_000, interval: 500 }).toEqual([]);
  }, 300_000);
});

describe('the probed matrix', () => {
  it('asks again before it calls a lost packet a difference', async () => {
    await crowd.create(2);
    await crowd.running(2);
    // Exactly one packet is lost on the way to each pod: the first that opens a connection.
    for (const node of ['node1', 'node2']) {
      const rules =
        'add table ip lossy; add chain ip lossy c { type filter hook forward priority -300; }; add rule ip lossy c tcp dport 8080 quota until 100 bytes drop';
      expect(await runProgram('ip', ['netns', 'exec', lab.nodeNetns(node), 'nft', rules])).toMatchObject({ code: 0 });
    }
    const options = ['--namespace', 'crowd', '--port', '8080', '--timeout-ms', '500', '-o', 'json'];
    const { code, stdout, stderr } = await lab.weir(['matrix', '--probe', '--name', lab.name, ...options]);
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, differences: 0 });
    expect(stderr).toMatch(/trying [12] again that got no answer/);
  });
});
