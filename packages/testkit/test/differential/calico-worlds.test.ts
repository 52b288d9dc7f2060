/** Calico's policies beside Kubernetes' own and those of administrators on random worlds: the oracle against the engine. */
import { Engine } from '@weir/calc';
import { enforcementTarget, engineProfiles } from '@weir/model';
import {
  type CalicoFlow,
  CalicoOracle,
  type CalicoWorld,
  calicoEvents,
  calicoReferred,
  DeltaModel,
  eventsBetween,
  findNodeDifference,
  flowsOf,
  generateWorld,
  icmpMessages,
  PlacedEvaluator,
  placePolicies,
  Random,
  renderFlow,
  runSize,
  sourcePorts,
  type World,
  withCalicoPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(20);
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
const worldOf = (seed: number): CalicoWorld => withCalicoPolicies(generateWorld(seed, { policyCountMin: 2 }), seed);

const nothing: World = { namespaces: [], pods: [], networkPolicies: [] };

/** Every flow of the world, from either source port in turn; messages of ICMP of each kind. */
function flowsOfWorld(world: CalicoWorld): CalicoFlow[] {
  return flowsOf(world).flatMap((flow, i): CalicoFlow[] =>
    flow.protocol === 'ICMP'
      ? icmpMessages.map((icmp) => ({ ...flow, icmp }))
      : [{ ...flow, sourcePort: sourcePorts[i % sourcePorts.length] ?? 0 }],
  );
}

describe('policies of Calico, of administrators and of Kubernetes on random worlds', () => {
  it.each(seeds)('seed %i: engine and oracle agree on every flow', (seed) => {
    const world = worldOf(seed);
    const oracle = new CalicoOracle(world);
    const placed = placePolicies([...world.networkPolicies, ...world.policyObjects], calicoReferred(world));
    const evaluator = new PlacedEvaluator(world, placed, engineProfiles.calico);
    const different = flowsOfWorld(world).find((flow) => {
      const [wanted, actual] = [oracle.verdict(flow), evaluator.verdict(flow)];
      return wanted.egressAllowed !== actual.egressAllowed || wanted.ingressAllowed !== actual.ingressAllowed;
    });
    const report =
      different === undefined
        ? undefined
        : {
            flow: `${renderFlow(different)} ${JSON.stringify(different)}`,
            oracle: oracle.verdict(different),
            engine: evaluator.verdict(different),
            world: JSON.stringify(world, undefined, 1),
          };
    expect(report).toBeUndefined();
  });

  it.each(seeds.slice(0, Math.ceil(seeds.length / 3)))(
    'seed %i: the data planes of all nodes agree with the oracle, whatever comes first',
    (seed) => {
      const world = worldOf(seed);
      const random = new Random(seed);
      const nodes = (world.nodes ?? []).map(({ metadata: { name = '' } }) => {
        const engine = new Engine({ node: name, target: enforcementTarget('calico') });
        for (const source of engine.sources) engine.setInSync(source);
        const model = new DeltaModel();
        for (const tell of random.shuffle([...eventsBetween(nothing, world), ...calicoEvents(world)])) {
          tell(engine);
          if (random.chance(0.05)) model.apply(engine.flush());
        }
        model.apply(engine.flush());
        return { node: name, engine, model };
      });
      const sample = { every: 5, offset: seed % 5, oracle: new CalicoOracle(world), flows: flowsOfWorld(world) };
      expect(findNodeDifference(world, nodes, sample)).toBeUndefined();
    },
  );

  it('have every field of rules, and every kind, action and operator', () => {
    const text = JSON.stringify(Array.from({ length: 100 }, (_, seed) => worldOf(seed)));
    const kinds = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy', 'ClusterNetworkPolicy'];
    const actions = ['Allow', 'Deny', 'Pass', 'Log', 'NetworkSet', 'GlobalNetworkSet'];
    const fields = ['selector', 'notSelector', 'namespaceSelector', 'serviceAccounts', 'serviceAccountSelector', 'types', 'ghost'];
    const more = ['nets', 'notNets', 'ports', 'notPorts', 'protocol', 'notProtocol', 'icmp', 'notICMP', 'ipVersion', 'global()'];
    for (const word of [...kinds, ...actions, ...fields, ...more]) {
      expect(text.split(`"${word}"`).length - 1, word).toBeGreaterThanOrEqual(20);
    }
    for (const operator of ['==', '!=', 'has(', ' contains ', 'starts with', 'endswith', 'notin', ' in {', '||', '&&']) {
      expect(text.split(operator).length - 1, operator).toBeGreaterThanOrEqual(20);
    }
  });

  it('decide otherwise in every tier than without its policies', () => {
    const missing = new Set(['default', 'alpha', 'middle', 'zeta', 'kube-admin', 'ghost', 'Admin', 'Baseline']);
    const tierOf = ({ spec }: CalicoWorld['policyObjects'][number]): string => spec.tier ?? 'default';
    for (let seed = 0; seed < 60 && missing.size > 0; seed++) {
      const world = worldOf(seed);
      const all = new CalicoOracle(world);
      for (const tier of new Set(world.policyObjects.map(tierOf).filter((name) => missing.has(name)))) {
        const rest = new CalicoOracle({ ...world, policyObjects: world.policyObjects.filter((object) => tierOf(object) !== tier) });
        if (flowsOfWorld(world).some((flow) => rest.verdict(flow).allowed !== all.verdict(flow).allowed)) missing.delete(tier);
      }
    }
    expect([...missing]).toEqual([]);
  });
});
