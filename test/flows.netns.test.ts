/**
 * `weir flows` on a cluster of two nodes: what pods do is told live, with names and rules, also after an agent was killed; and
 * `weir suggest`: policies from what was seen let it go on, and nothing else.
 */
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { faultsOf } from './schemas/published-schema.ts';
import { BackgroundProgram } from './support/background-program.ts';
import { LabCluster } from './support/lab-cluster.ts';

const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';
let lab: LabCluster;
let server = '';

interface HubbleLine {
  readonly node_name: string;
  readonly flow: {
    readonly verdict: string;
    readonly source: { readonly pod_name?: string; readonly labels?: readonly string[] };
    readonly destination: { readonly pod_name?: string; readonly workloads?: readonly { readonly kind: string; readonly name: string }[] };
    readonly destination_service?: { readonly namespace: string; readonly name: string };
    readonly l4: { readonly TCP?: { readonly destination_port: number } };
    readonly ingress_allowed_by?: readonly { readonly name: string }[];
  };
}

const pod = (name: string, node: string, command: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { nodeName: ${node}, containers: [{ name: c, image: "${image}", command: [${command}] }] }
---`;

const world = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: server, namespace: shop }
spec:
  selector: { matchLabels: { app: server } }
  template:
    metadata: { labels: { app: server } }
    spec: { nodeName: node1, containers: [{ name: c, image: "${image}", command: [/agnhost, netexec, --http-port=8080] }] }
---
${pod('friend', 'node2', '/agnhost, pause')}
${pod('stranger', 'node1', '/agnhost, pause')}
${pod('listener', 'node2', '/agnhost, netexec, --http-port=9000')}
apiVersion: v1
kind: Service
metadata: { name: server, namespace: shop }
spec: { selector: { app: server }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: server, namespace: shop }
spec: { podSelector: { matchLabels: { app: server } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: friend } } }] }] }
`;

const connect = (from: string): Promise<string> => lab.connect({ namespace: 'shop', pod: from }, `${server}:8080`, '--timeout=1s');

beforeAll(async () => {
  lab = await LabCluster.up({ nodes: 2 });
  await lab.kubectlOutput('apply -f -', world);
  await lab.kubectlOutput('wait -n shop --for=condition=Ready pod --all --timeout=60s');
  server = await lab.kubectlOutput("get pod -n shop -l app=server -o jsonpath='{.items[0].status.podIP}'");
  await vi.waitFor(async () => expect(await connect('stranger')).toBe('TIMEOUT'), { timeout: 20_000, interval: 100 });
});
afterAll(async () => {
  await lab.down();
});

describe('weir flows on a cluster of the lab', () => {
  it('tells live of allowed and denied connections with their pods and the policy that says so, from both nodes, and goes on when an agent was killed', async () => {
    const live = new BackgroundProgram(`${lab.command.join(' ')} flows -f --name ${lab.name} --port 8080 --since 5m`, lab.env);
    try {
      expect(await connect('friend')).toBe('');
      await live.until(/allowed +TCP +shop\/friend:\d+ → shop\/server-\S+:8080 +node2 +egress: not isolated/);
      await live.until(/allowed .*shop\/friend:.*node1 +ingress: NetworkPolicy shop\/server ingress\[0\]\.from\[0\]/);
      expect(await connect('stranger')).toBe('TIMEOUT');
      await live.until(
        /denied +TCP +shop\/stranger:\d+ → shop\/server-\S+:8080 +node1 +ingress: no rule; isolated by NetworkPolicy shop\/server/,
      );
      await lab.actOn('node1-agent', 'signal?signal=SIGKILL');
      const denied = (text: string): number => text.match(/denied .*stranger/g)?.length ?? 0;
      const told = denied(await live.until(/denied .*stranger/));
      await vi.waitFor(
        async () => {
          await connect('stranger');
          expect(denied(await live.until(/denied .*stranger/))).toBeGreaterThan(told);
        },
        { timeout: 30_000, interval: 100 },
      );
    } finally {
      await live.stop();
    }
  });

  it('names the service that a denied connection went to: from the same node and from another one, which alone translated it', async () => {
    const service = 'server.shop.svc.cluster.local:80';
    const via = String.raw`shop\/server-\S+:8080 via service shop\/server:80`;
    const live = new BackgroundProgram(`${lab.command.join(' ')} flows -f --name ${lab.name} --to shop/server --verdict denied`, lab.env);
    try {
      for (const from of ['stranger', 'listener']) {
        expect(await lab.connect({ namespace: 'shop', pod: from }, service, '--timeout=1s')).toBe('TIMEOUT');
        await live.until(new RegExp(String.raw`denied +TCP +shop\/${from}:\d+ → ${via} +node1 +ingress: no rule`));
      }
    } finally {
      await live.stop();
    }
    const { stdout } = await lab.weir(['flows', '--name', lab.name, '--from', 'shop/listener', '--verdict', 'denied', '-o', 'json']);
    const lines = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as HubbleLine]));
    expect(lines.map(({ flow }) => flow.destination_service)).toContainEqual({ namespace: 'shop', name: 'server' });
    for (const line of lines) expect(faultsOf('flows', line)).toEqual([]);
  });

  it('names nodes that are spoken to, and ends when nobody reads what is followed', async () => {
    const node = await lab.kubectlOutput("get node node1 -o jsonpath='{.status.addresses[0].address}'");
    expect(await lab.connect({ namespace: 'shop', pod: 'friend' }, `${node}:10250`, '--timeout=1s')).toBe('REFUSED');
    const flows = `${lab.command.join(' ')} flows --name ${lab.name}`;
    await vi.waitFor(
      async () => {
        const { stdout } = await lab.weir(['flows', '--name', lab.name, '--to', 'node1']);
        expect(stdout).toMatch(/allowed +TCP +shop\/friend:\d+ → node node1:10250 +node2 +egress: not isolated/);
      },
      { timeout: 20_000, interval: 200 },
    );
    const unread = new BackgroundProgram(`bash -c '${flows} -f --last 1 | head -1; echo ended'`, lab.env);
    try {
      await unread.until(/→/);
      await vi.waitFor(
        async () => {
          await connect('stranger');
          expect(await unread.until(/→/)).toContain('ended');
        },
        { timeout: 30_000, interval: 100 },
      );
    } finally {
      await unread.stop();
    }
  });

  it("shows the past in Hubble's JSON, with labels and workloads, filtered", async () => {
    const { code, stdout } = await lab.weir(['flows', '--name', lab.name, '--from', 'shop/friend', '--to', 'shop/server*', '-o', 'json']);
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as HubbleLine);
    for (const line of lines) expect(faultsOf('flows', line)).toEqual([]);
    expect(lines.map(({ node_name }) => node_name).sort()).toEqual(['node1', 'node2']);
    expect(lines.find(({ node_name }) => node_name === 'node1')?.flow).toMatchObject({
      verdict: 'FORWARDED',
      source: { pod_name: 'friend', labels: ['k8s:app=friend', 'k8s:io.kubernetes.pod.namespace=shop'] },
      destination: { workloads: [{ kind: 'Deployment', name: 'server' }] },
      l4: { TCP: { destination_port: 8080 } },
      ingress_allowed_by: [{ name: 'server', namespace: 'shop', kind: 'NetworkPolicy' }],
    });
  });

  it('reads what agents told on their standard output through the API server, live, and says of those that tell nothing what to do', async () => {
    const kubeconfig = ['--kubeconfig', join(lab.directory, 'state', 'clusters', lab.name, 'kubeconfig')];
    const none = await lab.weir(['flows', ...kubeconfig]);
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('no pods with the label app.kubernetes.io/name=weir-agent')]);
    // No image of an agent runs in the lab: the pod's only process gives on what the agent of its node really writes.
    const nodeDirectory = join(lab.directory, 'state', 'clusters', lab.name, 'nodes', 'node1', 'host', 'told');
    mkdirSync(nodeDirectory, { recursive: true });
    linkSync(join(lab.directory, 'state', 'clusters', lab.name, 'logs', 'node1-flows.jsonl'), join(nodeDirectory, 'flows.jsonl'));
    const agent = (name: string, node: string, script: string, more: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: kube-system, labels: { app.kubernetes.io/name: weir-agent } }
