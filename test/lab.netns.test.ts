/**
 * The lab as a whole, as people use it: clusters side by side, their own manifests, external hosts,
 * both families, processes that die, and nothing left at the end.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { faultsOf } from './schemas/published-schema.ts';
import { LabCluster } from './support/lab-cluster.ts';

const weirCommand = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'weir.js');
const waiting = { timeout: 40_000, interval: 200 };

/** One node with Weir's engine; its directories hold the other clusters of this file too. */
let lab: LabCluster;
beforeAll(async () => {
  lab = await LabCluster.up();
});
afterAll(async () => {
  await lab?.weir(['down', '--all']);
  await lab?.down();
});

/** Runs kubectl on another cluster of the same directories. */
const kubectlOn = async (cluster: string, line: string, input?: string): Promise<string> =>
  lab.kubectlOutput(`--kubeconfig ${join(lab.directory, 'state', 'clusters', cluster, 'kubeconfig')} ${line}`, input);

interface Status {
  readonly name: string;
  readonly state: string;
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly restarts: number }[];
  readonly nodes: readonly { readonly agent?: { readonly answers: boolean } }[];
}

const statusOf = async (cluster: string): Promise<{ code: number; status: Status }> => {
  const { code, stdout } = await lab.weir(['status', '--name', cluster, '-o', 'json']);
  expect(faultsOf('status', JSON.parse(stdout))).toEqual([]);
  const [status] = JSON.parse(stdout) as Status[];
  if (status === undefined) throw new Error(`no status of ${cluster}`);
  return { code, status };
};

const pidOf = async (cluster: string, process: string): Promise<number> => {
  const { status } = await statusOf(cluster);
  return status.processes.find(({ name }) => name === process)?.pid ?? 0;
};

/** What exists of a cluster: namespaces, processes, mounts, files. */
const tracesOf = (cluster: string): string[] => {
  const named = readdirSync('/run/netns').filter((name) => name.startsWith(`weir-${cluster}-`));
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(commandLineOf)
    .filter((line) => line.includes(join(lab.directory, 'state', 'clusters', `${cluster}/`)) || line.endsWith(`--cluster ${cluster}`));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const directories = [join(lab.directory, 'state', 'clusters', cluster), join(lab.directory, 'run', cluster)];
  return [...named, ...processes, ...mounts.filter((line) => line.includes(`/clusters/${cluster}/`)), ...directories.filter(existsSync)];
};

const commandLineOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
};

/** Runs `ip netns exec` in an external host. */
const onHost = (cluster: string, host: string, script: string): Promise<Finished> =>
  runProgram('ip', ['netns', 'exec', `weir-${cluster}-h-${host}`, 'timeout', '2', 'bash', '-c', script]);

const shop = readFileSync(join(import.meta.dirname, 'testdata', 'shop.yaml'), 'utf8');

