/** `weir policy status` on a cluster of three nodes: what it says is so, on real packets. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { shortHash } from '@weir/net';
import type { Finished } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { faultsOf } from './schemas/published-schema.ts';
import { AgentProxies } from './support/agent-proxies.ts';
import { LabCluster } from './support/lab-cluster.ts';

const waiting = { timeout: 60_000, interval: 200 };
const nodes = ['node1', 'node2', 'node3'] as const;
const port = 7001;

/** Sends a datagram from a fresh port to each address every 2 ms: each is a new flow that policies judge. */
const prober = `
const { createSocket } = require('node:dgram');
const addresses = process.argv.slice(1);
setInterval(() => {
  for (const address of addresses) {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    socket.send('probe', ${port}, address, () => socket.close());
  }
}, 2);
`;

interface StatusJson {
  readonly inForce: boolean;
  readonly policies: readonly {
    readonly name: string;
    readonly state: string;
    readonly since?: string;
    readonly pods: number;
    readonly nodes: readonly { readonly node: string; readonly state: string; readonly pods: number; readonly reason?: string }[];
  }[];
}

interface Answer {
  readonly code: number;
  readonly json: StatusJson;
}

let lab: LabCluster;
const clientNetns = { name: '' };
const serverNetns: string[] = [];
let probing: ChildProcess | undefined;
let proxies: AgentProxies | undefined;

function policy(name: string, more = ''): string {
  return `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: demo }
spec: { podSelector: { matchLabels: { app: server } }, policyTypes: [Ingress]${more} }
`;
}

async function status(args: string): Promise<Answer> {
  const { code, stdout, stderr } = await lab.weir(['policy', 'status', ...args.split(' '), '-o', 'json']);
  if (stdout === '') throw new Error(`weir policy status ${args} ended with ${code}: ${stderr}`);
  const json = JSON.parse(stdout) as StatusJson;
  expect(faultsOf('policy-status', json)).toEqual([]);
  return { code, json };
}

function inNetns(netns: string, ...command: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', netns, ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function netnsOf(pod: string): Promise<string> {
  return `weir-${lab.name}-p-${shortHash(await lab.kubectlOutput(`get pod ${pod} -n demo -o jsonpath='{.metadata.uid}'`))}`;
}

const countIn = (netns: string, hook: 'input' | 'output'): string =>
  inNetns(netns, 'nft', `add table inet count { chain c { type filter hook ${hook} priority 0; udp dport ${port} counter; }; }`);

const counted = (netns: string): number =>
  Number(/packets (\d+)/.exec(inNetns(netns, 'nft', 'list', 'table', 'inet', 'count'))?.[1] ?? Number.NaN);

/** Waits until the client has sent so many more. */
async function untilSent(more: number): Promise<void> {
  const goal = counted(clientNetns.name) + more;
  await vi.waitFor(() => expect(counted(clientNetns.name)).toBeGreaterThanOrEqual(goal), waiting);
}

async function untilArriving(): Promise<void> {
  const before = serverNetns.map(counted);
  await vi.waitFor(() => expect(serverNetns.every((netns, i) => counted(netns) > (before[i] ?? 0))).toBe(true), waiting);
}

async function agentPid(node: string): Promise<number> {
  const { stdout } = await lab.weir(['status', '--name', lab.name, '-o', 'json']);
  const [cluster] = JSON.parse(stdout) as { processes: { name: string; pid?: number }[] }[];
  const pid = cluster?.processes.find(({ name }) => name === `${node}-agent`)?.pid;
  if (pid === undefined) throw new Error(`the agent of ${node} does not run`);
  return pid;
}

