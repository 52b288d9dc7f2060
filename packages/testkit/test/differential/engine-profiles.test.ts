/**
 * Every engine's behaviour on random worlds, of which some nodes run Windows: the oracle, which knows
 * engines by their documentation, against the evaluator and against the engines of all nodes.
 */
import { Engine } from '@weir/calc';
import type { Node } from '@weir/kube';
import { type EngineName, enforcementTarget, engineProfiles, judgeQuestion, type OperatingSystem, questionOf } from '@weir/model';
import { loadSnapshot } from '@weir/snapshot';
import {
  DeltaModel,
  emptyWorld,
  eventsBetween,
  expectNoDifference,
  findNodeDifference,
  flowsOf,
  generateChanges,
  generateWorld,
  NetworkPolicyOracle,
  Random,
  renderFlow,
  runSize,
  type World,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { endAddress, protocolOf } from '../../src/differential/engine-parts.ts';

const { firstSeed, count } = runSize(2000);
const seeds = Array.from({ length: Math.ceil(count / 200) }, (_, i) => firstSeed + i);
const engines = Object.keys(engineProfiles) as EngineName[];
const rows = engines.flatMap((engine) => seeds.map((seed) => ({ engine, seed })));

function systemOf({ metadata }: Node): OperatingSystem {
  return metadata.labels?.['kubernetes.io/os'] === 'windows' ? 'windows' : 'linux';
}

/** The world with Windows on its last node, where the engine runs on Windows. */
function withWindows(world: World, engine: EngineName): World {
  if (engineProfiles[engine].dataplanes.windows === undefined) return world;
  const nodes = (world.nodes ?? []).map((node, i, all) =>
    i < all.length - 1
      ? node
      : { ...node, metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'kubernetes.io/os': 'windows' } } },
  );
  return { ...world, nodes };
}

/** Whether the oracle of one engine lets a flow of some world through that the other's stops, or the other way round. */
function disagree(one: EngineName, other: EngineName): boolean {
  const worlds = Array.from({ length: 200 }, (_, seed) => seed);
  return worlds.some((seed) => {
    const world = withWindows(generateWorld(seed), 'azure');
    const [first, second] = [new NetworkPolicyOracle(world, one), new NetworkPolicyOracle(world, other)];
    return flowsOf(world).some((flow) => first.verdict(flow).allowed !== second.verdict(flow).allowed);
  });
}

describe('on random worlds', () => {
  it('every two engines differ, so that agreeing with one says something', () => {
    const pairs = engines.flatMap((one, i) => engines.slice(i + 1).map((other) => [one, other] as const));
    expect(pairs.filter(([one, other]) => !disagree(one, other))).toEqual([]);
  });

  it.each(rows)('the evaluator agrees with the oracle of $engine, seed $seed', ({ engine, seed }) => {
    expectNoDifference(`seed ${seed} as ${engine}`, generateWorld(seed), { engine });
  });

  it.each(rows)('explanations agree with the oracle of $engine where nodes run Windows, seed $seed', ({ engine, seed }) => {
    const world = withWindows(generateWorld(seed), engine);
    const oracle = new NetworkPolicyOracle(world, engine);
    const { namespaces, pods, networkPolicies, nodes = [] } = world;
    const typed = [
      ...namespaces.map((object) => ({ apiVersion: 'v1', kind: 'Namespace', ...object })),
      ...pods.map((object) => ({ apiVersion: 'v1', kind: 'Pod', ...object })),
      ...nodes.map((object) => ({ apiVersion: 'v1', kind: 'Node', ...object })),
      ...networkPolicies.map((object) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', ...object })),
    ];
    const { world: loaded } = loadSnapshot(typed, { profile: engineProfiles[engine] });
    for (const flow of flowsOf(world).filter((_, i) => i % 5 === seed % 5)) {
      const source = endAddress(world, flow.source);
      const verdict = judgeQuestion(
        loaded,
        questionOf(loaded, {
          source,
          destination: endAddress(world, flow.destination),
          protocol: protocolOf(flow.protocol, source.family),
          ...(flow.port === undefined ? {} : { destinationPort: flow.port }),
        }),
      );
      expect(verdict, renderFlow(flow)).toBe(oracle.verdict(flow).allowed ? 'allow' : 'deny');
    }
  });

  it.each(rows)('the data planes of all nodes agree with the oracle of $engine through changes, seed $seed', ({ engine, seed }) => {
    const random = new Random(seed);
    const states = generateChanges(seed, generateWorld(seed), 3).map(({ world }) => withWindows(world, engine));
    const followers = (states[0]?.nodes ?? []).map((node) => {
      const target = enforcementTarget(engine, systemOf(node));
      const calc = new Engine({ node: node.metadata.name ?? '', target });
      for (const source of calc.sources) calc.setInSync(source);
      for (const one of states[0]?.nodes ?? []) calc.upsertNode(one);
      const model = new DeltaModel({ podReachesOwnNode: target.profile.podReachesOwnNode.includes(target.system) });
      return { node: node.metadata.name ?? '', calc, model };
    });
    // Versions that were accepted before do not count here: each policy is new in each state.
    for (const state of states) {
      const empty = emptyWorld(state);
      for (const { calc, model } of followers) {
        for (const event of random.shuffle(eventsBetween(empty, state))) event(calc);
        model.apply(calc.flush());
      }
      const sample = { every: 7, offset: seed % 7, engine };
      expect(findNodeDifference(state, followers, sample)).toBeUndefined();
      for (const { calc, model } of followers) {
        for (const event of random.shuffle(eventsBetween(state, empty))) event(calc);
        model.apply(calc.flush());
        expect(model.size()).toEqual({ peerSets: 0, classes: 0, addresses: 0, programs: 0, endpoints: 0, hosts: 0 });
      }
    }
  });
});
