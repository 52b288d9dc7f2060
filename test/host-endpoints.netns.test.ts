/** Host endpoints of Calico in a cluster of two nodes: kubectl stores them, packets from another node, from outside and from pods obey them. */
import { type Finished, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const waiting = { timeout: 60_000, interval: 200 };
const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';
const group = 'crd.projectcalico.org/v1';
/** One that policies decide about, and one of those that Calico keeps open whatever they say. */
const [ownPort, failsafePort, podPort, nodePort] = [8080, 5473, 80, 30_080];

let lab: LabCluster;
/** The node with everything that is asked for, and the other one. */
let [guarded, other] = ['', ''];
/** Addresses: of the first node, and of the pod on it. */
let [node, pod] = ['', ''];

type Verdict = 'allow' | 'deny';

/** Who asks: a process of the other node, a machine outside the cluster, or the pod on the node. */
type Asker = 'node' | 'outside' | 'pod';

interface GlobalPolicy {
  readonly name: string;
  /** Lines of the spec, besides the selector of the node. */
  readonly spec: string;
}

const serving = (name: string, port: number): string =>
  `{ name: ${name}, image: "${image}", command: [/agnhost, serve-hostname, --tcp, "--http=false", --port, "${port}"] }`;

const manifest = (kind: string, name: string, spec: string, labels = '{}'): string => `
apiVersion: ${group}
kind: ${kind}
metadata: { name: ${name}, labels: ${labels} }
spec: { ${spec} }
---`;

const hostEndpoint = (spec: string): string => manifest('HostEndpoint', 'first', `node: ${guarded}, ${spec}`, '{ role: node }');

const policy = ({ name, spec }: GlobalPolicy): string =>
  manifest('GlobalNetworkPolicy', `default.${name}`, `selector: 'role == "node"', ${spec}`);

const pods = (): string => `
apiVersion: v1
kind: Pod
metadata: { name: own, namespace: shop }
spec: { nodeName: ${guarded}, hostNetwork: true, containers: [${serving('a', ownPort)}, ${serving('b', failsafePort)}] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: ${guarded}, containers: [${serving('c', podPort)}] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: ${nodePort} }] }
---`;

async function apply(...manifests: readonly string[]): Promise<void> {
  await lab.kubectlOutput('apply -f -', manifests.join('\n'));
}

async function remove(...names: readonly string[]): Promise<void> {
  await lab.kubectlOutput(`delete globalnetworkpolicies.${group.split('/')[0]} ${names.map((name) => `default.${name}`).join(' ')}`);
}

function inNamespace(netns: string, script: string): Promise<Finished> {
  return runProgram('ip', ['netns', 'exec', netns, 'timeout', '1', 'bash', '-c', script]);
}

async function connects(from: Asker, address: string, port: number): Promise<string> {
  if (from === 'pod') {
    const answer = await lab.connect({ namespace: 'shop', pod: 'web' }, `${address}:${port}`);
    return answer === '' ? 'allow' : answer === 'TIMEOUT' ? 'deny' : answer;
  }
  const netns = from === 'node' ? `weir-${lab.name}-${other}` : `weir-${lab.name}-h-ext`;
  const { code, stderr } = await inNamespace(netns, `exec 3<>/dev/tcp/${address}/${port}`);
  return code === 0 ? 'allow' : code === 124 ? 'deny' : stderr;
}

/** What packets find; `asked` are pairs of who asks and what for. */
async function expectVerdicts(expected: Readonly<Partial<Record<`${Asker} ${string}`, Verdict>>>): Promise<void> {
  const targets: Readonly<Record<string, readonly [string, number]>> = {
    own: [node, ownPort],
    failsafe: [node, failsafePort],
    pod: [pod, podPort],
    'node port': [node, nodePort],
  };
  const asked = vi.waitFor(async () => {
    const found = await Promise.all(
      Object.keys(expected).map(async (question) => {
        const [from = '', ...words] = question.split(' ');
        const [address = '', port = 0] = targets[words.join(' ')] ?? [];
        return [question, await connects(from as Asker, address, port)] as const;
      }),
    );
    expect(Object.fromEntries(found)).toEqual(expected);
  }, waiting);
  await asked.catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await lab.evidence(guarded)}`, { cause: error });
  });
}

describe('a host endpoint', () => {
  beforeAll(async () => {
    lab = await LabCluster.up({ nodes: 2, more: ['--engine', 'calico'] });
    const names = await lab.kubectlOutput("get nodes -o jsonpath='{.items[*].metadata.name}'");
    [guarded = '', other = ''] = names.split(' ');
    await lab.kubectlOutput('create namespace shop');
    await apply(pods());
    const { code, stderr } = await lab.weir(['lab', 'host', 'add', 'ext', '--ip', '203.0.113.10', '--name', lab.name]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await lab.kubectlOutput('wait --for=condition=Ready pod --all -n shop --timeout=60s');
    [node, pod] = [await lab.addressOf('shop', 'own'), await lab.addressOf('shop', 'web')];
  }, 120_000);
  afterAll(async () => {
    await lab?.down();
  });

  it('closes its node to others, but for failsafe ports, and lets through what is forwarded', async () => {
    await expectVerdicts({ 'node own': 'allow', 'outside own': 'allow', 'outside pod': 'allow', 'outside node port': 'allow' });
    await apply(hostEndpoint(`interfaceName: eth0, expectedIPs: ["${node}"]`));
    await expectVerdicts({
      'node own': 'deny',
      'outside own': 'deny',
      'node failsafe': 'allow',
      'outside failsafe': 'allow',
      'outside pod': 'allow',
      'outside node port': 'allow',
      'pod own': 'allow',
    });
    const status = await lab.weir(['policy', 'status', '--wait', '--name', lab.name]);
    expect(status.stdout).toMatch(/^HostEndpoint +- +first +in force /m);
  });

  it('lets in to its node whom normal policies allow', async () => {
    await apply(policy({ name: 'normal', spec: `ingress: [{ action: Allow, protocol: TCP, source: { notNets: ["203.0.113.0/24"] } }]` }));
    await expectVerdicts({ 'node own': 'allow', 'outside own': 'deny', 'outside failsafe': 'allow', 'outside pod': 'allow' });
  });

  it('keeps from its pods what policies deny that apply on forward', async () => {
    const spec = 'applyOnForward: true, ingress: [{ action: Deny, source: { nets: ["203.0.113.0/24"] } }, { action: Allow }]';
    await apply(policy({ name: 'forwarded', spec }));
    await expectVerdicts({ 'outside pod': 'deny', 'outside node port': 'deny', 'node pod': 'allow', 'node own': 'allow' });
    await remove('forwarded');
    await expectVerdicts({ 'outside pod': 'allow', 'outside node port': 'allow' });
  });

  it('judges packets by the port that they were sent to before it is translated', async () => {
    const denied = `action: Deny, protocol: TCP, source: { nets: ["203.0.113.0/24"] }, destination: { ports: [${nodePort}] }`;
    await apply(policy({ name: 'early', spec: `preDNAT: true, applyOnForward: true, ingress: [{ ${denied} }]` }));
    await expectVerdicts({ 'outside node port': 'deny', 'outside pod': 'allow', 'node node port': 'allow' });
    await remove('early');
    await expectVerdicts({ 'outside node port': 'allow' });
  });

  it('judges every packet by untracked policies, which come before all others', async () => {
    await expectVerdicts({ 'node own': 'allow' });
    const denied = `{ action: Deny, protocol: TCP, source: { nets: ["${await addressOfOther()}/32"] }, destination: { ports: [${ownPort}] } }`;
    await apply(policy({ name: 'untracked', spec: `doNotTrack: true, applyOnForward: true, ingress: [${denied}]` }));
    await expectVerdicts({ 'node own': 'deny', 'node failsafe': 'allow', 'outside pod': 'allow' });
    await remove('untracked');
    await expectVerdicts({ 'node own': 'allow' });
  });

  it('has no say about pods of its node, for which FelixConfiguration decides', async () => {
    await expectVerdicts({ 'pod own': 'allow' });
    const set = (action: string): Promise<string> =>
      lab.kubectlOutput(
        `patch felixconfigurations.crd.projectcalico.org default --type merge -p '{"spec":{"defaultEndpointToHostAction":"${action}"}}'`,
      );
    await set('Drop');
    await expectVerdicts({ 'pod own': 'deny', 'node own': 'allow' });
    await set('Accept');
    await expectVerdicts({ 'pod own': 'allow' });
  });

  it('keeps open the ports that FelixConfiguration names, and no others', async () => {
    const ports = `[{"protocol":"TCP","port":${ownPort},"net":"203.0.113.0/24"}]`;
    await lab.kubectlOutput(
      `patch felixconfigurations.crd.projectcalico.org default --type merge -p '{"spec":{"failsafeInboundHostPorts":${ports}}}'`,
    );
    await expectVerdicts({ 'outside own': 'allow', 'outside failsafe': 'deny' });
  });

  it('is the interface that has an address which it expects, where it names none', async () => {
    await apply(hostEndpoint('expectedIPs: ["198.51.100.1"]'));
    await expectVerdicts({ 'outside failsafe': 'allow' });
    await apply(hostEndpoint(`expectedIPs: ["${node}"]`));
    await expectVerdicts({ 'outside failsafe': 'deny' });
  });
});

function addressOfOther(): Promise<string> {
  return lab.kubectlOutput(`get node ${other} -o jsonpath='{.status.addresses[0].address}'`);
}