describe('a dual-stack cluster of two nodes with stand-ins', () => {
  let name = '';
  const connect = async (pod: string, target: string, protocol = 'tcp'): Promise<string> => {
    const kubeconfig = join(lab.directory, 'state', 'clusters', name, 'kubeconfig');
    const command = `--kubeconfig ${kubeconfig} exec -n shop ${pod} -- /agnhost connect ${target} --timeout=1s --protocol=${protocol}`;
    const { stdout, stderr } = await lab.kubectl(command);
    return `${stdout}${stderr}`.replace(/^command terminated with exit code \d+$/m, '').trim();
  };
  const addressesOf = async (selector: string): Promise<string[]> => {
    const line = `get pod -n shop -l ${selector} -o jsonpath='{.items[*].status.podIPs[*].ip}'`;
    return (await kubectlOn(name, line)).split(' ');
  };

  beforeAll(async () => {
    // The name starts with that of the other cluster: the two must not take each other's namespaces.
    name = `${lab.name}-b`;
    const up = await lab.weir(['up', '--name', name, '--nodes', '2', '--dual-stack', '--stand-in']);
    expect(up).toMatchObject({ code: 0 });
    for (const args of [
      ['ext1', '--ip', '203.0.113.10', '--ip', '2001:db8::10', '--serve', '8000', '--serve', '5353/UDP'],
      ['ext2', '--ip', '203.0.113.66'],
    ]) {
      expect(await lab.weir(['lab', 'host', 'add', ...args, '--name', name])).toMatchObject({ code: 0 });
    }
    await kubectlOn(name, 'apply -f -', shop);
    await kubectlOn(name, 'wait --for=condition=Ready pod --all -n shop --timeout=60s');
  });

  it("runs people's own manifests: other images, services of every kind, in both families", async () => {
    const ready = await kubectlOn(
      name,
      "get deployment -n shop -o jsonpath='{range .items[*]}{.metadata.name}={.status.readyReplicas} {end}'",
    );
    expect(ready.trim().split(' ').sort()).toEqual(['database=1', 'redis=1', 'web=2']);
    for (const target of ['web', 'web.shop.svc.cluster.local:80', 'web-headless']) {
      expect(await connect('buyer', target.includes(':') ? target : `${target}:80`)).toBe('');
    }
    const both = await kubectlOn(name, "get service web-both -n shop -o jsonpath='{.spec.clusterIPs[*]}'");
    for (const address of both.split(' '))
      expect(await connect('buyer', address.includes(':') ? `[${address}]:80` : `${address}:80`)).toBe('');
  });

  it('enforces policies between nodes and in both families', async () => {
    const addresses = await addressesOf('app=web');
    expect(addresses).toHaveLength(4);
    for (const address of addresses) {
      const target = address.includes(':') ? `[${address}]:80` : `${address}:80`;
      expect([target, await connect('buyer', target), await connect('stranger', target)]).toEqual([target, '', 'TIMEOUT']);
    }
  });

  it('has a computed matrix that equals the tried one, in both families', async () => {
    const { code, stdout } = await lab.weir(['matrix', '--name', name, '--probe', '-o', 'json']);
    const { cells, differences } = JSON.parse(stdout) as {
      cells: { family: number; computed: string; probed?: string }[];
      differences: number;
    };
    expect({ code, differences }).toEqual({ code: 0, differences: 0 });
    expect(faultsOf('matrix', JSON.parse(stdout))).toEqual([]);
    for (const family of [4, 6]) {
      const tried = cells.filter((cell) => cell.family === family && cell.probed !== undefined);
      expect(new Set(tried.map(({ computed }) => computed))).toEqual(new Set(['allow', 'deny']));
    }
  });

  it('lets external hosts in by address block, not those that the block excepts, and shows a NodePort', async () => {
    const [address = ''] = await addressesOf('app=web');
    const open = (target: string): string => `exec 3<>/dev/tcp/${target}`;
    expect(await onHost(name, 'ext1', open(`${address}/80`))).toMatchObject({ code: 0 });
    expect((await onHost(name, 'ext2', open(`${address}/80`))).code).toBe(124);
    // The port of every node leads to the pod of redis, wherever that is.
    for (const node of ['10.224.0.4', '10.224.0.5']) expect(await onHost(name, 'ext1', open(`${node}/30079`))).toMatchObject({ code: 0 });
  });

  it('lets pods out to external hosts as their policies say, by address and by name', async () => {
    expect(await connect('stranger', '203.0.113.10:8000')).toBe('');
    expect(await connect('stranger', '[2001:db8::10]:8000')).toBe('');
    expect(await connect('stranger', 'ext1:5353', 'udp')).toBe('');
    // Only ext1 is in the block of the buyer's policy, and only port 8000 of it.
    expect(await connect('buyer', '203.0.113.10:8000')).toBe('');
    expect(await connect('buyer', '[2001:db8::10]:8000')).toBe('TIMEOUT');
    expect(await connect('buyer', '203.0.113.66:8000')).toBe('TIMEOUT');
  });

  it('explains flows with hosts, services and addresses', async () => {
    const why = async (...flow: string[]): Promise<{ verdict: string } | { verdict: string }[]> => {
      const { stdout } = await lab.weir(['why', ...flow, '--name', name, '-o', 'json']);
      return JSON.parse(stdout) as { verdict: string } | { verdict: string }[];
    };
    expect(await why('shop/buyer', 'ext1', '8000')).toMatchObject({ verdict: 'allow', destination: { ip: '203.0.113.10' } });
    expect(await why('shop/buyer', 'ext2', '8000')).toMatchObject({ verdict: 'deny' });
    expect(await why('shop/buyer', '203.0.113.10', '8001')).toMatchObject({ verdict: 'deny' });
    expect(await why('shop/stranger', 'shop/web', '80')).toMatchObject([{ verdict: 'deny' }, { verdict: 'deny' }]);
    expect(await why('ext2', 'shop/buyer', '1')).toMatchObject({ verdict: 'allow', source: { ip: '203.0.113.66' } });
  });

  it('lists hosts with what they serve, refuses what cannot be one, and removes them with their sockets', async () => {
    const list = async (): Promise<{ name: string; serves: string[] }[]> =>
      JSON.parse((await lab.weir(['lab', 'host', 'list', '--name', name, '-o', 'json'])).stdout) as { name: string; serves: string[] }[];
    expect(await list()).toMatchObject([
      { name: 'ext1', addresses: ['203.0.113.10', '2001:db8::10'], serves: ['8000/TCP', '5353/UDP'] },
      { name: 'ext2', addresses: ['203.0.113.66'], serves: [] },
    ]);
    for (const [address, reason] of [
      ['10.224.1.7', 'pods of node node1'],
      ['10.224.0.5', 'node node2'],
      ['10.0.0.10', 'services'],
      ['127.0.0.1', 'special purpose'],
      ['203.0.113.10', 'has this address already'],
    ]) {
      const { code, stderr } = await lab.weir(['lab', 'host', 'add', 'bad', '--ip', address ?? '', '--name', name]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(reason ?? '') as string });
    }
    expect(await lab.weir(['lab', 'host', 'remove', 'ext1', '--name', name])).toMatchObject({ code: 0 });
    expect((await list()).map((host) => host.name)).toEqual(['ext2']);
    expect(await connect('stranger', '203.0.113.10:8000')).toContain('no route to host');
    expect(await lab.weir(['lab', 'host', 'remove', 'ext1', '--name', name])).toMatchObject({ code: 3 });
  });

  it('goes without a trace and leaves the other cluster alone', async () => {
    expect(await lab.weir(['down', '--name', name])).toMatchObject({ code: 0 });
    expect(tracesOf(name)).toEqual([]);
    expect((await statusOf(lab.name)).code).toBe(0);
  });
});

