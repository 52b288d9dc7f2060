/** The worlds of the bench, made small, against the twin; and what a long churn leaves behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Namespace, NetworkPolicy, Pod } from '@weir/kube';
import { beforeAll, describe, expect, it } from 'vitest';
import { podDocument } from '../bench/pod-document.ts';
import { measuredNode, namespaceOf, podOf, policyOf, type World, worlds } from '../bench/world.ts';
import { Engine } from '../src/index.ts';
import { Follower } from './follower.ts';

/** A world with a few objects of each kind; every third pod is on the node that is followed. */
function small(world: World): World {
  return { ...world, nodes: 3, namespaces: Math.min(world.namespaces, 5), pods: 45, policies: 15 };
}

function podAt(world: World, index: number, generation?: number): Pod {
  const facts = podOf(world, index, generation);
  return podDocument({ ...facts, node: facts.node === measuredNode ? 'n1' : facts.node }, index + 1);
}

function count<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

describe.each(worlds.map((world) => [world.name, small(world)] as const))('S1 S2 S6 the world %s, made small', (_name, world) => {
  const namespaces: Namespace[] = count(world.namespaces, (i) => namespaceOf(i));
  const policies: NetworkPolicy[] = count(world.policies, (i) => policyOf(world, i));
  const pods: Pod[] = count(world.pods, (i) => podAt(world, i));

  it('is what the twin computes, at first and after every kind of event', () => {
    const follower = new Follower();
    const first = follower.go({ namespaces, pods, policies });
    expect(first.endpoints.upserts.length).toBeGreaterThan(5);
    expect(first.classes.upserts.length).toBeGreaterThan(0);
    const replaced = pods.map((pod, i) => (i % 4 === 0 ? podAt(world, i, 1) : pod));
    follower.go({ namespaces, pods: replaced, policies });
    follower.go({ namespaces, pods: replaced.filter((_, i) => i % 3 > 0), policies });
    follower.go({ namespaces, pods, policies: policies.map((policy, i) => (i % 2 === 0 ? policyOf(world, i, 99) : policy)) });
    follower.go({ namespaces: namespaces.map((one, i) => (i % 2 === 0 ? namespaceOf(i, i + 7) : one)), pods, policies });
    follower.go({ namespaces: namespaces.slice(1), pods, policies: policies.slice(5) });
    follower.expectNothingLeft();
  });
});

describe('L1 label sets that no selector in use can tell apart', () => {
  const mutual = { ...(worlds.find(({ name }) => name === 'mutual-unique') as World), nodes: 10, pods: 300, policies: 40 };

  it('are matched once, however many pods have labels of their own', () => {
    const engine = new Engine({ node: measuredNode });
    engine.upsertNamespace(namespaceOf(0));
    for (let i = 0; i < mutual.policies; i++) engine.upsertNetworkPolicy(policyOf(mutual, i));
    for (let i = 0; i < mutual.pods; i++) engine.upsertPod(podDocument(podOf(mutual, i), i + 1));
    for (const source of engine.sources) engine.setInSync(source);
    engine.flush();
    expect(engine.sizes.labelSets).toBe(300);
    // One for each list of ports: 8000, 8001 or 8002.
    expect(engine.work.labelSetsClassified).toBe(3);
    expect(engine.work.selectorsEvaluated).toBeLessThanOrEqual(3 * 40 + 3 * 40);
  });

  it('are matched once also when they come one after the other, until selectors come or go', () => {
    const follower = new Follower();
    const policies = count(mutual.policies, (i) => policyOf(mutual, i));
    const pods = count(20, (i) => podDocument({ ...podOf(mutual, i), node: i < 10 ? 'n1' : 'n2' }, i + 1));
    follower.go({ namespaces: [namespaceOf(0)], pods, policies });
    const before = follower.engine.work.selectorsEvaluated;
    const more = count(30, (i) => podDocument({ ...podOf(mutual, 100 + i), node: i % 2 === 0 ? 'n1' : 'n2' }, i + 1));
    for (let i = 1; i <= more.length; i++) follower.go({ namespaces: [namespaceOf(0)], pods: [...pods, ...more.slice(0, i)], policies });
    expect(follower.engine.work.selectorsEvaluated).toBe(before);
    follower.go({ namespaces: [namespaceOf(0)], pods: [...pods, ...more], policies: policies.slice(1) });
    follower.go({ namespaces: [namespaceOf(0)], pods: [...pods, ...more].slice(1), policies });
    follower.expectNothingLeft();
  });
});

describe('S6 a churn of pods', () => {
  const world: World = {
    ...(worlds.find(({ name }) => name === '20k-unique') as World),
    nodes: 10,
    namespaces: 10,
    pods: 5_000,
    policies: 20,
  };

  function startedEngine(): Engine {
    const engine = new Engine({ node: measuredNode });
    for (let i = 0; i < world.namespaces; i++) engine.upsertNamespace(namespaceOf(i));
    for (let i = 0; i < world.policies; i++) engine.upsertNetworkPolicy(policyOf(world, i));
    for (let i = 0; i < world.pods; i++) engine.upsertPod(podDocument(podOf(world, i), i + 1));
    for (const source of engine.sources) engine.setInSync(source);
    engine.flush();
    return engine;
  }

  /** Every pod makes way for one of another name, uid, address and labels, which is relabelled then. */
  function replaceAll(engine: Engine, generation: number, next: number): void {
    for (let i = 0; i < world.pods; i++) {
      const old = podOf(world, i, generation);
      engine.deletePod(old.namespace, old.name);
      const facts = podOf(world, i, next);
      engine.upsertPod(podDocument(facts, i + 1));
      if (i % 7 === 0) engine.flush();
      engine.upsertPod(podDocument({ ...facts, labels: { ...facts.labels, version: 'v9' } }, i + 1));
    }
    engine.flush();
  }

  function churn(engine: Engine, generations: number): void {
    for (let next = 1; next <= generations; next++) replaceAll(engine, next - 1, next);
  }

  // Code that is compiled on the way is not meant.
  beforeAll(() => churn(startedEngine(), 1));

  it('ends with as many things inside as it began with, the same addresses, and the same memory', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapUsed = (): number => {
      for (let i = 0; i < 4; i++) collect();
      return process.memoryUsage().heapUsed;
    };
    const empty = heapUsed();
    const engine = startedEngine();
    const [sizes, addresses] = [engine.sizes, engine.emitted().addresses.upserts.length];
    const before = heapUsed();
    churn(engine, 2);
    const after = heapUsed();
    replaceAll(engine, 2, 0);
    for (let i = 0; i < world.pods; i++) engine.upsertPod(podDocument(podOf(world, i), i + 1));
    engine.flush();
    expect(engine.sizes).toEqual(sizes);
    expect(engine.emitted().addresses.upserts).toHaveLength(addresses);
    // A tenth is noise; a set that stays for each label that one pod has would be a third.
    expect((after - before) / (before - empty)).toBeLessThan(0.2);
  });
});
