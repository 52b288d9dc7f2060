/**
 * Engines in the lab: whole clusters behave as the table of profiles says, on Linux and on Windows nodes,
 * and `weir why` says the same without being told the engine. Each row on each data plane is in
 * `engine-table.netns.test.ts`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectTcp } from '@weir/kernel';
import { hostNetnsName } from '@weir/lab';
import { type EngineName, type EngineProfile, engineProfiles, unsupportedOn } from '@weir/model';
import { defined } from '@weir/net';
import { runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EngineScene, type Outcome, patience, policy } from './support/engine-scene.ts';
import { HeldConnection } from './support/held-connection.ts';
import { LabCluster } from './support/lab-cluster.ts';

const heldPort = 7_000;
const closed = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

const verdict = (isAllowed: boolean): Outcome => (isAllowed ? 'allow' : 'deny');

/** The tests of a cluster that may have Windows nodes. */
function describeEngine(profile: EngineProfile, scene: () => EngineScene): void {
  const hasWindows = profile.dataplanes.windows !== undefined;
  const reachesOwnNode = profile.podReachesOwnNode.includes('linux');

  it(`is enforced by the data planes of its engine, which ${profile.establishedFlows} what is established when a policy closes its pods`, async () => {
    const { cluster } = scene();
    const { stdout } = await cluster.weir(['status', '--name', cluster.name]);
    expect(stdout).toContain(`engine ${profile.name}`);
    expect(stdout).toMatch(new RegExp(`node1 .*in force \\(${profile.dataplanes.linux}\\)`));
    if (hasWindows) expect(stdout).toMatch(new RegExp(`win1 .*in force \\(${profile.dataplanes.windows ?? ''}\\)`));
    const held: HeldConnection[] = [];
    try {
      for (const to of hasWindows ? ['pod', 'win'] : ['pod'])
        held.push(await HeldConnection.open({ cluster, namespace: 'demo', from: 'client', to, port: heldPort }));
      for (const each of held) expect(await each.answers(patience.timeout)).toBe(true);
      await scene().enforce(policy('closed', closed));
      await scene().outcomes({
        'client > node': verdict(reachesOwnNode),
        'client > pod': 'deny',
        ...(hasWindows ? { 'client > win': 'deny' } : {}),
      });
      for (const each of held) {
        if (profile.establishedFlows === 'keep') expect(await each.answers(patience.timeout)).toBe(true);
        else {
          await vi.waitFor(async () => expect(await each.answers(300)).toBe(false), patience);
          expect(await each.answers(1_000)).toBe(false);
        }
      }
    } finally {
      for (const each of held) each.close();
    }
  });

  // Elsewhere the packets of engine-table are enough; here the agent has to follow nodes.
  if (!profile.ipBlockMatchesNodes) {
    it('lets blocks mean pods and nodes as the table says', async () => {
      const everybody = { ipBlock: { cidr: '0.0.0.0/0' } };
      await scene().enforceOnly(policy('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [everybody] }] }));
      await scene().outcomes({
        'client > pod': verdict(profile.ipBlockMatchesPods),
        'client > node': verdict(profile.ipBlockMatchesNodes || reachesOwnNode),
      });
    });
  }

  if (!hasWindows) return;

  it('refuses a policy with an IPv6 block where the table says so, with status and Event', async () => {
    await scene().cluster.kubectlOutput('delete networkpolicy --all -n demo');
    const spec = { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 'fd00::/8' } }] }] };
    const gap = defined(
      profile.unsupported.find(({ feature }) => feature === 'ipv6'),
      'both engines of Windows lack IPv6 there',
    );
    await scene().refused('wide', spec, { message: gap.message, field: 'spec.ingress[0].from[0].ipBlock.cidr' });
    const isOpen = profile.unsupportedPolicies === 'not enforced';
    await scene().outcomes({ 'client > pod': verdict(isOpen && gap.operatingSystem === 'any'), 'client > win': verdict(isOpen) });
  });

  it('enforces policies on pods of Windows nodes, and refuses negative selectors there where the table says so', async () => {
    const letIn = (match: unknown): unknown => ({
      podSelector: { matchLabels: { app: 'win' } },
      ingress: [{ from: [{ podSelector: match }] }],
    });
    await scene().enforceOnly(
      policy('clients', letIn({ matchLabels: { app: 'client' } })),
      policy('quiet', { podSelector: { matchLabels: { app: 'win' } }, policyTypes: ['Egress'] }),
    );
    await scene().outcomes({ 'client > win': 'allow', 'pod > win': 'deny', 'win > pod': 'deny', 'client > pod': 'allow' });
    const others = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['client'] }] };
    const gap = unsupportedOn({ profile, system: 'windows', expandsUnsupported: false }).find(
      ({ feature }) => feature === 'negative-selector',
    );
    if (gap === undefined) {
      await scene().enforce(policy('clients', letIn(others)));
      await scene().outcomes({ 'client > win': 'deny', 'pod > win': 'allow', 'win > pod': 'deny' });
    } else {
      await scene().refused('others', letIn(others), {
        message: gap.message,
        field: 'spec.ingress[0].from[0].podSelector.matchExpressions[0]',
      });
      // What is in force of other policies goes on.
      await scene().outcomes({ 'client > win': 'allow', 'pod > win': 'deny', 'win > pod': 'deny' });
    }
  });
}

