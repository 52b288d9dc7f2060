import { eventsPath, podsPath } from '@weir/client';
import { listNetns } from '@weir/kernel';
import type { ContainerStatus, KubeObject, Pod } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { image, type NodeCluster, startNodeCluster } from '../support/node-cluster.ts';

let cluster: NodeCluster;

beforeAll(async () => {
  cluster = await startNodeCluster({ restartDelays: { firstMs: 300, longestMs: 1_200 } });
});
afterAll(async () => {
  await cluster.stop();
  expect(listNetns().filter((name) => name.includes(cluster.name))).toEqual([]);
});

const container = (name: string, script: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  name,
  image,
  command: ['sh', '-c', script],
  ...more,
});
/** Serves HTTP on port 80 inside the node's process. */
const server = (name: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  name,
  image,
  command: ['/agnhost', 'netexec', '--http-port=80', '--udp-port=-1'],
  ports: [{ name: 'http', containerPort: 80 }],
  ...more,
});
const idle = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
const often = { periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5 };

const statusOf = (pod: Pod, name: string): ContainerStatus | undefined =>
  [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ].find((status) => status.name === name);
const condition = (pod: Pod, type: string): string | undefined => pod.status?.conditions?.find((entry) => entry.type === type)?.status;
const isReady = (pod: Pod): boolean => condition(pod, 'Ready') === 'True';
const logs = async (pod: string, name: string): Promise<string> => (await cluster.kubectl('logs', pod, '-c', name)).stdout;
const remove = (...names: readonly string[]): Promise<unknown> => cluster.kubectl('delete', 'pod', ...names, '--wait=false');

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 100 });

interface SeenEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** Polls the Events of a pod for a text; they are written after what they tell of. */
async function untilEvent(pod: string, text: string): Promise<void> {
  await eventually(async () => {
    const { items } = await cluster.client.list<SeenEvent>(eventsPath('default'), { fieldSelector: `involvedObject.name=${pod}` });
    expect(items.map(({ type, reason, message }) => `${type} ${reason} ${message}`).join('\n')).toContain(text);
  });
}

describe.concurrent('init containers', () => {
  it('run in order, each until it succeeds, before the main ones', async () => {
    await cluster.createPod('in-order', {
      restartPolicy: 'OnFailure',
      initContainers: [
        container('first', 'echo first; test -s /dev/shm/tried || { echo x > /dev/shm/tried; exit 1; }'),
        container('second', 'echo second'),
      ],
      containers: [container('main', 'echo main')],
    });
    // Nothing of the first run is left in a new sandbox, so it fails for ever.
    const failing = await cluster.untilPod('in-order', (pod) => (statusOf(pod, 'first')?.restartCount ?? 0) >= 2);
    expect(failing.status?.phase).toBe('Pending');
    expect(condition(failing, 'Initialized')).toBe('False');
    expect(statusOf(failing, 'main')?.state?.waiting?.reason).toBe('PodInitializing');
    expect(statusOf(failing, 'second')?.state?.waiting?.reason).toBe('PodInitializing');
    expect((await cluster.kubectl('get', 'pod', 'in-order')).stdout).toMatch(/Init:(0\/2|Error|CrashLoopBackOff)/);
    await untilEvent('in-order', 'Warning BackOff Back-off restarting failed container first in pod in-order_default(');
    await remove('in-order');
  });

  it('fail their pod with restartPolicy Never', async () => {
    await cluster.createPod('init-fails', {
      restartPolicy: 'Never',
      initContainers: [container('first', 'exit 4')],
      containers: [container('main', 'exit 0')],
    });
    const pod = await cluster.untilPod('init-fails', ({ status }) => status?.phase === 'Failed');
    expect(statusOf(pod, 'first')?.state?.terminated).toMatchObject({ exitCode: 4, reason: 'Error' });
    expect(statusOf(pod, 'main')?.state?.waiting?.reason).toBe('PodInitializing');
    await remove('init-fails');
  });

  it('with restartPolicy Always start before the next one, start again on their own and end after the main ones, the last first', async () => {
    const sidecar = (name: string): Readonly<Record<string, unknown>> =>
      container(name, `trap "echo ${name} ends at $(date +%s%N | cut -c1-13); exit 0" TERM; ${idle.slice(idle.indexOf('while'))}`, {
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['true'] }, ...often },
      });
    await cluster.createPod('sidecars', {
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Never',
      initContainers: [sidecar('one'), sidecar('two'), container('check', 'echo checked')],
      containers: [container('main', 'echo works; sleep 1')],
    });
    const pod = await cluster.untilPod('sidecars', ({ status }) => status?.phase === 'Succeeded');
    const ended = (name: string): number => Date.parse(statusOf(pod, name)?.state?.terminated?.finishedAt ?? '');
    const began = (name: string): number => Date.parse(statusOf(pod, name)?.state?.terminated?.startedAt ?? '');
    expect(began('one')).toBeLessThanOrEqual(began('two'));
    expect(began('two')).toBeLessThanOrEqual(began('check'));
    expect(ended('check')).toBeLessThanOrEqual(began('main'));
    expect(ended('main')).toBeLessThanOrEqual(ended('two'));
    expect(ended('two')).toBeLessThanOrEqual(ended('one'));
    expect(condition(pod, 'Initialized')).toBe('True');
    await remove('sidecars');
  });
});

