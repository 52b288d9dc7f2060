/**
 * Engines as pods of kube-system, with the real kubectl: what they say, how often they ended, and what becomes of the
 * rules while they are killed, deleted and rolled out: packets are counted.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { podNetnsName } from '@weir/lab';
import { DatagramStream, PacketCounter } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BackgroundProgram } from './support/background-program.ts';
import { LabCluster } from './support/lab-cluster.ts';

const patience = { timeout: 60_000, interval: 200 };

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 1, more: ['--windows-nodes', '1', '--engine', 'azure'] });
});
afterAll(() => cluster?.down());

const kubectl = (line: string, input?: string): Promise<string> => cluster.kubectlOutput(`-n kube-system ${line}`, input);
const apply = (policy: object): Promise<string> => cluster.kubectlOutput('apply -f -', JSON.stringify(policy));

/** The name of the engine's pod on a node. */
async function podOf(set: string): Promise<string> {
  return kubectl(`get pods -l app.kubernetes.io/name=${set} -o jsonpath='{.items[?(@.status.phase=="Running")].metadata.name}'`);
}

function untilReady(set: string): Promise<void> {
  return vi.waitFor(async () => {
    const ready = await kubectl(`get pods -l app.kubernetes.io/name=${set} --no-headers`);
    expect(ready).toMatch(/^\S+ +1\/1 +Running +[^\n]*$/);
  }, patience);
}

async function agentPid(node: string): Promise<number> {
  const file = join(cluster.directory, 'run', cluster.name, 'pids', `${node}-agent.json`);
  return (JSON.parse(await readFile(file, 'utf8')) as { readonly pid: number }).pid;
}

