/**
 * Random worlds on clusters of Linux and Windows nodes: every pair of ends is tried on every port with a real packet, from
 * Linux to Windows and back, and what arrives is what the oracle says for engine and operating system.
 *
 * Policies with what Windows lacks stay in: Linux nodes enforce them, Windows nodes refuse them as the engine does.
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many worlds are tried, and which.
 */
import type { NetworkPolicy } from '@weir/kube';
import type { EngineName } from '@weir/model';
import {
  flowsOf,
  generateChanges,
  generateWorld,
  NetworkPolicyOracle,
  renderFlow,
  renderWorld,
  runSize,
  type World,
  type WorldFlow,
} from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeArrivals } from './packets/arrival-probe.ts';
import { type BackEnd, behavingLike, ebpfBackEnd, hnsBackEnd, iptablesBackEnd, nftablesBackEnd } from './packets/back-ends.ts';
import { PolicedNetwork } from './packets/policed-network.ts';

/** The nodes of a world that run Windows; the others run Linux. */
const windowsNodes = ['node-1'];
const engines: readonly (readonly [engine: EngineName & ('azure' | 'calico' | 'kubernetes'), linux: BackEnd])[] = [
  ['azure', iptablesBackEnd],
  ['calico', nftablesBackEnd],
  ['kubernetes', ebpfBackEnd],
];
const ipv6Block = /"cidr":"[^"]*:[^"]*"/g;
const betweenMin = 500;
const deniedMin = 100;
/** The states that follow on the first one of a world. */
const changesOfWorld = Number(process.env['WEIR_CHANGES'] ?? 1);

/** The world with its nodes' operating systems, as their kubelets say them. */
function withSystems(world: World): World {
  const system = (name: string): string => (windowsNodes.includes(name) ? 'windows' : 'linux');
  return {
    ...world,
    nodes: (world.nodes ?? []).map((node) => ({
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'kubernetes.io/os': system(node.metadata.name ?? '') } },
    })),
  };
}

/** A policy that the engine takes on both systems in place of one that it does not. */
function acceptable(policy: NetworkPolicy, engine: EngineName): NetworkPolicy {
  const taken = hnsBackEnd.expressible(policy);
  // JSON, since blocks are deep inside: neither azure nor calico on Windows has IPv6.
  return engine === 'kubernetes'
    ? taken
    : (JSON.parse(JSON.stringify(taken).replaceAll(ipv6Block, '"cidr":"198.51.100.0/24"')) as NetworkPolicy);
}

/** Whether one end is a pod on Linux and the other one on Windows. */
function isBetween(world: World, { source, destination }: WorldFlow): boolean {
  const isWindows = [source, destination].map((end) => {
    const pod =
      end.kind === 'pod'
        ? world.pods.find(({ metadata: { namespace, name } }) => namespace === end.namespace && name === end.name)
        : undefined;
    return pod === undefined ? undefined : windowsNodes.includes(pod.spec?.nodeName ?? '');
  });
  return isWindows.includes(true) && isWindows.includes(false);
}

describe.each(engines)('a cluster of Linux and Windows nodes with engine %s', (engine, linux) => {
  const { firstSeed, count } = runSize(1);
  let policed: PolicedNetwork;
  beforeAll(() => {
    policed = new PolicedNetwork((node) => behavingLike(windowsNodes.includes(node) ? hnsBackEnd : linux, engine));
  });
  afterAll(async () => {
    await policed.close();
  });

  /** Puts the world into force, tries all flows, and says how many went between the systems, and what went wrong. */
  async function tried(world: World): Promise<{ readonly between: number; readonly denied: number; readonly wrong: readonly string[] }> {
    await policed.moveTo(world);
    const oracle = new NetworkPolicyOracle(world, engine);
    const flows = flowsOf(world)
      .filter(({ source, destination }) => source.kind === 'pod' || destination.kind === 'pod')
      .map((flow) => ({ flow, allowed: oracle.verdict(flow).allowed }));
    const between = flows.filter(({ flow }) => isBetween(world, flow));
    const wrong = (await probeArrivals(policed.network, world, flows)).map(
      ({ flow, allowed }) => `${renderFlow(flow)}: ${allowed ? 'allowed, but did not arrive' : 'denied, but arrived'}`,
    );
    if (wrong.length > 0) wrong.push(renderWorld(world));
    return { between: between.length, denied: between.filter(({ allowed }) => !allowed).length, wrong };
  }

  it('passes between all pairs what the oracle allows and nothing else, first of policies that Windows refuses, then of others', async () => {
    const counts = { between: 0, denied: 0, refusedOnWindowsOnly: 0 };
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      await policed.reset();
      for (const [step, { world }] of generateChanges(seed, generateWorld(seed), changesOfWorld).entries()) {
        // Behind the first state no version is refused: the one before it would stay in force, which an oracle of one state cannot know.
        const policies = step === 0 ? world.networkPolicies : world.networkPolicies.map((policy) => acceptable(policy, engine));
        const { between, denied, wrong } = await tried(withSystems({ ...world, networkPolicies: policies }));
        expect([`seed ${seed}, state ${step}`, ...wrong]).toEqual([`seed ${seed}, state ${step}`]);
        counts.between += between;
        counts.denied += denied;
        const [onLinux = 0, onWindows = 0] = ['node-0', 'node-1'].map((node) => policed.node(node).engine.refusedPolicies().length);
        counts.refusedOnWindowsOnly += onWindows - onLinux;
      }
      expect(await policed.drift()).toEqual([]);
    }
    expect(counts.between).toBeGreaterThanOrEqual(count * betweenMin);
    expect(counts.denied).toBeGreaterThanOrEqual(count * deniedMin);
    expect(counts.refusedOnWindowsOnly).toBeGreaterThanOrEqual(count);
  });
});
