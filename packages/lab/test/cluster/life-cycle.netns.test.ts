/** The life of a cluster: real processes, real namespaces, the real API server; only the kubelet is played. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Informer, isNotFound, KubeClient, loadKubeconfig, namespacesPath } from '@weir/client';
import { listNetns } from '@weir/kernel';
import type { Namespace } from '@weir/kube';
import {
  askSupervisor,
  clusterLayout,
  clusterStatus,
  downCluster,
  listClusters,
  loadClusterSnapshot,
  type SupervisorStatus,
  saveClusterSnapshot,
  type UpOptions,
  upCluster,
} from '@weir/lab';
import { bundleProgram } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const root = join(tmpdir(), `weirt-${randomBytes(3).toString('hex')}`);
const script = fileURLToPath(new URL('lifecycle-command.ts', import.meta.url));
const weir = [process.execPath, join(root, 'program.mjs')];
const name = `weirt-${randomBytes(3).toString('hex')}`;

const options: UpOptions = {
  name,
  nodes: 1,
  engine: 'none',
  standIn: false,
  fakes: { nodes: 0, pods: 0, policies: 0 },
  dualStack: true,
  command: weir,
  onProgress: () => undefined,
};

beforeAll(async () => {
  await bundleProgram(script, root);
  process.env['WEIR_STATE_DIR'] = join(root, 'state');
  process.env['WEIR_RUN_DIR'] = join(root, 'run');
});
afterEach(async () => {
  await downCluster(name);
});
afterAll(() => {
  delete process.env['WEIR_STATE_DIR'];
  delete process.env['WEIR_RUN_DIR'];
  rmSync(root, { recursive: true, force: true });
});

async function supervisorStatus(): Promise<SupervisorStatus> {
  return askSupervisor<SupervisorStatus>(clusterLayout(name).supervisorSocket, 'GET', '/status');
}

function isRunning(pid: number | undefined): boolean {
  if (pid === undefined || !existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function expectNothingLeft(pids: readonly (number | undefined)[] = []): void {
  expect(listNetns().filter((netns) => netns.startsWith(`weir-${name}-`))).toEqual([]);
  expect(existsSync(clusterLayout(name).state)).toBe(false);
  expect(existsSync(clusterLayout(name).run)).toBe(false);
  expect(pids.filter(isRunning)).toEqual([]);
  const run = join(root, 'run');
  expect(existsSync(run) ? readdirSync(run) : []).toEqual([]);
}

/** The status code of an answer to a program in the node's namespace; the server's certificate is checked. */
function askFromNode(node: string, url: string): string {
  const code = `require('node:https').get(process.argv[1], { ca: require('node:fs').readFileSync(process.argv[2]) }, (r) => { console.log(r.statusCode); process.exit(); })`;
  const args = ['netns', 'exec', `weir-${name}-${node}`, process.execPath, '-e', code, url, join(clusterLayout(name).pki, 'ca.crt')];
  return execFileSync('ip', args, { encoding: 'utf8', timeout: 20_000 }).trim();
}

async function pidsOfCluster(): Promise<(number | undefined)[]> {
  const status = await supervisorStatus();
  return [status.pid, ...status.children.map(({ pid }) => pid)];
}