function policy(name: string, rule: object): object {
  const spec = { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'], ingress: [rule] };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'default' }, spec };
}

describe('an engine', () => {
  it('is one DaemonSet for each system, with the names, labels and images that people know', async () => {
    await Promise.all([untilReady('azure-npm'), untilReady('azure-npm-win')]);
    const pods = await kubectl(
      'get pods -l k8s-app=azure-npm -o jsonpath=\'{range .items[*]}{.spec.nodeName} {.spec.containers[0].image} {.spec.hostNetwork} {.spec.priorityClassName}{"\\n"}{end}\'',
    );
    // Pods are listed by names that end as it happens.
    expect(pods.split('\n').toSorted()).toEqual([
      'node1 mcr.microsoft.com/containernetworking/azure-npm:v1.6.34 true system-node-critical',
      'win1 mcr.microsoft.com/containernetworking/azure-npm:v1.5.5 true system-node-critical',
    ]);
    expect(await kubectl('get nodes -L weir.local/engine,weir.local/engine-version --no-headers')).toMatch(
      /azure +1\.6\.34\n.*azure +1\.5\.5$/,
    );
  });

  it('answers exec with its own commands, for its own node, and with nothing else', async () => {
    const pod = await podOf('azure-npm-win');
    expect(JSON.parse(await kubectl(`exec ${pod} -- weir agent health`))).toMatchObject({ node: 'win1', ready: true, dataplane: 'hns' });
    expect(JSON.parse(await kubectl(`exec ${pod} -- weir agent dump`))).toHaveProperty('programs');
    for (const command of [
      'weir agent cleanup',
      'weir down --all',
      'weir agent dump --gate-socket /run/weir/agent.sock',
      'weir agent health --config=/etc/passwd',
    ]) {
      const { code, stderr } = await cluster.kubectl(`-n kube-system exec ${pod} -- ${command}`);
      expect([command, code]).toEqual([command, 2]);
      expect(stderr).toContain('is not for this place');
    }
  });

  it('is nothing that another pod can pass itself off as', async () => {
    const image = 'mcr.microsoft.com/containernetworking/azure-npm:v1.6.34';
    await kubectl(`run impostor --image=${image} --restart=Never --overrides='{"spec":{"hostNetwork":true}}'`);
    await cluster.kubectlOutput(`run impostor --image=${image} --restart=Never`);
    for (const namespace of ['kube-system', 'default']) {
      const state = "get pod impostor -o jsonpath='{.status.containerStatuses[0].state.waiting.reason}'";
      await vi.waitFor(
        async () => expect(await cluster.kubectlOutput(`-n ${namespace} ${state}`)).toMatch(/ErrImagePull|ImagePullBackOff/),
        patience,
      );
      await cluster.kubectlOutput(`-n ${namespace} delete pod impostor --grace-period=0 --force`);
    }
  });
});

describe('the log of the Windows node’s engine', () => {
  it.each([
    ['named-port', { ports: [{ port: 'http' }] }, 'spec.ingress[0].ports[0].port', 'named ports', 'write the number of the port'],
    ['sctp', { ports: [{ port: 80, protocol: 'SCTP' }] }, 'spec.ingress[0].ports[0].protocol', 'SCTP', 'leave SCTP out'],
    [
      'negative',
      { from: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] } }] },
      'spec.ingress[0].from[0].podSelector.matchExpressions[0]',
      'negative label or namespace selectors',
      'say with In or Exists',
    ],
    [
      'except',
      { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
      'spec.ingress[0].from[0].ipBlock.except',
      'exceptions of an ipBlock',
      'write the blocks that are left',
    ],
  ])(
    'names a policy with %s, its field, the reason and what to do; that of the Linux node does not',
    async (name, rule, field, what, advice) => {
      const [windows, linux] = [await podOf('azure-npm-win'), await podOf('azure-npm')];
      await apply(policy(name, rule));
      const line = await vi.waitFor(async () => {
        const lines = (await kubectl(`logs ${windows} --since=5m --tail=200`)).split('\n');
        const found = lines.find((each) => each.includes(`NetworkPolicy default/${name}`));
        expect(found).toBeDefined();
        return found ?? '';
      }, patience);
      expect(line).toMatch(/^\{"level":"error",/);
      expect(line).toContain(`${field}: Azure network policy manager does not support ${what} on Windows`);
      expect(line).toContain(advice);
      expect(await kubectl(`logs ${linux} --tail=-1`)).not.toContain(`default/${name}`);
    },
  );

  it('of Linux names what the engine refuses everywhere', async () => {
    await apply(policy('six', { from: [{ ipBlock: { cidr: 'fd00::/8' } }] }));
    const linux = await podOf('azure-npm');
    await vi.waitFor(
      async () =>
        expect(await kubectl(`logs ${linux}`)).toMatch(
          /default\/six.*spec\.ingress\[0\]\.from\[0\]\.ipBlock\.cidr: .*does not support IPv6/,
        ),
      patience,
    );
  });
});

