/** Policies of every API in one random world: the oracles of their documentation together against Weir's own engine. */
import { Engine } from '@weir/calc';
import {
  DeltaModel,
  eventsBetween,
  findNodeDifference,
  flowsOf,
  generateChanges,
  generateWorld,
  type MixedFlow,
  MixedOracle,
  type MixedWorld,
  mixedEvaluator,
  type PolicyMix,
  Random,
  renderFlow,
  runSize,
  toldWorld,
  type World,
  withMixedPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(3);
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
const mixes: readonly PolicyMix[] = ['calico', 'cilium', 'all'];
const nothing: World = { namespaces: [], pods: [], networkPolicies: [] };

/** A world, and what it changes into, with other policies each time. */
function historyOf(seed: number, mix: PolicyMix): readonly MixedWorld[] {
  const world = generateWorld(seed, { podCountMin: 8, policyCountMin: 2 });
  return generateChanges(seed, world, 1).map((state, i) => withMixedPolicies(state.world, seed + i * 1_000, mix));
}

/** Every flow of the world, from a port that no rule names, and with the message that pings have. */
function flowsOfWorld(world: MixedWorld): MixedFlow[] {
  return flowsOf(world).map((flow): MixedFlow => {
    if (flow.protocol !== 'ICMP') return { ...flow, sourcePort: 40_000 };
    const isIpv6 = [flow.source, flow.destination].some((end) => (end.kind === 'pod' ? end.family === 6 : end.address.includes(':')));
    const type = isIpv6 ? 128 : 8;
    return { ...flow, icmpType: type, icmp: { type, code: 0 } };
  });
}

describe.each(mixes)('policies of Kubernetes, of administrators and of %s', (mix) => {
  it.each(seeds)('seed %i: evaluator and oracle agree on every flow', (seed) => {
    for (const world of historyOf(seed, mix)) {
      const [oracle, evaluator] = [new MixedOracle(world), mixedEvaluator(world)];
      const different = flowsOfWorld(world).find((flow) => {
        const [wanted, actual] = [oracle.verdict(flow), evaluator.verdict(flow)];
        return wanted.egressAllowed !== actual.egressAllowed || wanted.ingressAllowed !== actual.ingressAllowed;
      });
      const said = different && { flow: renderFlow(different), oracle: oracle.verdict(different), engine: evaluator.verdict(different) };
      expect(said && { ...said, world: JSON.stringify(world) }).toBeUndefined();
    }
  });

  it.each(seeds)('seed %i: the data planes of all nodes agree with the oracle through a change, whatever comes first', (seed) => {
    expectNodesToAgree(seed, mix);
  });
});

it("Cilium's rules may name ports of services that are outside, where nobody has names (seed 103, found by packets)", () => {
  expectNodesToAgree(103, 'cilium');
});

function expectNodesToAgree(seed: number, mix: PolicyMix): void {
  const random = new Random(seed);
  const nodes = ['node-0', 'node-1', 'node-2'].map((node) => {
    const engine = new Engine({ node });
    for (const source of engine.sources) engine.setInSync(source);
    return { node, engine, model: new DeltaModel() };
  });
  let told = nothing;
  for (const world of historyOf(seed, mix)) {
    const next = toldWorld(world);
    for (const { engine, model } of nodes) {
      for (const tell of random.shuffle(eventsBetween(told, next))) {
        tell(engine);
        if (random.chance(0.05)) model.apply(engine.flush());
      }
      model.apply(engine.flush());
    }
    told = next;
    const sample = { every: 5, offset: seed % 5, oracle: new MixedOracle(world), flows: flowsOfWorld(world) };
    const present = nodes.filter(({ node }) => world.nodes?.some(({ metadata }) => metadata.name === node));
    expect(findNodeDifference(world, present, sample)).toBeUndefined();
  }
}

it('meet on pods without an order, and are alone on others', () => {
  const counts = { unordered: 0, allowed: 0, denied: 0 };
  for (const seed of seeds) {
    for (const world of historyOf(seed, 'all')) {
      const oracle = new MixedOracle(world);
      for (const flow of flowsOfWorld(world)) {
        if (oracle.isUnordered(flow, 'ingress') || oracle.isUnordered(flow, 'egress')) counts.unordered++;
        else counts[oracle.verdict(flow).allowed ? 'allowed' : 'denied']++;
      }
    }
  }
  for (const many of Object.values(counts)) expect(many).toBeGreaterThan(400);
});