describe.concurrent('probes', () => {
  it('make a container ready and not ready, over HTTP, by the name of its port', async () => {
    await cluster.createPod('http', {
      containers: [server('main', { readinessProbe: { httpGet: { path: '/hostname', port: 'http' }, ...often } })],
      readinessGates: [{ conditionType: 'example.com/gate' }],
    });
    const waiting = await cluster.untilPod('http', (pod) => condition(pod, 'ContainersReady') === 'True');
    expect(isReady(waiting)).toBe(false);
    expect(waiting.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
    });
    const gate = { status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } };
    await cluster.client.patch(podsPath('default'), 'http', gate, { type: 'strategic', subresource: 'status' });
    const ready = await cluster.untilPod('http', isReady);
    expect(ready.status?.observedGeneration).toBe(ready.metadata.generation);
    expect(condition(ready, 'example.com/gate')).toBe('True');
    await remove('http');
  });

  it('that fail say why and keep a container from being ready', async () => {
    await cluster.createPod('unready', {
      containers: [
        server('main', { readinessProbe: { httpGet: { path: '/healthz', port: 80 }, ...often } }),
        container('closed', idle, { readinessProbe: { tcpSocket: { port: 81 }, ...often } }),
      ],
    });
    await untilEvent('unready', 'Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 412');
    await untilEvent('unready', ':81: connect: connection refused');
    const pod = await cluster.untilPod('unready', ({ status }) => status?.phase === 'Running');
    expect(pod.status?.conditions?.find(({ type }) => type === 'ContainersReady')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main closed]',
    });
    expect(statusOf(pod, 'main')).toMatchObject({ started: true, ready: false });
    await remove('unready');
  });

  it('start a container again that does not live, built-in programs like others', async () => {
    const livenessProbe = { exec: { command: ['sh', '-c', 'echo sick; exit 1'] }, ...often };
    await cluster.createPod('sick', {
      containers: [
        server('builtin', { livenessProbe }),
        container('machine', idle, { livenessProbe, readinessProbe: { exec: { command: ['true'] }, ...often } }),
      ],
    });
    for (const name of ['builtin', 'machine']) {
      await untilEvent('sick', `Normal Killing Container ${name} failed liveness probe, will be restarted`);
    }
    await untilEvent('sick', 'Warning Unhealthy Liveness probe failed: sick');
    await cluster.untilPod('sick', (pod) => ['builtin', 'machine'].every((name) => (statusOf(pod, name)?.restartCount ?? 0) >= 1));
    await remove('sick');
  });

  it('of the startup hold back the others, and end a container that does not come up', async () => {
    await cluster.createPod('slow', {
      containers: [
        container('up', `(sleep 1; echo > /tmp/up) & ${idle}`, {
          startupProbe: { exec: { command: ['cat', '/tmp/up'] }, ...often, failureThreshold: 60 },
          livenessProbe: { exec: { command: ['cat', '/tmp/up'] }, ...often },
        }),
      ],
    });
    await cluster.createPod('down', {
      restartPolicy: 'Never',
      containers: [container('main', idle, { startupProbe: { exec: { command: ['false'] }, ...often } })],
    });
    const up = await cluster.untilPod('slow', isReady);
    expect(statusOf(up, 'up')).toMatchObject({ restartCount: 0, started: true });
    await untilEvent('down', 'Normal Killing Container main failed startup probe');
    await cluster.untilPod('down', ({ status }) => status?.phase === 'Failed');
    await remove('slow', 'down');
  });
});

