/** A cluster with a Windows node: its agent enforces through documents of HNS, on real packets. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSocketHnsDoor } from '@weir/dataplane';
import { connectTcp } from '@weir/kernel';
import { hostNetnsName } from '@weir/lab';
import { runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const patienceMs = 30_000;
const patience = { timeout: patienceMs, interval: 500 } as const;
const [linuxNode, windowsNode] = ['10.224.0.4', '10.224.0.5'] as const;

let cluster: LabCluster;
/** Of pods, by their names. */
const addresses = new Map<string, string>();
beforeAll(async () => {
  cluster = await LabCluster.up({ more: ['--windows-nodes', '1'] });
});
afterAll(async () => {
  await cluster?.down();
});

function pod(name: string, os: 'linux' | 'windows', command: readonly string[], app = name): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'demo', labels: { app } },
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

/** How a program connects: from a pod, at which path it is there, to which pod. */
interface Attempt {
  readonly from: string;
  readonly path?: string;
  readonly to?: string;
}

/** What the program prints when it connects: nothing when it is through. `to` is a pod, or an address and a port. */
async function connect({ from, path = '/agnhost', to = 'server' }: Attempt): Promise<string> {
  const target = to.includes(':') ? to : `${addresses.get(to) ?? ''}:80`;
  const { stdout, stderr } = await cluster.kubectl(`exec ${from} -n demo -- '${path}' connect ${target} --timeout=1s --protocol=tcp`);
  return `${stdout}${stderr}`.replace(/^command terminated with exit code \d+$/m, '').trim();
}

/** Tries all at once, `client > server`, until each has the outcome. */
async function become(outcomes: Readonly<Record<string, '' | 'TIMEOUT'>>): Promise<void> {
  await Promise.all(
    Object.entries(outcomes).map(async ([text, wanted]) => {
      const [from = '', to = ''] = text.split(' > ');
      const deadline = Date.now() + patienceMs;
      let last = await connect({ from, to });
      while (last !== wanted && Date.now() < deadline) last = await connect({ from, to });
      expect(`${text}: ${last}`).toBe(`${text}: ${wanted}`);
    }),
  );
}

/** Tries all once and at the same time. */
async function are(outcomes: Readonly<Record<string, '' | 'TIMEOUT'>>): Promise<void> {
  const ends = Object.keys(outcomes).map((text) => text.split(' > '));
  const seen = await Promise.all(ends.map(async ([from = '', to = '']) => [`${from} > ${to}`, await connect({ from, to })] as const));
  expect(Object.fromEntries(seen)).toEqual(outcomes);
}

/** A service of the pods `app=server`, at a port of every node. */
function nodePort(name: string, port: number, externalTrafficPolicy: 'Cluster' | 'Local'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'demo' },
    spec: { type: 'NodePort', externalTrafficPolicy, selector: { app: 'server' }, ports: [{ port: 80, nodePort: port }] },
  });
}

/** Whether a machine outside of the cluster connects to a port of the Windows node. */
function connectsFromOutside(port: number, waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ netns: hostNetnsName(cluster.name, 'outside'), address: windowsNode, port });
    const settle = (isConnected: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isConnected);
    };
    const timer = setTimeout(() => settle(false), waitMs);
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Applies a policy and waits until the agents of its pods have it in force. */
async function enforce(document: string): Promise<void> {
  await cluster.kubectlOutput('apply -f -', document);
  const { code, stdout, stderr } = await cluster.weir(['policy', 'status', '--wait', '--name', cluster.name]);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
}

/** A policy that the Windows node refuses because of a rule of its ingress. */
interface Refusal {
  readonly name: string;
  readonly feature: string;
  readonly rule?: number;
}

