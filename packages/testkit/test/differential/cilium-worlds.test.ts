/** Cilium's policies among Kubernetes' own on random worlds: the oracle of Cilium's documentation against the engine. */
import {
  CiliumEvaluator,
  type CiliumFlow,
  CiliumOracle,
  flowsOf,
  generateWorld,
  icmpTypes,
  renderFlow,
  runSize,
  withCiliumPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(200);
const seeds = Array.from({ length: Math.ceil(count / 10) }, (_, i) => firstSeed + i);

/** Every flow of the world; messages of ICMP of each type. */
function flowsOfWorld(world: Parameters<typeof flowsOf>[0]): CiliumFlow[] {
  return flowsOf(world).flatMap((flow): CiliumFlow[] =>
    flow.protocol === 'ICMP' ? icmpTypes.map((icmpType) => ({ ...flow, icmpType })) : [flow],
  );
}

describe('policies of Cilium and Kubernetes on random worlds', () => {
  it.each(seeds)('seed %i: engine and oracle agree on every flow', (seed) => {
    const world = withCiliumPolicies(generateWorld(seed), seed);
    const [oracle, engine] = [new CiliumOracle(world), new CiliumEvaluator(world)];
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