describe.concurrent('the end', () => {
  it('is announced to preStop, then TERM, and both see what postStart did', async () => {
    await cluster.createPod('hooks', {
      terminationGracePeriodSeconds: 30,
      containers: [
        container(
          'main',
          'trap "echo TERM after $(cat /tmp/stopping); exit 0" TERM; while :; do sleep 0.05; done'.replace('$(cat', '\\$(cat'),
          {
            lifecycle: {
              postStart: { exec: { command: ['sh', '-c', 'echo started > /tmp/started'] } },
              preStop: { exec: { command: ['sh', '-c', 'cp /tmp/started /tmp/stopping'] } },
            },
          },
        ),
      ],
    });
    await cluster.untilPod('hooks', isReady);
    const follow = cluster.kubectl('logs', '-f', 'hooks');
    await remove('hooks');
    expect((await follow).stdout).toBe('TERM after started\n');
    await untilEvent('hooks', 'Normal Killing Stopping container main');
  });

  it('comes to a container whose postStart fails', async () => {
    await cluster.createPod('post-start', {
      restartPolicy: 'Never',
      containers: [container('main', idle, { lifecycle: { postStart: { exec: { command: ['false'] } } } })],
    });
    await cluster.untilPod('post-start', (pod) => statusOf(pod, 'main')?.state?.terminated !== undefined);
    await untilEvent('post-start', 'Warning FailedPostStartHook PostStartHook failed');
    await remove('post-start');
  });

  it('leaves a message, from the container’s file or from its log', async () => {
    await cluster.createPod('words', {
      restartPolicy: 'Never',
      containers: [
        container('file', 'echo -n farewell > /dev/termination-log; exit 3'),
        container('other', 'echo -n elsewhere > /tmp/last', { terminationMessagePath: '/tmp/last' }),
        container('log', 'echo from the log; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
        container('silent', 'echo from the log', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ],
    });
    const pod = await cluster.untilPod('words', ({ status }) => status?.phase === 'Failed');
    const words = ['file', 'other', 'log', 'silent'].map((name) => statusOf(pod, name)?.state?.terminated?.message);
    expect(words).toEqual(['farewell', 'elsewhere', 'from the log\n', undefined]);
    await remove('words');
  });

  it('comes to a program that uses more memory than it may', async () => {
    await cluster.createPod('greedy', {
      restartPolicy: 'Never',
      containers: [container('main', 'exec tail /dev/zero', { resources: { limits: { memory: '24Mi' } } })],
    });
    const pod = await cluster.untilPod('greedy', ({ status }) => status?.phase === 'Failed');
    expect(statusOf(pod, 'main')?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    await remove('greedy');
  });

  it('comes to a pod that is active for longer than it may', async () => {
    await cluster.createPod('late', { activeDeadlineSeconds: 2, containers: [container('main', idle), server('server')] });
    const pod = await cluster.untilPod('late', ({ status }) => status?.phase === 'Failed');
    expect(pod.status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    expect(pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined)).toBe(false);
    await remove('late');
  });

  it('comes sooner when somebody deletes once more with less patience', async () => {
    await cluster.createPod('patience', {
      terminationGracePeriodSeconds: 600,
      containers: [container('main', 'trap "" TERM; echo ready; while :; do sleep 0.05; done')],
    });
    await eventually(async () => expect(await logs('patience', 'main')).toBe('ready\n'));
    await remove('patience');
    await untilEvent('patience', 'Normal Killing Stopping container main');
    await cluster.client.delete(podsPath('default'), 'patience', { gracePeriodSeconds: 1 });
    await eventually(async () => {
      const gone = await cluster.client.get(podsPath('default'), 'patience').catch((error: { code?: number }) => error.code);
      expect(gone).toBe(404);
    });
  });
});

describe.concurrent('containers of one pod', () => {
  it('share host name and memory of System V, and processes where the pod says so', async () => {
    await cluster.createPod('shared', {
      shareProcessNamespace: true,
      containers: [container('one', `ipcmk -Q > /dev/null; echo made; ${idle}`), { name: 'two', image, command: ['/agnhost', 'pause'] }],
    });
    await cluster.createPod('separate', { containers: [container('one', `: one; ${idle}`), container('two', idle)] });
    for (const name of ['shared', 'separate']) await cluster.untilPod(name, isReady);
    await eventually(async () => expect(await logs('shared', 'one')).toBe('made\n'));
    const inTwo = async (pod: string, script: string): Promise<string> =>
      (await cluster.kubectl('exec', pod, '-c', 'two', '--', 'sh', '-c', script)).stdout;
    expect(await inTwo('shared', 'hostname; ipcs -q | grep -c 0x')).toBe('shared\n1\n');
    const processes = 'for p in /proc/[0-9]*; do tr "\\\\0" " " < $p/cmdline; echo; done';
    expect(await inTwo('shared', processes)).toMatch(/ipcmk(.|\n)*agnhost|agnhost(.|\n)*ipcmk/);
    expect(await inTwo('separate', processes)).not.toContain(': one;');
    await remove('shared', 'separate');
  });

  it('are joined by ephemeral ones, which see the processes of their target', async () => {
    await cluster.createPod('debugged', { containers: [container('main', idle), container('other', idle)] });
    await cluster.untilPod('debugged', isReady);
    const script = 'for p in /proc/[0-9]*; do tr "\\\\0" " " < $p/cmdline; echo; done';
    const debug = await cluster.kubectl(
      'debug',
      'debugged',
      `--image=${image}`,
      '--target=main',
      '--container=tool',
      '--quiet',
      '--',
      'sh',
      '-c',
      script,
    );
    expect(debug).toMatchObject({ code: 0 });
    const pod = await cluster.untilPod('debugged', (seen) => statusOf(seen, 'tool')?.state?.terminated !== undefined);
    expect(statusOf(pod, 'tool')?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect((await logs('debugged', 'tool')).match(/trap "exit 0"/g)).toHaveLength(1);
    expect(pod.status?.phase).toBe('Running');
    await remove('debugged');
  });

  it('can be copied for debugging', async () => {
    await cluster.createPod('original', { containers: [container('main', idle)] });
    await cluster.untilPod('original', isReady);
    const copied = await cluster.kubectl(
      'debug',
      'original',
      '--copy-to=copy',
      '--same-node',
      '--container=main',
      '--quiet',
      '--',
      'sh',
      '-c',
      `echo copied; ${idle}`,
    );
    expect(copied).toMatchObject({ code: 0 });
    await cluster.untilPod('copy', isReady);
    await eventually(async () => expect(await logs('copy', 'main')).toBe('copied\n'));
    await remove('original', 'copy');
  });
});

describe('a container that ends again and again', () => {
  it('waits longer each time and tells of its last end', async () => {
    await cluster.createPod('crash', { containers: [container('main', 'exit 7')] });
    const pod = await cluster.untilPod('crash', (seen) => {
      const status = statusOf(seen, 'main');
      return status?.restartCount === 2 && status.state?.waiting?.reason === 'CrashLoopBackOff';
    });
    expect(statusOf(pod, 'main')).toMatchObject({
      ready: false,
      started: false,
      state: {
        waiting: { message: expect.stringMatching(/^back-off 600ms restarting failed container=main pod=crash_default\(.+\)$/) as string },
      },
      lastState: { terminated: { exitCode: 7, reason: 'Error' } },
    });
    expect(pod.status?.phase).toBe('Running');
    await remove('crash');
  });
});
