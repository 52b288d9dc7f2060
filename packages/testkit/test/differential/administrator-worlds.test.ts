/** Policies of administrators beside NetworkPolicies on random worlds: the oracle against the compilers and the evaluator. */
import { Engine } from '@weir/calc';
import {
  AdministratorOracle,
  type AdministratorWorld,
  DeltaModel,
  eventsBetween,
  findNodeDifference,
  flowsOf,
  generateChanges,
  generateWorld,
  nodesReferred,
  PlacedEvaluator,
  placePolicies,
  Random,
  renderFlow,
  runSize,
  type World,
  withAdministratorPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(40);
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
const worldOf = (seed: number): AdministratorWorld =>
  withAdministratorPolicies(new Random(seed + 7_000_000), generateWorld(seed, { podCountMin: 8, policyCountMin: 2 }));

describe('on random worlds', () => {
  it.each(seeds)('policies of administrators mean what the API says, seed %i', (seed) => {
    const world = worldOf(seed);
    const oracle = new AdministratorOracle(world);
    const placed = placePolicies([...world.networkPolicies, ...world.policyObjects], nodesReferred(world));
    const evaluator = new PlacedEvaluator(world, placed);
    const difference = flowsOf(world).find((flow) => {
      const [wanted, actual] = [oracle.verdict(flow), evaluator.verdict(flow)];
      return wanted.egressAllowed !== actual.egressAllowed || wanted.ingressAllowed !== actual.ingressAllowed;
    });
    expect(difference === undefined ? 'no difference' : [renderFlow(difference), JSON.stringify(world)]).toBe('no difference');
  });

  it('have every kind, tier, action, peer and port', () => {
    const text = JSON.stringify(Array.from({ length: 100 }, (_, seed) => worldOf(seed).policyObjects));
    const wanted = [
      '"ClusterNetworkPolicy"',
      '"AdminNetworkPolicy"',
      '"BaselineAdminNetworkPolicy"',
      '"tier":"Admin"',
      '"tier":"Baseline"',
    ];
    const more = ['Accept', 'Allow', 'Deny', 'Pass', 'namespaces', 'pods', 'nodes', 'networks', 'tcp', 'udp', 'sctp', 'range'];
    const ports = ['destinationNamedPort', 'namedPort', 'portNumber', 'portRange'];
    for (const word of [...wanted, ...[...more, ...ports].map((each) => `"${each}"`)]) {
      expect(text.split(word).length - 1, word).toBeGreaterThanOrEqual(20);
    }
  });

  it('decide otherwise than NetworkPolicies alone, in every tier', () => {
    const counts = { admin: 0, baseline: 0 };
    for (let seed = 0; seed < 20; seed++) {
      const world = worldOf(seed);
      const all = new AdministratorOracle(world);
      const isBaseline = ({ kind, spec }: AdministratorWorld['policyObjects'][number]): boolean =>
        kind === 'BaselineAdminNetworkPolicy' || spec.tier === 'Baseline';
      const without = (wanted: boolean): AdministratorOracle =>
        new AdministratorOracle({
          ...world,
          policyObjects: world.policyObjects.filter((each) => isBaseline(each) === wanted),
        });
      const [noAdmin, noBaseline] = [without(true), without(false)];
      for (const flow of flowsOf(world)) {
        const { allowed } = all.verdict(flow);
        if (noAdmin.verdict(flow).allowed !== allowed) counts.admin++;
        if (noBaseline.verdict(flow).allowed !== allowed) counts.baseline++;
      }
    }
    expect(counts.admin).toBeGreaterThan(1_000);
    expect(counts.baseline).toBeGreaterThan(200);
  });
});

const nothing: World = { namespaces: [], pods: [], networkPolicies: [] };

describe('the engines of all nodes', () => {
  it.each(seeds.slice(0, Math.ceil(seeds.length / 4)))('enforce policies of administrators through every change, seed %i', (seed) => {
    const random = new Random(seed);
    const start = worldOf(seed);
    const nodes = (start.nodes ?? []).map(({ metadata }) => metadata.name ?? '');
    const followers = nodes.map((node) => ({ node, engine: startEngine(node), model: new DeltaModel() }));
    let current = nothing;
    const states = generateChanges(seed, start, 3).map(({ world }) => withAdministratorPolicies(random, world));
    for (const state of [start, ...states]) {
      for (const { engine, model } of followers) {
        for (const event of random.shuffle(eventsBetween(current, state))) event(engine);
        model.apply(engine.flush());
      }
      current = state;
      const sample = { every: 7, offset: random.integer(0, 6), oracle: new AdministratorOracle(state) };
      expect(findNodeDifference(state, followers, sample)).toBeUndefined();
    }
    for (const { engine, model } of followers) {
      for (const event of eventsBetween(current, nothing)) event(engine);
      model.apply(engine.flush());
      expect(model.size()).toEqual({ peerSets: 0, classes: 0, addresses: 0, programs: 0, endpoints: 0, hosts: 0 });
    }
  });
});

function startEngine(node: string): Engine {
  const engine = new Engine({ node });
  for (const source of engine.sources) engine.setInSync(source);
  return engine;
}