spec:
  nodeName: ${node}
  volumes: [{ name: told, hostPath: { path: /told, type: DirectoryOrCreate } }]
  containers: [{ name: agent, image: "${image}", command: [sh, -c, "${script}"], volumeMounts: [{ name: told, mountPath: /told }]${more} }]
---`;
    await lab.kubectlOutput(
      'apply -f -',
      agent('agent-1', 'node1', 'tail -n +1 -f /told/flows.jsonl', ', env: [{ name: WEIR_AGENT_FLOW_LOG, value: "-" }]') +
        agent('agent-2', 'node2', 'sleep 1000', ''),
    );
    await lab.kubectlOutput('wait -n kube-system --for=condition=Ready pod agent-1 agent-2 --timeout=60s');
    const live = new BackgroundProgram(
      `${lab.command.join(' ')} flows -f --since 1s ${kubeconfig.join(' ')} --from shop/stranger --to shop/server*`,
      lab.env,
    );
    try {
      await live.until(/node node2 tells of no connections: set WEIR_AGENT_FLOW_LOG to "-"/);
      expect(await connect('stranger')).toBe('TIMEOUT');
      await live.until(
        /denied +TCP +shop\/stranger:\d+ → shop\/server-\S+:8080 +node1 +ingress: no rule; isolated by NetworkPolicy shop\/server/,
      );
    } finally {
      await live.stop();
    }
    await lab.kubectlOutput('delete pod agent-1 agent-2 -n kube-system --grace-period=0 --force');
  });
});

describe('weir suggest on a cluster of the lab', () => {
  const reach = (from: string, to: string): Promise<string> => lab.connect({ namespace: 'shop', pod: from }, to, '--timeout=1s');

  it('writes policies from real connections that let these go on and stop another one, and audits them', async () => {
    const since = new Date().toISOString();
    await lab.kubectlOutput('delete networkpolicy server -n shop');
    const other = await lab.addressOf('shop', 'listener');
    const service = 'server.shop.svc.cluster.local:80';
    await vi.waitFor(async () => expect([await reach('friend', service), await reach('friend', `${other}:9000`)]).toEqual(['', '']), {
      timeout: 20_000,
      interval: 100,
    });
    const arguments_ = ['suggest', '--name', lab.name, '--namespace', 'shop', '--since', since];
    // What was tried before in vain is among the flows that were denied, and gets no rule.
    const { code, stdout, stderr } = await vi.waitFor(
      async () => {
        const answer = await lab.weir(arguments_);
        expect(answer.stdout).toContain('port: 9000');
        return answer;
      },
      { timeout: 20_000, interval: 200 },
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('pairs of ends that can talk now would no longer in full')]);
    expect(stdout).toMatch(/# shop\/server: 1 pod\n[^]*# shop\/friend: \d+ connections?, the last at 2/);
    // The pod behind the service, and the name that was asked for.
    expect(stdout).toMatch(/# DNS, over TCP too[^]*port: 8080/);
    expect(stdout).not.toContain('ipBlock');
    await lab.kubectlOutput('apply -f -', stdout);
    await vi.waitFor(async () => expect(await connect('stranger')).toBe('TIMEOUT'), { timeout: 20_000, interval: 100 });
    expect([await reach('friend', service), await reach('friend', `${other}:9000`)]).toEqual(['', '']);
    expect(await reach('stranger', `${other}:9000`)).toBe('TIMEOUT');
    const file = join(lab.directory, 'policies.yaml');
    writeFileSync(file, stdout.replaceAll('port: 9000', 'port: 9001'));
    const audit = await lab.weir(['suggest', '--name', lab.name, '--since', since, '--audit', file, '--fail-on', 'denied']);
    expect([audit.code, audit.stdout]).toEqual([1, expect.stringMatching(/shop\/friend → shop\/listener TCP\/9000, \d+ times?/)]);
  });
});
