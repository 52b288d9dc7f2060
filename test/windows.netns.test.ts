/** A cluster with a Windows node: its agent enforces through documents of HNS, on real packets. */
import { join } from 'node:path';
import { openSocketHnsDoor } from '@weir/dataplane';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const patienceMs = 30_000;

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ more: ['--windows-nodes', '1'] });
});
afterAll(async () => {
  await cluster?.down();
});

function pod(name: string, os: 'linux' | 'windows', command: readonly string[]): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'demo', labels: { app: name } },
    spec: {
      nodeSelector: { 'kubernetes.io/os': os },
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'k8s.gcr.io/e2e-test-images/agnhost:2.33', command }],
    },
  });
}

function policy(name: string, ingress: unknown): string {
  return JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'demo' },
    spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'], ingress },
  });
}

/** What the program at that path prints when it connects to the server. */
async function connect(from: string, path = '/agnhost', port = 80): Promise<string> {
  const target = `${await cluster.addressOf('demo', 'server')}:${port}`;
  const { stdout, stderr } = await cluster.kubectl(`exec ${from} -n demo -- '${path}' connect ${target} --timeout=1s --protocol=tcp`);
  return `${stdout}${stderr}`.replace(/^command terminated with exit code \d+$/m, '').trim();
}

async function becomes(from: string, wanted: '' | 'TIMEOUT'): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let last = await connect(from);
  while (last !== wanted && Date.now() < deadline) last = await connect(from);
  expect(last).toBe(wanted);
}

/** Applies a policy and waits until the agents of its pods have it in force. */
async function enforce(document: string): Promise<void> {
  await cluster.kubectlOutput('apply -f -', document);
  const { code, stdout, stderr } = await cluster.weir(['policy', 'status', '--wait', '--name', cluster.name]);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
}

describe('a Windows node', () => {
  const agnhost = 'C:\\agnhost.exe';

  beforeAll(async () => {
    await cluster.kubectlOutput('create namespace demo');
    const serve = ['serve-hostname', '--tcp', '--http=false', '--port', '80'];
    const documents = [
      pod('server', 'windows', [agnhost, ...serve]),
      pod('client', 'windows', [agnhost, 'pause']),
      pod('far', 'linux', ['/agnhost', 'pause']),
      pod('stranger', 'linux', ['/agnhost', 'pause']),
    ];
    await cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${documents.join()}]}`);
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n demo --timeout=60s');
  });

  it('has the labels of AKS, takes the pods that select it, and none of what the cluster itself runs', async () => {
    const labels = await cluster.kubectlOutput("get node win1 -o jsonpath='{.metadata.labels}'");
    expect(JSON.parse(labels)).toMatchObject({
      'kubernetes.io/os': 'windows',
      'beta.kubernetes.io/os': 'windows',
      'kubernetes.azure.com/os-sku': 'Windows2022',
      'node.kubernetes.io/windows-build': '10.0.20348',
    });
    expect(await cluster.kubectlOutput("get pods -n demo -o jsonpath='{range .items[*]}{.metadata.name}:{.spec.nodeName} {end}'")).toBe(
      'client:win1 far:node1 server:win1 stranger:node1',
    );
    expect(await cluster.kubectlOutput("get pods -n kube-system -o jsonpath='{.items[*].spec.nodeName}'")).toBe('node1');
    const { stdout } = await cluster.weir(['status', '--name', cluster.name]);
    expect(stdout).toMatch(/win1 .*in force \(hns\)/);
  });

  it('enforces the article’s policy with either path of agnhost: TIMEOUT, and through with the label', async () => {
    for (const path of ['/agnhost', agnhost, 'c:/agnhost.exe']) expect(await connect('client', path)).toBe('');
    expect(await connect('far')).toBe('');
    await enforce(
      policy('demo-policy', [{ from: [{ podSelector: { matchLabels: { role: 'friend' } } }], ports: [{ port: 80, protocol: 'TCP' }] }]),
    );
    expect(await connect('client', agnhost)).toBe('TIMEOUT');
    expect(await connect('far')).toBe('TIMEOUT');
    await cluster.kubectlOutput('label pod client far -n demo role=friend');
    await becomes('client', '');
    await becomes('far', '');
    await cluster.kubectlOutput('label pod client -n demo role-');
    await becomes('client', 'TIMEOUT');
    expect(await connect('far')).toBe('');
  });

  it('lets no policy go when its agent or its HNS is killed', async () => {
    for (const process of ['win1-agent', 'win1']) {
      await cluster.actOn(process, 'signal?signal=SIGKILL');
      // From the other node: what runs on this one is gone for a moment.
      expect(await connect('stranger')).not.toBe('');
    }
    // The node's process serves the pods, too: they are there again when it is.
    await becomes('far', '');
    await becomes('client', 'TIMEOUT');
  });

  it('opens when the last policy goes, and closes with one that allows nothing', async () => {
    await cluster.kubectlOutput('delete networkpolicy demo-policy -n demo');
    await becomes('client', '');
    await enforce(policy('closed', []));
    expect(await connect('client')).toBe('TIMEOUT');
    expect(await connect('far')).toBe('TIMEOUT');
  });

  it('refuses what Windows lacks as a whole, with policy, field and feature, in status and Events, and keeps what was in force', async () => {
    const lacking = {
      'named ports': { ports: [{ port: 'web' }] },
      SCTP: { ports: [{ port: 80, protocol: 'SCTP' }] },
      'negative label or namespace selectors': {
        from: [{ podSelector: { matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['enemy'] }] } }],
      },
      except: { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
    };
    const named = Object.entries(lacking).map(([feature, rule]) => ({
      feature,
      name: `lacks-${feature.split(' ')[0]?.toLowerCase() ?? ''}`,
      rule,
    }));
    for (const { name, rule } of named) await cluster.kubectlOutput('apply -f -', policy(name, [rule]));
    await cluster.kubectlOutput('apply -f -', policy('closed', [lacking.except]));
    await vi.waitFor(
      async () => {
        const { stdout } = await cluster.weir(['policy', 'status', '-n', 'demo', '--name', cluster.name]);
        const events = await cluster.kubectlOutput('get events -n demo --field-selector reason=PolicyRefused');
        for (const { feature, name } of [...named, { feature: 'except', name: 'closed' }]) {
          expect(stdout).toMatch(new RegExp(`demo/${name}: refused\\n  win1: refused: spec\\.ingress\\[0\\]\\..*${feature}`));
          expect(events).toMatch(new RegExp(`networkpolicy/${name} .*${feature}`));
        }
      },
      { timeout: patienceMs, interval: 500 },
    );
    expect(await connect('client')).toBe('TIMEOUT');
    await cluster.kubectlOutput(`delete networkpolicy -n demo ${named.map(({ name }) => name).join(' ')}`);
  });

  it('has nothing of Weir in its HNS after a cleanup', async () => {
    await cluster.actOn('win1-agent', 'hold');
    const socket = join(cluster.directory, 'run', cluster.name, 'win1-hns.sock');
    const hns = openSocketHnsDoor(socket);
    expect(JSON.stringify([await hns.networks(), await hns.endpoints()])).toContain('"weir-');
    expect(await cluster.weir(['agent', 'cleanup', '--hns-socket', socket])).toMatchObject({ code: 0 });
    expect(JSON.stringify([await hns.networks(), await hns.endpoints()])).not.toContain('"weir-');
    expect(await connect('far')).toBe('');
  });
});