describe('a cluster without an engine', () => {
  it('stores policies and does not enforce them, and says so', async () => {
    const name = `${lab.name}-n`;
    expect(await lab.weir(['up', '--name', name, '--engine', 'none'])).toMatchObject({ code: 0 });
    await kubectlOn(name, 'run server --image=agnhost:2.33 --port=80 -- netexec --http-port=80 --udp-port=-1');
    await kubectlOn(name, 'run client --image=agnhost:2.33 -- pause');
    await kubectlOn(name, 'apply -f -', denyAll);
    await kubectlOn(name, 'wait --for=condition=Ready pod --all --timeout=60s');
    const { code, stdout, stderr } = await lab.weir(['matrix', '--name', name, '--namespace', 'default', '--probe', '-o', 'json']);
    expect(stderr).toContain('has no policy engine');
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 1, differences: 2 });
    expect(await lab.weir(['down', '--name', name])).toMatchObject({ code: 0 });
    expect(tracesOf(name)).toEqual([]);
  });
});

const denyAll = JSON.stringify({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
});

describe('a running cluster', () => {
  let target = '';
  const reach = (): Promise<string> => lab.connect({ namespace: 'default', pod: 'client' }, target);
  const restartsOf = (pod: string): Promise<string> =>
    lab.kubectlOutput(`get pod ${pod} -o jsonpath='{.status.containerStatuses[0].restartCount}'`);

  beforeAll(async () => {
    await lab.kubectlOutput('run server --image=agnhost:2.33 --port=80 -- netexec --http-port=80 --udp-port=-1');
    await lab.kubectlOutput('run client --image=agnhost:2.33 --command -- sleep infinity');
    await lab.kubectlOutput('wait --for=condition=Ready pod --all --timeout=60s');
    target = `${await lab.addressOf('default', 'server')}:80`;
    expect(await reach()).toBe('');
  });

  it('is left alone by an equal up, and refused to one of another shape with what differs', async () => {
    const again = await lab.weir(['up', '--name', lab.name, '-o', 'json']);
    expect({ code: again.code, ...(JSON.parse(again.stdout) as object) }).toMatchObject({ code: 0, state: 'running' });
    const { code, stderr } = await lab.weir(['up', '--name', lab.name, '--nodes', '2', '--dual-stack']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/nodes: it has 1, asked for was 2; dual-stack: it has false, asked for was true/);
  });

  it('is not touched from another state directory', async () => {
    const elsewhere = { ...lab.env, WEIR_STATE_DIR: join(lab.directory, 'state-2'), WEIR_RUN_DIR: join(lab.directory, 'run-2') };
    for (const command of ['up', 'down']) {
      const { code, stderr } = await runProgram(process.execPath, [weirCommand, command, '--name', lab.name], { env: elsewhere });
      expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('of another state directory') as string });
    }
    expect((await statusOf(lab.name)).code).toBe(0);
  });

  it('keeps its rules while its agent hangs or is dead, and says so in its status', async () => {
    await lab.kubectlOutput('apply -f -', denyAll);
    await vi.waitFor(async () => expect(await reach()).toBe('TIMEOUT'), waiting);
    process.kill(await pidOf(lab.name, 'node1-agent'), 'SIGSTOP');
    const hanging = await statusOf(lab.name);
    expect(hanging).toMatchObject({ code: 1, status: { state: 'degraded', nodes: [{ agent: { answers: false } }] } });
    expect(await reach()).toBe('TIMEOUT');
    process.kill(await pidOf(lab.name, 'node1-agent'), 'SIGKILL');
    expect(await reach()).toBe('TIMEOUT');
    await vi.waitFor(async () => expect((await statusOf(lab.name)).code).toBe(0), waiting);
    expect((await lab.weir(['status', '--name', lab.name])).stdout).toContain('node1-agent: running, started again once');
    expect(await reach()).toBe('TIMEOUT');
    await lab.kubectlOutput('delete networkpolicy deny-all');
    await vi.waitFor(async () => expect(await reach()).toBe(''), waiting);
  });

  it('loses nothing when its control plane is killed', async () => {
    process.kill(await pidOf(lab.name, 'control-plane'), 'SIGKILL');
    await vi.waitFor(async () => expect((await statusOf(lab.name)).code).toBe(0), waiting);
    expect(await reach()).toBe('');
    expect(await restartsOf('client')).toBe('0');
  });

  it('starts its pods again when its node is killed, with their addresses', async () => {
    process.kill(await pidOf(lab.name, 'node1'), 'SIGKILL');
    await vi.waitFor(async () => expect(await restartsOf('client')).toBe('1'), waiting);
    await vi.waitFor(async () => expect(await reach()).toBe(''), waiting);
  });

  it('comes back with its objects and hosts after a reboot', async () => {
    await lab.weir(['lab', 'host', 'add', 'ext1', '--ip', '203.0.113.10', '--serve', '80', '--name', lab.name]);
    await crash(lab.name);
    expect(await statusOf(lab.name)).toMatchObject({ code: 1, status: { state: 'stopped' } });
    expect(await lab.weir(['up', '--name', lab.name])).toMatchObject({ code: 0 });
    await vi.waitFor(async () => expect(await reach()).toBe(''), waiting);
    expect(await lab.connect({ namespace: 'default', pod: 'client' }, 'ext1:80')).toBe('');
  });

  it('goes without a trace after a crash as well', async () => {
    await crash(lab.name);
    expect(await lab.weir(['down', '--all'])).toMatchObject({ code: 0 });
    expect(tracesOf(lab.name)).toEqual([]);
    expect(existsSync(join(lab.directory, 'state'))).toBe(false);
    expect(existsSync(join(lab.directory, 'run'))).toBe(false);
  });
});

