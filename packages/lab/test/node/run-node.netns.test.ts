import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { type KubeClient, podsPath } from '@weir/client';
import { listNetns, openPty } from '@weir/kernel';
import type { Pod } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podNetnsName } from '../../src/index.ts';
import { image, type NodeCluster, startNodeCluster } from '../support/node-cluster.ts';
import { ScriptedGate } from '../support/scripted-gate.ts';

const directory = mkdtempSync(join(tmpdir(), 'weirt-'));
let cluster: NodeCluster;
let client: KubeClient;
let gate: ScriptedGate;

beforeAll(async () => {
  const gateSocket = join(directory, 'gate.sock');
  gate = await ScriptedGate.listen(gateSocket);
  cluster = await startNodeCluster({ gateSocket });
  client = cluster.client;
});

afterAll(async () => {
  // What was not started, because something before it failed, cannot be stopped.
  const started: { readonly cluster?: NodeCluster; readonly gate?: ScriptedGate } = { cluster, gate };
  await started.cluster?.stop();
  started.gate?.close();
  rmSync(directory, { recursive: true, force: true });
  if (started.cluster !== undefined) expect(listNetns().filter((name) => name.includes(cluster.name))).toEqual([]);
});

const run = (...argv: readonly string[]): ReturnType<NodeCluster['kubectl']> => cluster.kubectl(...argv);
const createPod = (name: string, spec: Readonly<Record<string, unknown>>): Promise<Pod> => cluster.createPod(name, spec);
const untilPod = (name: string, condition: (pod: Pod) => boolean): Promise<Pod> => cluster.untilPod(name, condition);

const agnhost = (command: readonly string[], more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  containers: [{ name: 'main', image, command, ...more }],
});
const serve = agnhost(['/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port', '80']);

const get = (name: string): Promise<Pod> => client.get<Pod>(podsPath('default'), name);
const running = (pod: Pod): boolean =>
  pod.status?.phase === 'Running' && pod.status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
const untilGone = (name: string): Promise<void> =>
  expect.poll(() => get(name).catch((error: { code?: number }) => error.code), { timeout: 30_000, interval: 20 }).toBe(404);

describe('a node', () => {
  it('registers itself as ready', async () => {
    await expect.poll(async () => (await run('get', 'nodes')).stdout, { timeout: 20_000 }).toMatch(/node1\s+Ready/);
    const wide = (await run('get', 'nodes', '-o', 'wide')).stdout;
    expect(wide).toContain('10.224.0.4');
  });

  it('runs a pod: address, status, events, sockets, and takes everything away again', async () => {
    const created = await createPod('server', serve);
    const pod = await untilPod('server', running);
    expect(pod.status?.podIP).toMatch(/^10\.224\.0\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])$/);
    expect(pod.status).toMatchObject({
      hostIP: '10.224.0.4',
      qosClass: 'BestEffort',
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, image, state: { running: {} } }],
    });
    expect(gate.added).toContainEqual(expect.objectContaining({ name: 'server', namespace: 'default', addresses: [pod.status?.podIP] }));
    const events = (await run('get', 'events', '--field-selector', 'involvedObject.name=server')).stdout;
    for (const reason of ['Pulled', 'Created', 'Started']) expect(events).toContain(reason);
    await createPod('asker', agnhost(['/agnhost', 'pause']));
    await untilPod('asker', running);
    expect(await run('exec', 'asker', '--', '/agnhost', 'connect', `${pod.status?.podIP ?? ''}:80`, '--timeout=3s')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await run('logs', 'server')).stdout).toMatch(/Serving on port 80\.\n.*TCP request from 10\.224\.0\.\d+:\d+\n$/s);
    expect((await run('logs', 'server', '--tail=1')).stdout).toMatch(/TCP request/);
    await run('delete', 'pod', 'server', 'asker', '--wait=false');
    await untilGone('server');
    const uid = created.metadata.uid ?? '';
    await expect.poll(() => listNetns(), { timeout: 10_000 }).not.toContain(podNetnsName(cluster.name, uid));
    await expect.poll(() => gate.removed, { timeout: 10_000 }).toContain(uid);
  });

  it('starts nothing before the gate opens, and says why', async () => {
    gate.open = false;
    await createPod('gated', serve);
    await expect
      .poll(async () => (await run('describe', 'pod', 'gated')).stdout, { timeout: 20_000 })
      .toContain('not in sync with the API server');
    const pod = await get('gated');
    expect(pod.status?.phase).toBe('Pending');
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
    gate.open = true;
    await untilPod('gated', running);
    await run('delete', 'pod', 'gated');
  });
});