describe('the pod of an engine', () => {
  beforeAll(async () => {
    await cluster.kubectlOutput('delete networkpolicy --all');
    await Promise.all(['server', 'friend', 'stranger'].map(startPod));
    await apply(policy('friends', { from: [{ podSelector: { matchLabels: { app: 'friend' } } }] }));
    const target = `${await cluster.addressOf('default', 'server')}:8080`;
    await vi.waitFor(
      async () => expect(await cluster.connect({ namespace: 'default', pod: 'stranger' }, target)).toBe('TIMEOUT'),
      patience,
    );
  });

  it('counts a restart when the agent dies, and keeps its last words; nothing leaks and nothing is lost meanwhile', async () => {
    const pod = await podOf('azure-npm');
    const pid = await agentPid('node1');
    const restarts = `get pod ${pod} -o jsonpath='{.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].lastState.terminated.exitCode}'`;
    await underTraffic(async () => {
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(async () => expect(await kubectl(restarts)).toBe('1 137'), patience);
      await untilReady('azure-npm');
    });
    expect(await agentPid('node1')).not.toBe(pid);
    expect(await kubectl(`logs ${pod} --previous`)).toContain('default/six');
    expect(await kubectl(`logs ${pod}`)).toMatch(/^(?![\s\S]*default\/six)[\s\S]*"msg":"in sync and in force"/);
  });

  it.each([
    ['deleted', (pod: string) => `delete pod ${pod}`],
    ['deleted without a grace period', (pod: string) => `delete pod ${pod} --grace-period=0 --force`],
    ['rolled out anew', () => 'rollout restart ds/azure-npm'],
  ])('that is %s comes back as a new process; nothing leaks and nothing is lost meanwhile', async (_how, command) => {
    const [pod, pid] = [await podOf('azure-npm'), await agentPid('node1')];
    await underTraffic(async () => {
      await kubectl(command(pod));
      await vi.waitFor(async () => expect(await podOf('azure-npm')).toMatch(new RegExp(`^(?!${pod}$)azure-npm-[a-z0-9]+$`)), patience);
      await untilReady('azure-npm');
    });
    expect(await agentPid('node1')).not.toBe(pid);
  });

  it('stays, and its agent with it, when the process of the node starts again', async () => {
    const [pod, pid] = [await podOf('azure-npm'), await agentPid('node1')];
    await cluster.actOn('node1', 'signal?signal=SIGTERM');
    const restarts = `get pod ${pod} -o jsonpath='{.status.containerStatuses[0].restartCount}'`;
    await vi.waitFor(async () => expect(await kubectl(restarts)).toBe('1'), patience);
    await untilReady('azure-npm');
    expect([await podOf('azure-npm'), await agentPid('node1')]).toEqual([pod, pid]);
  });

  it('tells a follower what the agent says from then on', async () => {
    const follower = new BackgroundProgram(`kubectl logs -n kube-system -f ${await podOf('azure-npm')}`, cluster.env);
    try {
      await follower.until(/agent started/);
      await apply(policy('six', { from: [{ ipBlock: { cidr: 'fd00::/8' } }] }));
      await follower.until(/default\/six/);
    } finally {
      await follower.stop();
    }
  });

  it('comes again with its DaemonSet when somebody deletes that', async () => {
    const pod = await podOf('azure-npm');
    await kubectl('delete ds azure-npm');
    await vi.waitFor(async () => expect(await podOf('azure-npm')).toMatch(new RegExp(`^(?!${pod}$)azure-npm-[a-z0-9]+$`)), patience);
    await untilReady('azure-npm');
  });
});

async function startPod(name: string): Promise<void> {
  const overrides = JSON.stringify({ spec: { nodeName: 'node1', terminationGracePeriodSeconds: 0 } });
  await cluster.kubectlOutput(`run ${name} --image=agnhost --labels=app=${name} --overrides='${overrides}' --command -- /agnhost netexec`);
  await cluster.kubectlOutput(`wait --for=condition=Ready pod/${name} --timeout=60s`);
}

async function netnsOf(pod: string): Promise<string> {
  return podNetnsName(cluster.name, await cluster.kubectlOutput(`get pod ${pod} -o jsonpath='{.metadata.uid}'`));
}

/** Does something while a friend and a stranger send to the server, a new connection each millisecond. */
async function underTraffic(act: () => Promise<void>): Promise<void> {
  const address = await cluster.addressOf('default', 'server');
  const counter = new PacketCounter(await netnsOf('server'), { allowed: 'udp dport 7001', denied: 'udp dport 7002' });
  const streams = [
    await DatagramStream.start(await netnsOf('friend'), [{ address, port: 7001, flow: 'each' }]),
    await DatagramStream.start(await netnsOf('stranger'), [{ address, port: 7002, flow: 'each' }]),
  ];
  try {
    await act();
    const [allowed = [], denied = []] = await Promise.all(streams.map((stream) => stream.stop()));
    expect(Math.min(...allowed, ...denied)).toBeGreaterThan(100);
    expect(await counter.settled()).toEqual({ allowed: allowed[0], denied: 0 });
  } finally {
    for (const stream of streams) stream.kill();
  }
}