/** Ends all processes and namespaces at once, as a reboot does; the files stay. */
const crash = async (cluster: string): Promise<void> => {
  const supervisor = join(lab.directory, 'run', cluster, 'supervisor.started');
  const pids = [(JSON.parse(readFileSync(supervisor, 'utf8')) as { pid: number }).pid];
  pids.push(...(await statusOf(cluster)).status.processes.map(({ pid }) => pid));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  for (const netns of readdirSync('/run/netns').filter((name) => name.startsWith(`weir-${cluster}-`))) {
    await runProgram('bash', ['-c', `ip netns pids ${netns} | xargs -r kill -9; ip netns del ${netns}`]);
  }
};

/** Starts `weir up` and sends it a signal once it says `moment`; gives its exit code, null when the signal ended it. */
function upInterrupted(name: string, signal: NodeJS.Signals, moment: string): Promise<number | null> {
  const up = spawn(process.execPath, [weirCommand, 'up', '--name', name], { env: { ...process.env, ...lab.env } });
  let text = '';
  let sent = false;
  up.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (sent || !text.includes(moment)) return;
    sent = true;
    up.kill(signal);
  });
  return new Promise((resolve) => up.on('close', resolve));
}

describe('an up that is interrupted', () => {
  it.each([
    ['SIGINT', 'making cluster'],
    ['SIGINT', 'waiting for the API server'],
    ['SIGTERM', 'waiting for node'],
    ['SIGKILL', 'waiting for the API server'],
  ] as const)('by %s at "%s" leaves nothing', async (signal, moment) => {
    const name = `${lab.name}-i`;
    let code = await upInterrupted(name, signal, moment);
    // It may be ready before the signal arrives.
    for (let tries = 1; code === 0 && tries < 5; tries++) {
      expect(await lab.weir(['down', '--name', name])).toMatchObject({ code: 0 });
      code = await upInterrupted(name, signal, moment);
    }
    expect(code).toBe(signal === 'SIGKILL' ? null : 1);
    // Nobody can clean up after a SIGKILL but the next down.
    if (signal === 'SIGKILL') expect(await lab.weir(['down', '--name', name])).toMatchObject({ code: 0 });
    expect(tracesOf(name)).toEqual([]);
  });
});