/** Waits until status and Events tell of all. */
async function refusals(wanted: readonly Refusal[]): Promise<void> {
  await vi.waitFor(async () => {
    const [{ stdout }, events] = await Promise.all([
      cluster.weir(['policy', 'status', '-n', 'demo', '--name', cluster.name]),
      cluster.kubectlOutput('get events -n demo --field-selector reason=PolicyRefused'),
    ]);
    for (const { name, feature, rule = 0 } of wanted) {
      expect(stdout).toMatch(new RegExp(`demo/${name}: refused\\n(  .*\\n)*?  win1: refused: spec\\.ingress\\[${rule}\\]\\..*${feature}`));
      expect(events).toMatch(new RegExp(`networkpolicy/${name} .*${feature}`));
    }
  }, patience);
}

describe('a Windows node', () => {
  const agnhost = 'C:\\agnhost.exe';

  beforeAll(async () => {
    await cluster.kubectlOutput('create namespace demo');
    const serve = ['serve-hostname', '--tcp', '--http=false', '--port', '80'];
    const documents = [
      pod('server', 'windows', [agnhost, ...serve]),
      // What selects the one selects the other.
      pod('twin', 'linux', ['/agnhost', ...serve], 'server'),
      pod('client', 'windows', [agnhost, 'pause']),
      pod('far', 'linux', ['/agnhost', 'pause']),
      pod('stranger', 'linux', ['/agnhost', 'pause']),
    ];
    await cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${documents.join()}]}`);
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n demo --timeout=60s');
    for (const name of ['server', 'twin']) addresses.set(name, await cluster.addressOf('demo', name));
  });

  it('has the labels of AKS, takes the pods that select it, and none of what the cluster itself runs', async () => {
    const labels = await cluster.kubectlOutput("get node win1 -o jsonpath='{.metadata.labels}'");
    expect(JSON.parse(labels)).toMatchObject({
      'kubernetes.io/os': 'windows',
      'beta.kubernetes.io/os': 'windows',
      'kubernetes.azure.com/os-sku': 'Windows2022',
      'node.kubernetes.io/windows-build': '10.0.20348',
    });
    // The kernel and the runtime that AKS's nodes name; the lab's other nodes say what they are.
    expect(await cluster.kubectlOutput('get node win1 -o wide --no-headers')).toMatch(
      /Windows Server 2022 Datacenter +10\.0\.20348\.\d+ +containerd:\/\/\S+\+azure$/m,
    );
    expect(await cluster.kubectlOutput("get node win1 -o jsonpath='{.spec.taints}{.status.nodeInfo.operatingSystem}'")).toBe('windows');
    expect(await cluster.kubectlOutput("get pods -n demo -o jsonpath='{range .items[*]}{.metadata.name}:{.spec.nodeName} {end}'")).toBe(
      'client:win1 far:node1 server:win1 stranger:node1 twin:node1',
    );
    expect(await cluster.kubectlOutput("get pods -n kube-system -o jsonpath='{.items[*].spec.nodeName}'")).toBe('node1');
    const { stdout } = await cluster.weir(['status', '--name', cluster.name]);
    expect(stdout).toMatch(/win1 .*in force \(hns\)/);
  });

  it('refuses a pod for the other operating system that names the node, in the words of a kubelet', async () => {
    const named = (name: string, spec: object): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { nodeName: 'win1', containers: [{ name: 'main', image: 'agnhost' }], ...spec },
      });
    const documents = [named('selects', { nodeSelector: { 'kubernetes.io/os': 'linux' } }), named('says', { os: { name: 'linux' } })];
    await cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${documents.join()}]}`);
    await cluster.kubectlOutput("wait --for=jsonpath='{.status.phase}'=Failed pod --all -n default --timeout=60s");
    expect(await cluster.kubectlOutput("get pods -n default -o jsonpath='{.items[*].status.reason}'")).toBe(
      'PodOSNotSupported PodOSSelectorNodeLabelDoesNotMatch',
    );
    expect(await cluster.kubectlOutput('describe pod says -n default')).toContain(
      "Failed to admit pod as the OS field doesn't match node OS",
    );
    await cluster.kubectlOutput('delete pod --all -n default');
  });

  it('says of a program of Windows that it has none, and what it has', async () => {
    const said =
      /exec: "powershell": executable file not found in \$PATH \(the lab's Windows nodes have agnhost and .* bash, and none of Windows' own\)/;
    expect((await cluster.kubectl('exec client -n demo -- powershell')).stderr).toMatch(said);
    expect((await cluster.kubectl('exec far -n demo -- powershell')).stderr).not.toContain('Windows');
    expect(await cluster.kubectlOutput("exec client -n demo -- bash -c 'echo bash on $HOSTNAME'")).toBe('bash on client');
  });

  it('has the services of every node: by name and address, and at the ports of both nodes', async () => {
    await cluster.kubectlOutput('apply -f -', nodePort('web', 30_080, 'Cluster'));
    const address = await cluster.kubectlOutput("get service web -n demo -o jsonpath='{.spec.clusterIP}'");
    const targets = ['web:80', 'web.demo.svc.cluster.local:80', `${address}:80`, `${linuxNode}:30080`, `${windowsNode}:30080`];
    await become(Object.fromEntries(['client', 'far'].flatMap((from) => targets.map((to) => [`${from} > ${to}`, ''] as const))));
  });

  it('keeps the address of who comes to its node port from outside where the service says so, and policies judge it', async () => {
    const [outside, another] = ['203.0.113.10', '203.0.113.11'];
    const host = ['lab', 'host', 'add', 'outside', '--ip', outside, '--name', cluster.name];
    expect(await cluster.weir(host)).toMatchObject({ code: 0 });
    const from = (cidr: string): string => policy('outside', [{ from: [{ ipBlock: { cidr: `${cidr}/32` } }] }]);
    await cluster.kubectlOutput('apply -f -', nodePort('kept', 30_081, 'Local'));
    await vi.waitFor(async () => expect(await connectsFromOutside(30_081, 5_000)).toBe(true), patience);
    await enforce(from(another));
    expect(await connectsFromOutside(30_081, 2_000)).toBe(false);
    await enforce(from(outside));
    expect(await connectsFromOutside(30_081, patienceMs)).toBe(true);
    await cluster.kubectlOutput('delete networkpolicy outside -n demo');
    await become({ 'client > server': '', 'far > server': '', 'far > twin': '' });
  });

  it('enforces the article’s policy with either path of agnhost: TIMEOUT, and through with the label', async () => {
    const paths = ['/agnhost', agnhost, 'c:/agnhost.exe'].map((path) => ({ from: 'client', path }));
    expect(await Promise.all([...paths, { from: 'far' }].map(connect))).toEqual(['', '', '', '']);
    await enforce(
      policy('demo-policy', [{ from: [{ podSelector: { matchLabels: { role: 'friend' } } }], ports: [{ port: 80, protocol: 'TCP' }] }]),
    );
    expect(await Promise.all(paths.map(connect))).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT']);
    await are({ 'far > server': 'TIMEOUT' });
    await cluster.kubectlOutput('label pod client far -n demo role=friend');
    await become({ 'client > server': '', 'far > server': '' });
    await cluster.kubectlOutput('label pod client -n demo role-');
    await become({ 'client > server': 'TIMEOUT' });
    await are({ 'far > server': '' });
  });

  it('lets no policy go when its agent or its HNS is killed', async () => {
    for (const process of ['win1-agent', 'win1']) {
      await cluster.actOn(process, 'signal?signal=SIGKILL');
      // From the other node: what runs on this one is gone for a moment.
      expect(await connect({ from: 'stranger' })).not.toBe('');
    }
    // The node's process serves the pods, too: they are there again when it is.
    await become({ 'far > server': '', 'client > server': 'TIMEOUT' });
  });

  it('opens when the last policy goes, and closes with one that allows nothing', async () => {
    await cluster.kubectlOutput('delete networkpolicy demo-policy -n demo');
    await become({ 'client > server': '' });
    await enforce(policy('closed', []));
    await are({ 'client > server': 'TIMEOUT', 'far > server': 'TIMEOUT' });
  });

  it('keeps what was in force where a new version has what Windows lacks, while Linux nodes enforce it', async () => {
    const role = (operator: 'In' | 'NotIn') => [
      { from: [{ podSelector: { matchExpressions: [{ key: 'role', operator, values: ['friend'] }] } }] },
    ];
    await enforce(policy('closed', role('In')));
    await are({ 'client > server': 'TIMEOUT', 'far > server': '', 'client > twin': 'TIMEOUT', 'far > twin': '' });
    await cluster.kubectlOutput('apply -f -', policy('closed', role('NotIn')));
    await become({ 'client > twin': '', 'far > twin': 'TIMEOUT' });
    await refusals([{ name: 'closed', feature: 'negative label or namespace selectors' }]);
    await are({ 'client > server': 'TIMEOUT', 'far > server': '' });
    // A pod that comes now gets what is in force, not what is refused.
    await cluster.kubectlOutput('label pod stranger -n demo role=friend');
    await become({ 'stranger > server': '' });
  });

  it('refuses what it lacks as a whole, with policy, field and feature: in status, Events, its log and a metric', async () => {
    const lacking = {
      'named ports': { ports: [{ port: 'web' }] },
      SCTP: { ports: [{ port: 80, protocol: 'SCTP' }] },
      'negative label or namespace selectors': {
        from: [{ podSelector: { matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['enemy'] }] } }],
      },
      'exceptions of an ipBlock': { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
    };
    const named = Object.entries(lacking).map(([feature, rule], i) => ({ feature, name: `lacks-${i}`, rule }));
    const documents = named.map(({ name, rule }) => policy(name, [{ ports: [{ port: 80 }] }, rule]));
    await cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${documents.join()}]}`);
    await refusals(named.map(({ name, feature }) => ({ name, feature, rule: 1 })));
    await vi.waitFor(async () => {
      const log = await readFile(join(cluster.directory, 'state', 'clusters', cluster.name, 'logs', 'win1-agent.log'), 'utf8');
      const errors = log.split('\n').filter((line) => line.includes('"level":"error"'));
      for (const { name, feature } of named)
        expect(errors).toContainEqual(expect.stringMatching(`"NetworkPolicy demo/${name}".*spec\\.ingress\\[1\\]\\..*${feature}`));
      const script = "fetch('http://127.0.0.1:9477/metrics').then((answer) => answer.text()).then(console.log)";
      const { stdout } = await runProgram('ip', ['netns', 'exec', cluster.nodeNetns('win1'), process.execPath, '-e', script], {});
      expect(stdout).toContain('weir_policies_refused{in_force="accepted"} 1\nweir_policies_refused{in_force="closed"} 4\n');
    }, patience);
    // None of their rules is in force, also not the one that Windows has.
    await are({ 'client > server': 'TIMEOUT', 'far > server': '', 'client > twin': '', 'far > twin': '' });
    await cluster.kubectlOutput(`delete networkpolicy -n demo ${named.map(({ name }) => name).join(' ')}`);
  });

  it('has nothing of Weir in its HNS after a cleanup', async () => {
    await cluster.actOn('win1-agent', 'hold');
    const socket = join(cluster.directory, 'run', cluster.name, 'win1-hns.sock');
    const hns = openSocketHnsDoor(socket);
    expect(JSON.stringify([await hns.networks(), await hns.endpoints()])).toContain('"weir-');
    expect(await cluster.weir(['agent', 'cleanup', '--hns-socket', socket])).toMatchObject({ code: 0 });
    expect(JSON.stringify([await hns.networks(), await hns.endpoints()])).not.toContain('"weir-');
    await are({ 'client > server': '', 'far > server': '' });
  });
});
