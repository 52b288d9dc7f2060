/**
 * The ARM endpoint of real clusters is killed at random points of what it does, with a cluster's supervisor or without: the
 * next one tells what was cut off as Failed, the same request completes it, policies hold meanwhile, and nothing is left.
 *
 * `WEIR_ARM_KILLS=N` kills N operations between creation and deletion; `WEIR_SEED=S` at other points.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listNetns } from '@weir/kernel';
import { clusterLayout, lockHolder, readClusterConfig } from '@weir/lab';
import { Random, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answered } from '../packages/aks/test/support/arm-request.ts';
import { ArmClient } from './support/arm-client.ts';
import { ClusterGuard } from './support/cluster-guard.ts';
import { enginesIn } from './support/engine-traces.ts';
import { OutsideProber } from './support/outside-prober.ts';

const seed = Number(process.env['WEIR_SEED'] ?? Math.floor(Math.random() * 1e9));
const kills = Number(process.env['WEIR_ARM_KILLS'] ?? 2);
const limitMs = 300_000 + kills * 120_000;
const settleMs = 120_000;
const random = new Random(seed);
const history: string[] = [`seed ${seed}`];
const planes: Readonly<Record<string, readonly string[]>> = { none: [], azure: ['iptables'], calico: ['nftables'], cilium: ['ebpf'] };

const root = join(import.meta.dirname, '..');
const command = [process.execPath, join(root, 'packages', 'cli', 'bin', 'weir.js')];
const name = `weirt-${randomBytes(3).toString('hex')}`;
const directory = mkdtempSync(join(tmpdir(), `${name}-`));
const env = {
  WEIR_STATE_DIR: join(directory, 'state'),
  WEIR_RUN_DIR: join(directory, 'run'),
  KUBECACHEDIR: join(directory, 'cache'),
  HOME: directory,
  PATH: `${join(root, '.setup', 'bin')}:${process.env['PATH'] ?? ''}`,
};
const guard = new ClusterGuard({ down: [...command, 'down', '--all'], env, directory });

const group = '/resourceGroups/rg';
const path = `${group}/providers/Microsoft.ContainerService/managedClusters/c1`;
const client = new ArmClient(command);
/** The lab's name of the cluster. */
let lab = '';

beforeAll(async () => {
  Object.assign(process.env, env);
  await client.start();
  await client.ask('POST', '/providers/Microsoft.ContainerService/register');
  await client.ask('PUT', group, { location: 'canadaeast' });
});
afterAll(async () => {
  const { code, stderr } = await runProgram(command[0] ?? '', [...command.slice(1), 'down', '--all'], { env });
  guard.dismiss();
  const left = leftOnMachine();
  rmSync(directory, { recursive: true, force: true });
  expect([code, left], stderr).toEqual([0, []]);
});

/** What there is of the clusters, or of anything that was started here. */
function leftOnMachine(): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...listNetns().filter((netns) => lab !== '' && netns.startsWith(`weir-${lab}-`)),
    ...mounts.filter((line) => line.includes(` ${directory}/`)),
    ...readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && commandLine(pid).includes(`${directory}/`)),
  ];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const kubectl = async (line: string, input?: string): Promise<string> => {
  const kubeconfig = clusterLayout(lab).kubeconfig;
  const { code, stdout, stderr } = await runProgram('bash', ['-c', `kubectl --kubeconfig=${kubeconfig} ${line}`], { env, input });
  expect(code, `${history.join('; ')}: kubectl ${line}\n${stdout}${stderr}`).toBe(0);
  return stdout.trim();
};

type Ask = () => Promise<Answered>;
interface Properties {
  readonly provisioningState: string;
  readonly powerState: { readonly code: string };
  readonly networkProfile: { readonly networkPolicy: string };
  readonly agentPoolProfiles: readonly { readonly name: string; readonly count: number }[];
}

async function shown(): Promise<Properties | undefined> {
  const answer = await client.ask('GET', path);
  return answer?.status === 200 ? (answer.json['properties'] as Properties) : undefined;
}

/** Waits for a state that stays; undefined when there is no cluster. */
async function settled(): Promise<Properties | undefined> {
  for (const deadlineMs = Date.now() + settleMs; ; await sleep(50)) {
    const properties = await shown();
    if (properties === undefined || ['Succeeded', 'Failed'].includes(properties.provisioningState)) return properties;
    expect(Date.now(), `${history.join('; ')}: still ${properties.provisioningState}`).toBeLessThan(deadlineMs);
  }
}

/** Asks, kills after a while, which may be after the end, and starts anew; the state is then one that stays. */
async function killedIn(
  what: string,
  ask: Ask,
  { longestMs, alsoSupervisor }: { longestMs: number; alsoSupervisor: boolean },
): Promise<void> {
  const afterMs = random.integer(0, longestMs);
  history.push(`${what} killed after ${afterMs} ms${alsoSupervisor ? ', with the supervisor' : ''}`);
  const answer = await ask();
  expect(answer?.status, `${history.join('; ')}: ${JSON.stringify(answer?.json)}`).toBeLessThan(300);
  await sleep(afterMs);
  await client.kill();
  if (alsoSupervisor) killSupervisor();
  await client.start();
  const operation = await settled();
  if (operation !== undefined) expect(['Succeeded', 'Failed'], history.join('; ')).toContain(operation.provisioningState);
}