const fakePods = Number(process.env['WEIR_FAKE_PODS'] ?? 0);
/** Options of `weir up` besides the engine and a Windows node. */
const further: { readonly [engine in EngineName]?: readonly string[] } = {
  azure: ['--fake-nodes', '251', '--fake-pods', String(fakePods)],
  calico: ['--windows-expand-unsupported'],
};
/** All come up at once, since coming up is mostly waiting. Azure's stays to the end: the Event about its size is written within a minute. */
const scenes = new Map<EngineName, Promise<EngineScene>>();
beforeAll(() => {
  for (const { name } of compared) {
    const beginning = EngineScene.begin(engineProfiles[name], further[name] ?? []);
    beginning.catch(() => undefined);
    scenes.set(name, beginning);
  }
});
afterAll(async () => {
  const begun = await Promise.allSettled(scenes.values());
  await Promise.all(begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value.cluster.down()] : [])));
});

/** The cluster of an engine; throws why it did not come up. */
function sceneOf(engine: EngineName): Promise<EngineScene> {
  return defined(scenes.get(engine), `there is a cluster as ${engine}`);
}

const compared = [engineProfiles.azure, engineProfiles.calico, engineProfiles.cilium];

describe.each(compared)('a cluster that behaves like $name', (profile) => {
  let scene: EngineScene;
  beforeAll(async () => {
    scene = await sceneOf(profile.name);
  });
  describeEngine(profile, () => scene);
});

describe('weir up', () => {
  it('has Windows nodes enforce except with --windows-expand-unsupported, and weir matrix judge so', async () => {
    const calico = await sceneOf('calico');
    const but = `${await calico.cluster.addressOf('demo', 'pod')}/32`;
    const ingress = [{ from: [{ ipBlock: { cidr: '10.224.0.0/16', except: [but] } }] }];
    await calico.enforceOnly(policy('but', { podSelector: { matchLabels: { app: 'win' } }, ingress }));
    await calico.outcomes({ 'client > win': 'allow', 'pod > win': 'deny' });
  });

  it('takes --dataplane in place of what the engine has', async () => {
    const cluster = await LabCluster.up({ more: ['--engine', 'cilium', '--dataplane', 'nftables'] });
    try {
      const { stdout } = await cluster.weir(['status', '--name', cluster.name]);
      expect(stdout).toContain('engine cilium');
      expect(stdout).toMatch(/node1 .*in force \(nftables\)/);
    } finally {
      await cluster.down();
    }
  });

  it('refuses clusters that the engine cannot serve with exit 2, and makes nothing', async () => {
    const refusals = [
      [['--engine', 'azure', '--dual-stack'], /ended with 2:\n.*does not support IPv6: leave out --dual-stack/],
      [['--engine', 'cilium', '--windows-nodes', '1'], /ended with 2:\n.*cilium runs on Linux only: leave out --windows-nodes/],
    ] as const;
    await Promise.all(refusals.map(([more, reason]) => expect(LabCluster.up({ more })).rejects.toThrow(reason)));
  });
});