describe('a cluster', () => {
  it('comes up, stays when it is asked for again, and goes without a trace', async () => {
    const two = { ...options, nodes: 2 };
    const status = await upCluster(two);
    expect(status).toMatchObject({
      state: 'running',
      dns: true,
      nodes: [
        { name: 'node1', ready: true },
        { name: 'node2', ready: true },
      ],
    });
    expect(await listClusters()).toEqual([name]);
    expect(statSync(status.kubeconfig).mode & 0o777).toBe(0o600);
    const pids = await pidsOfCluster();
    expect(pids).toHaveLength(4);
    expect((await upCluster(two)).state).toBe('running');
    expect(await pidsOfCluster()).toEqual(pids);
    await expect(upCluster(options)).rejects.toThrow(/nodes: it has 2, asked for was 1.*weir down/);
    // Nodes reach the API server by the address of its service, through their own service proxy.
    expect(askFromNode('node2', 'https://10.0.0.1/version')).toMatch(/^(200|401)$/);
    expect(await downCluster(name)).toBe(true);
    expectNothingLeft(pids);
    expect(await downCluster(name)).toBe(false);
    expect(await clusterStatus(name)).toBeUndefined();
  });

  it('keeps its objects when the control plane is killed', async () => {
    await upCluster(options);
    const client = new KubeClient(await loadKubeconfig(clusterLayout(name).kubeconfig));
    await client.create<Namespace>(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } });
    await askSupervisor(clusterLayout(name).supervisorSocket, 'POST', '/children/control-plane/signal?signal=SIGKILL');
    await vi.waitFor(async () => expect((await client.get<Namespace>(namespacesPath, 'kept')).status?.phase).toBe('Active'), 20_000);
    expect((await supervisorStatus()).children[0]).toMatchObject({ name: 'control-plane', restarts: 1, lastExit: 'signal SIGKILL' });
    client.close();
  });

  it('goes back to a snapshot, running or stopped, and whoever watches it goes with it', async () => {
    await upCluster(options);
    const client = new KubeClient(await loadKubeconfig(clusterLayout(name).kubeconfig));
    const create = (namespace: string): Promise<Namespace> =>
      client.create<Namespace>(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const seen = new Set<string>();
    const follow = {
      upsert: ({ metadata }: Namespace) => void seen.add(metadata.name ?? ''),
      remove: ({ metadata }: Namespace) => void seen.delete(metadata.name ?? ''),
    };
    const informer = new Informer<Namespace>(client, namespacesPath, follow);
    informer.start();
    try {
      const file = join(root, 'snapshot');
      const kept = await create('kept');
      const { revision } = await saveClusterSnapshot(name, file);
      await create('later');
      await vi.waitFor(() => expect(seen).toContain('later'), 20_000);
      writeFileSync(join(root, 'damaged'), readFileSync(file, 'utf8').replace('kept', 'tpek'));
      await expect(loadClusterSnapshot(name, join(root, 'damaged'))).rejects.toThrow(
        /damaged is not loaded, and nothing is changed: it is damaged/,
      );
      // Whatever became of the file, the command ends when the API server serves again.
      expect((await clusterStatus(name, 'uncounted'))?.apiServer.ready).toBe(true);
      await vi.waitFor(() => client.get(namespacesPath, 'later'), 20_000);
      expect((await loadClusterSnapshot(name, file)).revision).toBeGreaterThan(revision);
      expect((await clusterStatus(name, 'uncounted'))?.apiServer.ready).toBe(true);
      await vi.waitFor(() => expect(seen).not.toContain('later'), 20_000);
      expect((await client.get<Namespace>(namespacesPath, 'kept')).metadata.uid).toBe(kept.metadata.uid);
      await create('later-still');
      const pids = await pidsOfCluster();
      await askSupervisor(clusterLayout(name).supervisorSocket, 'POST', '/stop');
      await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 20_000);
      await loadClusterSnapshot(name, file);
      await upCluster(options);
      await client.get(namespacesPath, 'kept');
      await expect(client.get(namespacesPath, 'later-still')).rejects.toSatisfy(isNotFound);
    } finally {
      await informer.stop();
      client.close();
    }
  });

  it('goes without a trace also when its supervisor was killed', async () => {
    await upCluster(options);
    const pids = await pidsOfCluster();
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await vi.waitFor(async () => expect((await clusterStatus(name))?.state).toBe('stopped'), { timeout: 20_000 });
    expect(pids.slice(1).every(isRunning)).toBe(true);
    await downCluster(name);
    expectNothingLeft(pids);
  });

  it('is started again by the next up when its supervisor was killed, with the same objects', async () => {
    await upCluster(options);
    const connection = await loadKubeconfig(clusterLayout(name).kubeconfig);
    const client = new KubeClient(connection);
    await client.create<Namespace>(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } });
    const pids = await pidsOfCluster();
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await vi.waitFor(async () => expect((await clusterStatus(name))?.state).toBe('stopped'), { timeout: 20_000 });
    await upCluster(options);
    expect(pids.filter(isRunning)).toEqual([]);
    await client.get(namespacesPath, 'kept');
    await expect(client.get(namespacesPath, 'never')).rejects.toSatisfy(isNotFound);
    client.close();
  });

  it('that cannot come up says why, with the end of the log, and leaves nothing', async () => {
    const attempt = upCluster({ ...options, command: [...weir, '--broken'] });
    await expect(attempt).rejects.toThrow(/node1 does not stay up \(exit code 1\)[\s\S]*this node is broken on purpose/);
    expectNothingLeft();
  });

  it('that is interrupted while it comes up leaves nothing', async () => {
    const interrupt = new AbortController();
    const attempt = upCluster({
      ...options,
      command: [...weir, '--silent'],
      signal: interrupt.signal,
      onProgress: (text) => {
        if (text === 'waiting for node node1') interrupt.abort();
      },
    });
    await expect(attempt).rejects.toMatchObject({ code: 'interrupted' });
    expectNothingLeft();
  });
});