describe('containers', () => {
  it.each([
    ['Never', 'exit 0', 'Succeeded', 0],
    ['Never', 'exit 3', 'Failed', 3],
    ['OnFailure', 'exit 0', 'Succeeded', 0],
  ])('with restartPolicy %s and `%s` end %s', async (restartPolicy, script, phase, exitCode) => {
    const name = `ends-${restartPolicy.toLowerCase()}-${exitCode}`;
    await createPod(name, { restartPolicy, ...agnhost(['sh', '-c', `echo out; ${script}`]) });
    const pod = await untilPod(name, ({ status }) => status?.phase === phase);
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
    });
    expect((await run('logs', name)).stdout).toBe('out\n');
    await run('delete', 'pod', name);
  });

  it('that fail are started again, then backed off', async () => {
    await createPod('crash', agnhost(['sh', '-c', 'exit 1']));
    const pod = await untilPod('crash', ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff');
    expect(pod.status?.phase).toBe('Running');
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
    expect((await run('get', 'pod', 'crash')).stdout).toContain('CrashLoopBackOff');
    await run('delete', 'pod', 'crash');
  });

  it('of unknown images are refused with what the lab offers', async () => {
    await createPod('nginx', { containers: [{ name: 'main', image: 'nginx:1.27' }] });
    await untilPod('nginx', ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff');
    expect((await run('describe', 'pod', 'nginx')).stdout).toMatch(/built-in images are: agnhost/);
    await run('delete', 'pod', 'nginx');
  });

  it('whose program does not exist say so', async () => {
    await createPod('none', agnhost(['/no/such/program']));
    const pod = await untilPod('none', ({ status }) => status?.containerStatuses?.[0]?.lastState?.terminated !== undefined);
    expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
    await run('delete', 'pod', 'none');
  });

  it('start after their init containers and see their environment', async () => {
    await createPod('initial', {
      restartPolicy: 'Never',
      initContainers: [
        { name: 'sidecar', image, command: ['/agnhost', 'pause'], restartPolicy: 'Always' },
        { name: 'first', image, command: ['sh', '-c', 'sleep 0.1; echo first'] },
      ],
      containers: [
        {
          name: 'main',
          image,
          command: ['sh', '-c', 'echo $(GREETING) $POD_IP $NAME'],
          env: [
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'GREETING', value: 'hello-$(NAME)' },
          ],
        },
      ],
    });
    const pod = await untilPod('initial', ({ status }) => status?.phase === 'Succeeded');
    expect((await run('logs', 'initial', '-c', 'main')).stdout).toBe(`hello-initial ${pod.status?.podIP ?? ''} initial\n`);
    expect((await run('logs', 'initial', '-c', 'first')).stdout).toBe('first\n');
    await run('delete', 'pod', 'initial');
  });

  it('get TERM first and KILL after the grace period', async () => {
    const graceful = agnhost(['sh', '-c', 'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done']);
    const stubborn = agnhost(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
    await createPod('graceful', { ...graceful, terminationGracePeriodSeconds: 30 });
    await createPod('stubborn', { ...stubborn, terminationGracePeriodSeconds: 1 });
    for (const name of ['graceful', 'stubborn'])
      await expect.poll(async () => (await run('logs', name)).stdout, { timeout: 20_000 }).toBe('ready\n');
    expect((await run('delete', 'pod', 'graceful', 'stubborn')).code).toBe(0);
    await untilGone('graceful');
    await untilGone('stubborn');
  });

  it('use the node’s own network with hostNetwork', async () => {
    await createPod('host', { hostNetwork: true, ...agnhost(['/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port=8099']) });
    const pod = await untilPod('host', running);
    expect(pod.status?.podIP).toBe('10.224.0.4');
    await createPod('asker2', agnhost(['/agnhost', 'pause']));
    await untilPod('asker2', running);
    expect((await run('exec', 'asker2', '--', '/agnhost', 'connect', '10.224.0.4:8099', '--timeout=3s')).code).toBe(0);
    await run('delete', 'pod', 'host', 'asker2');
  });
});