describe('NodePort traffic as azure', () => {
  it('goes past ingress policies with externalTrafficPolicy: Cluster, and is judged with Local', async () => {
    const azure = await sceneOf('azure');
    const { cluster } = azure;
    await cluster.kubectlOutput('delete networkpolicy --all -n demo');
    const services = (['Cluster', 'Local'] as const).map((externalTrafficPolicy, i) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: externalTrafficPolicy.toLowerCase(), namespace: 'demo' },
      spec: { type: 'NodePort', externalTrafficPolicy, selector: { app: 'pod' }, ports: [{ port: 8080, nodePort: 30_100 + i }] },
    }));
    await cluster.kubectlOutput('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: services }));
    expect(await cluster.weir(['lab', 'host', 'add', 'outside', '--ip', '203.0.113.10', '--name', cluster.name])).toMatchObject({
      code: 0,
    });
    const node = await cluster.addressOf('demo', 'node');
    const connects = (port: number, waitMs: number): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connectTcp({ netns: hostNetnsName(cluster.name, 'outside'), address: node, port });
        const settle = (isConnected: boolean): void => {
          clearTimeout(timer);
          socket.destroy();
          resolve(isConnected);
        };
        const timer = setTimeout(() => settle(false), waitMs);
        socket.once('connect', () => settle(true));
        // Refused while the service proxy does not know the service yet.
        socket.once('error', () => settle(false));
      });
    for (const port of [30_100, 30_101]) await vi.waitFor(async () => expect(await connects(port, 5_000)).toBe(true), patience);
    await azure.enforce(policy('closed', closed));
    expect(await Promise.all([connects(30_100, 30_000), connects(30_101, 1_000)])).toEqual([true, false]);
  });
});

describe('beyond the documented limit of azure', () => {
  it('every agent warns and has a metric, one Event says so, and enforcement goes on', async () => {
    const azure = await sceneOf('azure');
    const { cluster } = azure;
    const over = { nodes: 250, ...(fakePods > 20_000 ? { pods: 20_000 } : {}) };
    const messages = Object.entries(over).map(
      ([what, limit]) => `The cluster has more than ${limit} ${what}, which is the documented limit of the engine azure.`,
    );
    const script = "fetch('http://127.0.0.1:9477/metrics').then((answer) => answer.text()).then(console.log)";
    await vi.waitFor(async () => {
      for (const node of ['node1', 'win1']) {
        const log = await readFile(join(cluster.directory, 'state', 'clusters', cluster.name, 'logs', `${node}-agent.log`), 'utf8');
        for (const message of messages) expect(log).toContain(`"msg":"${message}`);
        const { stdout } = await runProgram('ip', ['netns', 'exec', cluster.nodeNetns(node), process.execPath, '-e', script], {});
        expect(stdout).toMatch(/^weir_scale_limit_exceeded\{what="nodes"\} 1$/m);
        expect(stdout).toContain(`weir_scale_limit_exceeded{what="pods"} ${fakePods > 20_000 ? 1 : 0}\n`);
      }
    }, patience);
    await azure.enforceOnly(policy('closed', closed));
    await azure.outcomes({ 'client > pod': 'deny', 'client > win': 'deny' });
    await vi.waitFor(async () => {
      const events = await cluster.kubectlOutput("get events -n kube-system -o jsonpath='{range .items[*]}{.reason}: {.message}{end}'");
      const told = events.split('EngineLimitExceeded: ').slice(1).sort();
      expect(told).toEqual(messages.sort().map((message) => expect.stringContaining(message)));
    }, patience);
  });
});
