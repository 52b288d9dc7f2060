/**
 * Changes of a cluster's nodes and engine that are killed at random points, with their supervisor or without: the next
 * change, and the next start, end in the state that is wished, and nothing of the others is left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listNetns } from '@weir/kernel';
import {
  type ClusterTarget,
  changeCluster,
  clusterLayout,
  endProcess,
  lockHolder,
  type NamedNode,
  readClusterConfig,
  restartCluster,
} from '@weir/lab';
import { bundleProgram, Random } from '@weir/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChangeOrder } from './support/change-process.ts';
import { enginesIn } from './support/engine-traces.ts';
import { LabCluster } from './support/lab-cluster.ts';

const seed = Number(process.env['WEIR_SEED'] ?? Math.floor(Math.random() * 1e9));
/** Changes that are killed. */
const kills = Number(process.env['WEIR_CHANGE_KILLS'] ?? 2);
/** Generous: seconds, where nothing else runs. */
const limitMs = 240_000 + kills * 120_000;
const planes: Readonly<Record<string, readonly string[]>> = { none: [], azure: ['iptables'], calico: ['nftables'], cilium: ['ebpf'] };
const engines = ['none', 'azure', 'calico', 'cilium'] as const;

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2, more: ['--engine', 'azure'] });
  Object.assign(process.env, cluster.env);
});
afterAll(async () => {
  await cluster?.down();
  expect(listNetns().filter((name) => name.includes(cluster.name))).toEqual([]);
});

let revision = 0;
function wish(random: Random): ClusterTarget {
  revision++;
  const node = (index: number): NamedNode => ({ name: `node${index}`, system: 'linux', revision: `image ${revision}` });
  const count = 1 + random.integer(0, 1);
  const nodes = Array.from({ length: count }, (_, index) => node(index + 1));
  return { engine: random.pick(engines), pools: [{ nodes, surge: [node(count + 1)], atOnce: 1 + random.integer(0, 1) }], drainMs: limitMs };
}

let program: string;
beforeAll(async () => {
  program = await bundleProgram(join(import.meta.dirname, 'support', 'change-process.ts'), cluster.directory);
});

/** Kills a change, and perhaps the supervisor, after some of its steps; a change that ends first was not killed. */
async function killed(random: Random): Promise<string> {
  const order: ChangeOrder = { cluster: cluster.name, command: cluster.command, target: wish(random) };
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, ...cluster.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const steps = 1 + random.integer(0, 7);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([lines(child, steps), ended]);
  await Promise.race([sleep(random.integer(0, 399)), ended]);
  child.kill('SIGKILL');
  await ended;
  const withSupervisor = random.chance(0.5);
  const supervisor = lockHolder(clusterLayout(cluster.name).supervisorLock);
  if (withSupervisor && supervisor !== undefined) process.kill(supervisor.pid, 'SIGKILL');
  return `${order.target.engine}, ${order.target.pools[0]?.nodes.length ?? 0} nodes, ${steps} steps${withSupervisor ? ', with the supervisor' : ''}`;
}

function lines({ stdout }: ChildProcess, count: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8').split('\n').length - 1;
      if (seen >= count) resolve();
    });
  });
}

async function expectState({ engine, pools }: ClusterTarget, history: string): Promise<void> {
  const nodes = pools.flatMap((pool) => pool.nodes);
  const names = nodes.map(({ name }) => name);
  const config = await readClusterConfig(cluster.name);
  expect(config, history).toMatchObject({ engine });
  expect(config?.change, history).toBeUndefined();
  expect(config?.nodes.map(({ name, revision: made, engine: own, temporary }) => [name, made, own, temporary]).sort(), history).toEqual(
    nodes.map((node) => [node.name, node.revision, undefined, undefined]),
  );
  expect((await cluster.kubectlOutput('get nodes -o name')).split('\n').sort(), history).toEqual(names.map((name) => `node/${name}`));
  expect(await cluster.kubectlOutput("get nodes -o jsonpath='{.items[*].spec.unschedulable}'"), history).toBe('');
  const namespaces = listNetns().filter((name) => name.startsWith(`weir-${cluster.name}-node`));
  expect(namespaces.sort(), history).toEqual(names.map((name) => cluster.nodeNetns(name)));
  expect(readdirSync(join(clusterLayout(cluster.name).state, 'nodes')).sort(), history).toEqual(names);
  for (const name of names) expect(await enginesIn(cluster.nodeNetns(name)), history).toEqual(planes[engine]);
}

it(
  `a change that is killed is taken over by the next one (seed ${seed})`,
  async () => {
    const random = new Random(seed);
    const history = [`seed ${seed}`];
    for (let kill = 0; kill < kills; kill++) history.push(await killed(random));
    const target = wish(random);
    await changeCluster(cluster.name, target, { command: cluster.command, onProgress: () => undefined });
    await cluster.kubectlOutput('rollout status deployment/coredns -n kube-system --timeout=120s');
    await expectState(target, history.join('; '));
  },
  limitMs,
);

it(
  `a change that is killed is completed by the next start (seed ${seed})`,
  async () => {
    const random = new Random(seed + 1);
    const before = await readClusterConfig(cluster.name);
    const told = await killed(random);
    const wished = (await readClusterConfig(cluster.name))?.change?.target;
    await endSupervisor();
    await restartCluster(cluster.name, { command: cluster.command, onProgress: () => undefined, timeoutMs: 120_000 });
    // One that was killed before it had written anything down was never there.
    if (wished !== undefined) await expectState(wished, `seed ${seed}; ${told}`);
    else expect((await readClusterConfig(cluster.name))?.nodes.length, told).toBeGreaterThanOrEqual(before === undefined ? 0 : 1);
  },
  limitMs,
);

// Long enough that the other often has the lock first, and short enough that it is not found yet.
it.each([50, 150, 300])(
  'a start waits with whichever supervisor lives when a killed command has started another one %i ms before',
  async (beforeMs) => {
    await endSupervisor();
    const [program = '', ...args] = cluster.command;
    const other = spawn(program, [...args, 'lab', 'supervise', '--cluster', cluster.name], {
      env: { ...process.env, ...cluster.env },
      stdio: 'ignore',
      detached: true,
    });
    const otherEnded = new Promise<void>((resolve) => other.once('exit', () => resolve()));
    await sleep(beforeMs);
    await restartCluster(cluster.name, { command: cluster.command, onProgress: () => undefined, timeoutMs: 120_000 });
    const holder = lockHolder(clusterLayout(cluster.name).supervisorLock);
    expect(holder).toBeDefined();
    if (holder?.pid !== other.pid) await otherEnded;
  },
  limitMs,
);

async function endSupervisor(): Promise<void> {
  const supervisor = lockHolder(clusterLayout(cluster.name).supervisorLock);
  if (supervisor !== undefined) await endProcess(supervisor, 30_000);
  expect(existsSync(clusterLayout(cluster.name).config)).toBe(true);
}
