/**
 * The incremental engine against the oracle: random histories, expanded into other ways through
 * the same states, events in any order, one engine per node. `WEIR_WORLDS` sets the number of
 * histories.
 */
import { type Delta, Engine, squash } from '@weir/calc';
import {
  DeltaModel,
  emptyWorld,
  eventsBetween,
  expandStates,
  findNodeDifference,
  generateChanges,
  generateWorld,
  type NodeModel,
  Random,
  runSize,
  type World,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(64);
const expansions = expandStates([emptyWorld(generateWorld(0))]).map(({ name }) => name);
const rows = Array.from({ length: count }, (_, i) => ({ seed: firstSeed + i, expansion: expansions[i % expansions.length] ?? '' }));

interface Follower extends NodeModel {
  readonly engine: Engine;
}

function startEngine(node: string): Engine {
  const engine = new Engine({ node });
  for (const source of ['pods', 'namespaces', 'networkPolicies'] as const) engine.setInSync(source);
  return engine;
}

function nodesOf(world: World): string[] {
  return (world.nodes ?? []).map(({ metadata }) => metadata.name ?? '');
}

/** Gives an engine of the node the whole world at once, in random order. */
function fromNothing(random: Random, node: string, world: World): DeltaModel {
  const engine = startEngine(node);
  for (const event of random.shuffle(eventsBetween(emptyWorld(world), world))) event(engine);
  const model = new DeltaModel();
  model.apply(engine.flush());
  return model;
}

describe('the data planes of all nodes do what the oracle says', () => {
  it.each(rows)('seed $seed, states $expansion', { timeout: 120_000 }, ({ seed, expansion }) => {
    const random = new Random(seed);
    const start = generateWorld(seed);
    const states = generateChanges(seed, start, 8).map(({ world }) => world);
    const path = expandStates(states).find(({ name }) => name === expansion)?.states ?? [];
    const followers: Follower[] = nodesOf(start).map((node) => ({ node, engine: startEngine(node), model: new DeltaModel() }));
    let current = emptyWorld(start);
    for (const [i, state] of path.entries()) {
      for (const { engine } of followers) for (const event of random.shuffle(eventsBetween(current, state))) event(engine);
      current = state;
      // Some states pass by between two flushes.
      if (i < path.length - 1 && random.chance(0.3)) continue;
      for (const { engine, model } of followers) {
        model.apply(engine.flush());
        expect(model.orphans()).toEqual([]);
      }
      const sample = { every: path.length > 30 ? 41 : 17, offset: random.integer(0, 40) };
      expect(findNodeDifference(state, followers, sample), `state ${i}`).toBeUndefined();
    }
    expect(findNodeDifference(current, followers, { every: 3, offset: seed }), 'last state').toBeUndefined();
    for (const { node, engine, model } of followers) {
      expect(model.dump()).toEqual(fromNothing(random, node, current).dump());
      for (const event of random.shuffle(eventsBetween(current, emptyWorld(current)))) event(engine);
      model.apply(engine.flush());
      expect(model.size()).toEqual({ peerSets: 0, classes: 0, addresses: 0, programs: 0, endpoints: 0 });
    }
  });
});

describe('squashed deltas', () => {
  it('lead to the same state as single ones', () => {
    for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
      const random = new Random(seed);
      const start = generateWorld(seed);
      const engine = startEngine('node-0');
      const [single, squashed] = [new DeltaModel(), new DeltaModel({ squashed: true })];
      let current = emptyWorld(start);
      let pending: Delta | undefined;
      for (const { world } of generateChanges(seed, start)) {
        for (const event of eventsBetween(current, world)) event(engine);
        current = world;
        const delta = engine.flush();
        single.apply(delta);
        pending = pending === undefined ? delta : squash(pending, delta);
        if (random.chance(0.5)) continue;
        squashed.apply(pending);
        pending = undefined;
        expect(squashed.dump(), `seed ${seed}`).toEqual(single.dump());
      }
    }
  });
});

describe('before all sources are in sync', () => {
  it('nothing is said', () => {
    const engine = new Engine({ node: 'node-0' });
    const world = generateWorld(1);
    for (const event of eventsBetween(emptyWorld(world), world)) event(engine);
    const model = new DeltaModel();
    for (const source of ['pods', 'namespaces'] as const) {
      engine.setInSync(source);
      model.apply(engine.flush());
      expect(model.size().endpoints).toBe(0);
    }
    engine.setInSync('networkPolicies');
    model.apply(engine.flush());
    expect(findNodeDifference(world, [{ node: 'node-0', model }], { every: 7, offset: 0 })).toBeUndefined();
  });
});