function killSupervisor(): void {
  const supervisor = lockHolder(clusterLayout(lab).supervisorLock);
  if (supervisor !== undefined) process.kill(supervisor.pid, 'SIGKILL');
}

/** A request that came to its end before the kill has nothing left to be done, and may be refused. */
async function completed(ask: Ask): Promise<void> {
  const before = await shown();
  const again = await ask();
  if (!(before?.provisioningState === 'Succeeded' && again?.status === 400)) {
    expect(again?.status, `${history.join('; ')}: ${JSON.stringify(again?.json)}`).toBeLessThan(300);
  }
  const after = await settled();
  expect(after?.provisioningState, `${history.join('; ')}: ${await reason()}`).toBe('Succeeded');
}

async function reason(): Promise<string> {
  const log = readFileSync(join(env.WEIR_STATE_DIR, 'arm', 'arm.log'), 'utf8');
  return log.split('\n').slice(-25).join('\n');
}

/** The lab is what the endpoint says, in the kernel too. */
async function expectReality(): Promise<void> {
  const told = history.join('; ');
  const properties = await shown();
  const config = await readClusterConfig(lab);
  expect(config?.change, told).toBeUndefined();
  if (properties?.powerState.code === 'Stopped') {
    expect(lockHolder(clusterLayout(lab).supervisorLock), told).toBeUndefined();
    return;
  }
  // What ran a command that was killed is taken away by the next one.
  await expect.poll(() => kubectl('get pods,secrets -n aks-command -o name'), { timeout: settleMs, message: told }).toBe('');
  const engine = properties?.networkProfile.networkPolicy ?? '';
  const counts = properties?.agentPoolProfiles.reduce((sum, { count }) => sum + count, 0);
  const names = config?.nodes.map((node) => node.name).sort() ?? [];
  expect([config?.engine, names.length], told).toEqual([engine, counts]);
  const nodes = await kubectl(
    `get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.spec.unschedulable}{"\\n"}{end}'`,
  );
  expect(
    nodes
      .split('\n')
      .map((line) => line.trim())
      .sort(),
    told,
  ).toEqual(names.map((node) => `${node} True`));
  const known = listNetns().filter((netns) => netns.startsWith(`weir-${lab}-aks-`));
  expect(known.sort(), told).toEqual(names.map((node) => `weir-${lab}-${node}`));
  for (const node of names) expect(await enginesIn(`weir-${lab}-${node}`), `${told}: ${node}`).toEqual(planes[engine]);
}

const manifests = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'guarded' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'guarded' } },
      template: {
        metadata: { labels: { app: 'guarded' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: 'agnhost', command: ['/agnhost', 'netexec', '--http-port=8080'] }],
        },
      },
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'guarded' },
    spec: { podSelector: { matchLabels: { app: 'guarded' } }, policyTypes: ['Ingress'] },
  },
];

let probers = 0;
function prober(): Promise<OutsideProber> {
  probers += 1;
  const options = { cluster: lab, kubeconfig: clusterLayout(lab).kubeconfig, guarded: 'guarded', port: 8080 };
  return OutsideProber.begin(options, { name: `prober${probers}`, address: `203.0.113.${probers}` });
}

/** A PUT of the whole as it is, with something changed, as az sends it. */
const changed =
  (change: (properties: Record<string, unknown>) => object): Ask =>
  async () => {
    const json = (await client.ask('GET', path))?.json;
    const properties = json?.['properties'] as Record<string, unknown>;
    return client.ask('PUT', path, { ...json, properties: { ...properties, ...change(properties) } });
  };
const toEngine = (networkPolicy: string): Ask =>
  changed(({ networkProfile }) => ({
    networkProfile: { ...(networkProfile as object), networkPolicy, ...(networkPolicy === 'cilium' ? { networkDataplane: 'cilium' } : {}) },
  }));
const toCount = (count: number): Ask =>
  changed(({ agentPoolProfiles }) => ({ agentPoolProfiles: (agentPoolProfiles as object[]).map((pool) => ({ ...pool, count })) }));
const toVersion = (version: string): Ask =>
  changed(({ agentPoolProfiles }) => ({
    kubernetesVersion: version,
    agentPoolProfiles: (agentPoolProfiles as object[]).map((pool) => ({ ...pool, orchestratorVersion: version })),
  }));
const post =
  (action: string, body?: object): Ask =>
  () =>
    client.ask('POST', `${path}/${action}`, body);