beforeAll(async () => {
  lab = await LabCluster.up({ nodes: nodes.length });
  await lab.kubectlOutput('create namespace demo');
  const pod = (name: string, node: string, app: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: demo, labels: { app: ${app} } }
spec: { nodeName: ${node}, containers: [{ name: c, image: registry.k8s.io/e2e-test-images/agnhost:2.53, args: [pause] }] }
`;
  const pods = [...nodes.map((node) => pod(`server-${node}`, node, 'server')), pod('client', 'node1', 'client')];
  await lab.kubectlOutput('apply -f -', pods.join('---'));
  await lab.kubectlOutput('wait -n demo --for=condition=Ready pod --all --timeout=60s');
  clientNetns.name = await netnsOf('client');
  for (const node of nodes) serverNetns.push(await netnsOf(`server-${node}`));
  countIn(clientNetns.name, 'output');
  for (const netns of serverNetns) countIn(netns, 'input');
  const addresses = await Promise.all(nodes.map((node) => lab.addressOf('demo', `server-${node}`)));
  probing = spawn('ip', ['netns', 'exec', clientNetns.name, process.execPath, '-e', prober, ...addresses], { stdio: 'ignore' });
});
afterAll(async () => {
  probing?.kill('SIGKILL');
  await lab?.down();
  await proxies?.close();
});

describe('weir policy status', () => {
  it('with --wait returns when the policy that was just applied is in force everywhere: not one packet gets through after it', async () => {
    for (let round = 0; round < 2; round++) {
      await untilArriving();
      await lab.kubectlOutput('apply -f -', policy('deny'));
      const { code, stdout } = await lab.weir(['policy', 'status', 'demo/deny', '--wait']);
      const before = serverNetns.map(counted);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^NetworkPolicy demo\/deny: in force\nNODE +STATE +PODS +SINCE +REASON\nnode1 +in force +1 +\d+s\nnode2 /);
      await untilSent(600);
      expect(serverNetns.map(counted)).toEqual(before);
      await lab.kubectlOutput('delete networkpolicy deny -n demo');
    }
    await untilArriving();
  });

  it('with --wait returns when an edited policy is in force in its new version, and tells since when', async () => {
    await lab.kubectlOutput('apply -f -', policy('edited', `, ingress: [{ ports: [{ port: ${port}, protocol: UDP }] }]`));
    const first = await status('edited -n demo --wait');
    expect(first).toMatchObject({ code: 0, json: { inForce: true, policies: [{ state: 'in force', pods: 3 }] } });
    await untilArriving();
    await lab.kubectlOutput('apply -f -', policy('edited', `, ingress: [{ ports: [{ port: ${port + 1}, protocol: UDP }] }]`));
    const second = await status('edited -n demo --wait');
    const before = serverNetns.map(counted);
    await untilSent(600);
    expect(serverNetns.map(counted)).toEqual(before);
    const [since = '', later = ''] = [first, second].map(({ json }) => json.policies[0]?.since);
    expect(Date.parse(later)).toBeGreaterThan(Date.parse(since));
    await lab.kubectlOutput('annotate networkpolicy edited -n demo note=nothing');
    expect((await status('edited -n demo --wait')).json.policies[0]?.since).toBe(later);
    await lab.kubectlOutput('delete networkpolicy edited -n demo');
  });

  it('lists all policies, knows a policy that selects nobody, and one that does not exist', async () => {
    await lab.kubectlOutput('apply -f -', policy('deny'));
    await lab.kubectlOutput('apply -f -', policy('nobody').replace('app: server', 'app: nobody'));
    const all = await lab.weir(['policy', 'status', '--wait']);
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(
      /^KIND +NAMESPACE +NAME +STATE +NODES +PODS +SINCE\nNetworkPolicy +demo +deny +in force +3\/3 +3 +\d+s\nNetworkPolicy +demo +nobody +in force +0\/0 +0 +-\n$/,
    );
    expect((await lab.weir(['policy', 'status', 'demo/other', '--wait'])).code).toBe(3);
    expect((await lab.weir(['policy', 'status', 'a/b/c'])).code).toBe(2);
    expect((await lab.weir(['policy', 'status', '--timeout', 'soon'])).code).toBe(2);
    await lab.kubectlOutput('delete networkpolicy nobody -n demo');
  });

  it('does not believe an agent that is silent, however well its rules hold, and believes it again when it is back', async () => {
    const pid = await agentPid('node3');
    process.kill(pid, 'SIGSTOP');
    let answer: Answer | undefined;
    try {
      await vi.waitFor(async () => {
        answer = await status('demo/deny');
        expect(answer.code).toBe(1);
      }, waiting);
      expect(answer?.json.policies[0]).toMatchObject({
        state: 'unknown',
        nodes: [{ state: 'in force' }, { state: 'in force' }, { state: 'unknown' }],
      });
      expect(answer?.json.policies[0]?.nodes[2]?.reason).toContain('its agent is silent');
      const impatient = await status('demo/deny --wait --timeout 500ms');
      expect(impatient.code).toBe(1);
      const before = serverNetns.map(counted);
      await untilSent(300);
      expect(serverNetns.map(counted)).toEqual(before);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    expect((await status('demo/deny --wait')).code).toBe(0);
  });

  it('tells of a refused policy what is in force instead, with one Event of all nodes, and when it is cured', async () => {
    proxies = await AgentProxies.between(lab, nodes);
    // As from an API server of a later version, which takes what this one cannot express.
    proxies.rewrite((line) => line.replaceAll('"port":8888', '"port":8888,"endPort":80'));
    for (const node of nodes) process.kill(await agentPid(node), 'SIGKILL');
    await lab.kubectlOutput('delete networkpolicy deny -n demo');
    await lab.kubectlOutput('apply -f -', policy('changing', `, ingress: [{ ports: [{ port: ${port}, protocol: UDP }] }]`));
    expect((await status('demo/changing --wait')).code).toBe(0);
    await lab.kubectlOutput('apply -f -', policy('changing', ', ingress: [{ ports: [{ port: 8888, protocol: UDP }] }]'));
    await lab.kubectlOutput('apply -f -', policy('other').replace('app: server', 'app: client'));
    await vi.waitFor(async () => {
      const [changing] = (await status('demo/changing')).json.policies;
      expect(changing?.state).toBe('refused');
      expect(changing?.nodes.map(({ state }) => state)).toEqual(['refused', 'refused', 'refused']);
    }, waiting);
    const refused = await lab.weir(['policy', 'status', 'demo/changing']);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/node3 +refused +1 +- .*endPort.* \(instead in force: its last accepted version\)/);
    expect((await status('demo/other --wait')).code).toBe(0);
    await untilArriving();
    const events = (): Promise<string> =>
      lab.kubectlOutput(
        'get events -n demo --field-selector involvedObject.kind=NetworkPolicy -o custom-columns=:.reason,:.count,:.message --no-headers',
      );
    await vi.waitFor(
      async () => expect(await events()).toMatch(/^PolicyRefused +1 +.*endPort.*its last accepted version stays in force/),
      waiting,
    );
    expect(await lab.kubectlOutput('events -n demo --for networkpolicy/changing')).toMatch(
      /Warning +PolicyRefused +NetworkPolicy\/changing/,
    );
    await lab.kubectlOutput('apply -f -', policy('changing'));
    expect((await status('demo/changing --wait')).code).toBe(0);
    const before = serverNetns.map(counted);
    await vi.waitFor(async () => expect(await events()).toMatch(/PolicyAccepted +1 /), waiting);
    expect((await events()).split('\n')).toHaveLength(2);
    expect(serverNetns.map(counted)).toEqual(before);
  });

  it('says that it cannot say when the cluster is away', async () => {
    const nowhere: Finished = await lab.weir(['policy', 'status', '--kubeconfig', await nowhereConfig()]);
    expect(nowhere.code).toBe(4);
    expect(nowhere.stderr).toContain('ECONNREFUSED');
  });
});

/** A kubeconfig of a server that does not listen. */
async function nowhereConfig(): Promise<string> {
  const path = `${lab.directory}/nowhere`;
  await lab.kubectlOutput(`config set-cluster nowhere --server=https://127.0.0.1:1 --kubeconfig ${path}`);
  await lab.kubectlOutput(`config set-context nowhere --cluster=nowhere --kubeconfig ${path}`);
  await lab.kubectlOutput(`config use-context nowhere --kubeconfig ${path}`);
  return path;
}
