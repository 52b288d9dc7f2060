/** Cilium's policies among Kubernetes' own on random worlds: the oracle of Cilium's documentation against the engine. */
import { Engine } from '@weir/calc';
import type { KubeObject } from '@weir/kube';
import { enforcementTarget, engineProfiles } from '@weir/model';
import {
  CiliumEvaluator,
  type CiliumFlow,
  CiliumOracle,
  type CiliumWorld,
  DeltaModel,
  emptyWorld,
  eventsBetween,
  findNodeDifference,
  flowsOf,
  generateWorld,
  groupsOf,
  icmpTypes,
  Random,
  renderFlow,
  runSize,
  withCiliumPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(100);
const seeds = Array.from({ length: Math.ceil(count / 10) }, (_, i) => firstSeed + i);

/** Every flow of the world; messages of ICMP of each type. */
function flowsOfWorld(world: Parameters<typeof flowsOf>[0]): CiliumFlow[] {
  return flowsOf(world).flatMap((flow): CiliumFlow[] =>
    flow.protocol === 'ICMP' ? icmpTypes.map((icmpType) => ({ ...flow, icmpType })) : [flow],
  );
}

/** What an engine is told besides Kubernetes' own objects. */
function ciliumEvents(world: CiliumWorld): ((engine: Engine) => void)[] {
  const objects = (kind: string, list: readonly KubeObject[]): ((engine: Engine) => void)[] =>
    list.map((object) => (engine) => engine.upsertPolicyObject(kind, object));
  const isClusterwide = ({ kind }: KubeObject): boolean => kind === 'CiliumClusterwideNetworkPolicy';
  return [
    ...(world.nodes ?? []).map(
      (node) =>
        (engine: Engine): void =>
          engine.upsertNode(node),
    ),
    ...objects(
      'ciliumnetworkpolicies.cilium.io',
      world.ciliumPolicies.filter((each) => !isClusterwide(each)),
    ),
    ...objects('ciliumclusterwidenetworkpolicies.cilium.io', world.ciliumPolicies.filter(isClusterwide)),
    ...objects('ciliumcidrgroups.cilium.io', world.cidrGroups),
    ...objects('services', world.services),
    ...objects('endpointslices.discovery.k8s.io', world.endpointSlices),
    ...[...groupsOf(world)].map(
      ([name, members]) =>
        (engine: Engine): void =>
          engine.upsertAddressGroup(name, members),
    ),
  ];
}

describe.each(['cilium', 'kubernetes'] as const)(
  'policies of Cilium and Kubernetes on random worlds, as the engine %s reads them',
  (engineName) => {
    it.each(seeds)('seed %i: engine and oracle agree on every flow', (seed) => {
      const world = withCiliumPolicies(generateWorld(seed), seed);
      const [oracle, engine] = [new CiliumOracle(world, engineName), new CiliumEvaluator(world, engineProfiles[engineName])];
      const different = flowsOfWorld(world).find((flow) => {
        const [expected, actual] = [oracle.verdict(flow), engine.verdict(flow)];
        return expected.egressAllowed !== actual.egressAllowed || expected.ingressAllowed !== actual.ingressAllowed;
      });
      const report =
        different === undefined
          ? undefined
          : {
              flow: renderFlow(different),
              icmpType: different.icmpType,
              oracle: oracle.verdict(different),
              engine: engine.verdict(different),
              world: JSON.stringify({ ...world, pods: [], namespaces: [] }, undefined, 1),
            };
      expect(report).toBeUndefined();
    });

    it.each(seeds)('seed %i: the data planes of all nodes agree with the oracle, whatever comes first', (seed) => {
      const world = withCiliumPolicies(generateWorld(seed), seed);
      const random = new Random(seed);
      const nodes = (world.nodes ?? []).map(({ metadata: { name = '' } }) => {
        const calc = new Engine({ node: name, target: enforcementTarget(engineName) });
        for (const source of calc.sources) calc.setInSync(source);
        const model = new DeltaModel();
        for (const tell of random.shuffle([...eventsBetween(emptyWorld(world), world), ...ciliumEvents(world)])) {
          tell(calc);
          if (random.chance(0.05)) model.apply(calc.flush());
        }
        model.apply(calc.flush());
        return { node: name, calc, model };
      });
      const sample = { every: 5, offset: seed % 5, oracle: new CiliumOracle(world, engineName) };
      expect(findNodeDifference(world, nodes, sample)).toBeUndefined();
    });
  },
);

describe('policies of Cilium on random worlds', () => {
  it('have denials, allowances and isolation that matter', () => {
    const outcomes = new Set<string>();
    for (const seed of seeds.slice(0, 20)) {
      const world = withCiliumPolicies(generateWorld(seed), seed);
      const withoutDenials = {
        ...world,
        ciliumPolicies: world.ciliumPolicies.map(({ spec, specs = [], ...rest }) => ({
          ...rest,
          specs: [...(spec === undefined ? [] : [spec]), ...specs].map((each) => ({ ...each, ingressDeny: [], egressDeny: [] })),
        })),
      };
      const [whole, bare, none] = [world, withoutDenials, { ...world, ciliumPolicies: [] }].map((each) => new CiliumOracle(each));
      for (const flow of flowsOfWorld(world)) {
        outcomes.add([whole, bare, none].map((oracle) => (oracle?.verdict(flow).allowed === true ? 'allow' : 'deny')).join(' '));
      }
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['deny allow allow', 'deny deny allow', 'allow allow deny', 'allow allow allow']));
  });
});