/** What is done to the cluster between its creation and its end; those that go together follow one another. */
const operations: readonly (readonly [what: string, ask: Ask, isEngineChange?: true])[][] = [
  [
    ['a pool made larger', toCount(3)],
    ['a pool made smaller', toCount(2)],
  ],
  [['nodes re-imaged', post('agentPools/nodepool1/upgradeNodeImageVersion')]],
  [
    ['a pool added', () => client.ask('PUT', `${path}/agentPools/second`, { properties: { count: 1, mode: 'User' } })],
    ['a pool removed', () => client.ask('DELETE', `${path}/agentPools/second`)],
  ],
  [
    ['a stop', post('stop')],
    ['a start', post('start')],
  ],
  [
    ['an engine taken away', toEngine('none'), true],
    ['an engine installed', toEngine('calico'), true],
  ],
  [
    ['an engine taken away', toEngine('none'), true],
    ['an engine installed', toEngine('azure'), true],
  ],
  [['another version', toVersion('1.35')]],
  [['certificates rotated', post('rotateClusterCertificates')]],
  [['a command', post('runCommand', { command: 'kubectl get nodes; sleep 1' })]],
];

it(`a creation that is killed is told as failed, and completed by the same request (seed ${seed})`, { timeout: limitMs }, async () => {
  const create: Ask = () =>
    client.ask('PUT', path, {
      location: 'canadaeast',
      properties: {
        dnsPrefix: 'c',
        networkProfile: { networkPlugin: 'azure', networkPolicy: 'azure' },
        agentPoolProfiles: [{ name: 'nodepool1', count: 2, mode: 'System', type: 'VirtualMachineScaleSets', osType: 'Linux' }],
      },
      identity: { type: 'SystemAssigned' },
    });
  await killedIn('a creation', create, { longestMs: 4_000, alsoSupervisor: false });
  await completed(create);
  [lab = ''] = readdirSync(join(env.WEIR_STATE_DIR, 'clusters'));
  await expectReality();
  await kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  await kubectl('rollout status deployment/guarded --timeout=120s');
});

it(`an operation that is killed is completed by the same request, and lets no packet through (seed ${seed})`, {
  timeout: limitMs,
}, async () => {
  for (let kill = 0; kill < kills; ) {
    for (const [what, ask, isEngineChange = false] of random.pick(operations)) {
      const isRunning = (await shown())?.powerState.code === 'Running';
      const watching = isEngineChange || !isRunning ? undefined : await prober();
      await killedIn(what, ask, { longestMs: 5_000, alsoSupervisor: random.chance(0.3) });
      await completed(ask);
      await expectReality();
      const view = await watching?.stop();
      if (view !== undefined) {
        expect(view.denied, history.join('; ')).toBeGreaterThan(0);
        expect(view.leaks, history.join('; ')).toEqual([]);
      }
      kill += 1;
    }
  }
});

it.each([false, true])(
  'nodes that wait for another engine get the old one back when nobody completes the change (supervisor killed too: %s)',
  { timeout: limitMs },
  async (alsoSupervisor) => {
    const { networkPolicy: engine = '' } = (await shown())?.networkProfile ?? {};
    history.push(`${engine} to none, killed when a node has none`);
    await toEngine('none')();
    await expect
      .poll(async () => (await readClusterConfig(lab))?.nodes.some((node) => node.engine === 'none'), { timeout: settleMs, interval: 5 })
      .toBe(true);
    await client.kill();
    if (alsoSupervisor) {
      killSupervisor();
      await client.start();
    }
    const names = async (): Promise<readonly string[]> => (await readClusterConfig(lab))?.nodes.map((node) => node.name) ?? [];
    await expect
      .poll(async () => Promise.all((await names()).map((node) => enginesIn(`weir-${lab}-${node}`))), {
        timeout: settleMs,
        message: history.join('; '),
      })
      .toEqual((await names()).map(() => planes[engine]));
    await kubectl('rollout status deployment/guarded --timeout=120s');
    const watching = await prober();
    const addresses = await kubectl("get pods -l app=guarded -o jsonpath='{.items[*].status.podIP}'");
    for (const address of addresses.split(' ')) await expect.poll(() => watching.isAnswered(address), { timeout: settleMs }).toBe(false);
    await watching.stop();
    if (!alsoSupervisor) await client.start();
    // Whoever was not happy with the change takes it back, as AKS has it: by another one.
    expect((await settled())?.provisioningState, history.join('; ')).toBe('Failed');
    await completed(toEngine(engine));
    await expectReality();
  },
);

it(`a deletion that is killed is completed by the same request, and nothing is left (seed ${seed})`, { timeout: limitMs }, async () => {
  await killedIn('a deletion of the group', () => client.ask('DELETE', group), { longestMs: 2_000, alsoSupervisor: random.chance(0.5) });
  const again = await client.ask('DELETE', group);
  expect([202, 404], history.join('; ')).toContain(again?.status);
  await expect.poll(async () => (await client.ask('GET', group))?.status, { timeout: settleMs, message: history.join('; ') }).toBe(404);
  expect((await client.ask('GET', '/resourceGroups'))?.json['value'], history.join('; ')).toEqual([]);
  expect(existsSync(clusterLayout(lab).state), history.join('; ')).toBe(false);
  expect(
    leftOnMachine().filter((left) => !/^\d+$/.test(left)),
    history.join('; '),
  ).toEqual([]);
});