describe('exec and attach', () => {
  beforeAll(async () => {
    await createPod('box', agnhost(['/agnhost', 'pause']));
    await untilPod('box', running);
  });

  it.each([
    [
      ['/agnhost', 'connect', '10.224.0.4:9', '--timeout=1s'],
      { code: 1, stdout: '', stderr: 'REFUSED\ncommand terminated with exit code 1\n' },
    ],
    [['sh', '-c', 'echo out; echo err >&2; exit 4'], { code: 4, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 4\n' }],
    [['hostname'], { code: 0, stdout: 'box\n', stderr: '' }],
  ])('runs %j', async (command, expected) => {
    expect(await run('exec', 'box', '--', ...command)).toEqual(expected);
  });

  it('says that a program does not exist', async () => {
    const result = await run('exec', 'box', '--', 'no-such-program');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('executable file not found in $PATH');
  });

  it('passes standard input and its end', async () => {
    const child = spawn(cluster.kubectlPath, ['--kubeconfig', cluster.kubeconfig, 'exec', '-i', 'box', '--', 'cat']);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stdin.end('through\n');
    const [code] = (await once(child, 'close')) as [number];
    expect([code, text]).toEqual([0, 'through\n']);
  });

  it('gives `kubectl run -it -- bash` a shell that works', async () => {
    const terminal = startInTerminal([
      'run',
      '-it',
      'client',
      '--restart=Never',
      `--image=${image}`,
      '--overrides={"spec":{"nodeName":"node1","terminationGracePeriodSeconds":0}}',
      '--command',
      '--',
      'bash',
    ]);
    await terminal.until('client:/# ');
    terminal.type('tty; stty size\n');
    await terminal.until('/dev/pts/0');
    await terminal.until('31 97');
    terminal.type('/agnhost connect 10.224.0.4:9 --timeout=3s --protocol=tcp; echo code=$((0+$?))\n');
    await terminal.until('REFUSED');
    await terminal.until('code=1');
    terminal.type('exit 0\n');
    expect(await terminal.exited).toBe(0);
    await untilPod('client', ({ status }) => status?.phase === 'Succeeded');
    await run('delete', 'pod', 'client');
  });

  it('follows logs until the container ends', async () => {
    await createPod('talker', { restartPolicy: 'Never', ...agnhost(['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.1; done']) });
    await untilPod('talker', ({ status }) => status?.phase !== 'Pending');
    expect((await run('logs', '-f', 'talker')).stdout).toBe('line 1\nline 2\nline 3\n');
    await run('delete', 'pod', 'talker');
  });
});

describe('a node whose addresses are all taken', () => {
  it('lets further pods wait with an Event that names the block, and starts each when an address is free', async () => {
    const addresses = 64;
    const more = 3;
    const names = Array.from({ length: addresses + more }, (_, index) => `many-${index}`);
    const list = async (): Promise<readonly Pod[]> =>
      (await client.list<Pod>(podsPath('default'), { labelSelector: 'app=many' })).items.filter(
        ({ metadata }) => metadata.deletionTimestamp === undefined,
      );
    const ready = async (): Promise<number> => (await list()).filter(running).length;
    await run('delete', 'pod', '--all', '--grace-period=1', '--wait=false');
    await expect.poll(async () => (await client.list(podsPath('default'))).items, { timeout: 30_000 }).toEqual([]);
    const spec = { nodeName: 'node1', terminationGracePeriodSeconds: 0, ...agnhost(['/agnhost', 'pause']) };
    await Promise.all(
      names.map((name) =>
        client.create(podsPath('default'), {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace: 'default', labels: { app: 'many' } },
          spec,
        } as unknown as Pod),
      ),
    );
    await expect.poll(ready, { timeout: 60_000 }).toBe(addresses);
    const waiting = (await list()).filter((pod) => !running(pod)).map(({ metadata }) => metadata.name ?? '');
    expect(waiting).toHaveLength(more);
    for (const name of waiting) {
      await expect
        .poll(async () => (await run('get', 'events', '--field-selector', `involvedObject.name=${name}`)).stdout, { timeout: 20_000 })
        .toContain('all addresses of 10.224.0.64/26 are taken');
    }
    const first = (await list()).filter(running).slice(0, more);
    await Promise.all(first.map(({ metadata }) => client.delete(podsPath('default'), metadata.name ?? '', { gracePeriodSeconds: 0 })));
    await expect.poll(async () => (await Promise.all(waiting.map(get))).every(running), { timeout: 60_000 }).toBe(true);
    const held = (await list()).map(({ status }) => status?.podIP);
    expect(new Set(held).size).toBe(addresses);
    await run('delete', 'pod', '-l', 'app=many', '--wait=false');
    await expect.poll(async () => (await client.list(podsPath('default'))).items, { timeout: 60_000 }).toEqual([]);
  });
});

describe('a node process that starts again', () => {
  it('starts its pods again with their addresses and removes what belongs to nobody', async () => {
    await createPod('stays', serve);
    const before = await untilPod('stays', running);
    const goes = await createPod('goes', serve);
    await untilPod('goes', running);
    await cluster.stopNode();
    await client.delete(podsPath('default'), 'goes', { gracePeriodSeconds: 0 });
    expect(listNetns()).toContain(podNetnsName(cluster.name, goes.metadata.uid ?? ''));
    await cluster.startNode();
    const after = await untilPod('stays', (pod) => running(pod) && (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    expect(after.status?.podIP).toBe(before.status?.podIP);
    expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(1);
    await expect.poll(() => listNetns(), { timeout: 10_000 }).not.toContain(podNetnsName(cluster.name, goes.metadata.uid ?? ''));
  });
});

function startInTerminal(argv: readonly string[]): {
  type(text: string): void;
  until(part: string): Promise<void>;
  readonly exited: Promise<number>;
} {
  const pty = openPty({ columns: 97, rows: 31 });
  const child: ChildProcess = spawn('setsid', ['-c', '-w', cluster.kubectlPath, '--kubeconfig', cluster.kubeconfig, ...argv], {
    stdio: [pty.slave, pty.slave, pty.slave],
  });
  closeSync(pty.slave);
  const stream = new ReadStream(pty.master);
  const output = { text: '' };
  stream.on('error', () => stream.destroy());
  stream.on('data', (chunk) => {
    output.text += chunk.toString();
  });
  return {
    type: (text) => void stream.write(text),
    until: (part) => expect.poll(() => output.text, { timeout: 30_000, interval: 10 }).toContain(part),
    exited: new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1))),
  };
}
