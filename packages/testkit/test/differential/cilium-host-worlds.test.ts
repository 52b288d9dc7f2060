/** Cilium's policies for nodes on random worlds: the oracle of its documentation against the evaluator. */
import { engineProfiles } from '@weir/model';
import {
  CiliumEvaluator,
  type CiliumFlow,
  CiliumOracle,
  type CiliumWorld,
  endsOf,
  generateWorld,
  icmpTypes,
  renderFlow,
  runSize,
  traffics,
  withCiliumHostPolicies,
  withCiliumPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(8);
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
const worldOf = (seed: number): CiliumWorld => withCiliumHostPolicies(withCiliumPolicies(generateWorld(seed), seed), seed);

/** Flows with an address at one end at least, which may be a node's. */
function flowsOfWorld(world: CiliumWorld): CiliumFlow[] {
  return ([4, 6] as const).flatMap((family) => {
    const ends = endsOf(world, family);
    const pairs = ends.flatMap((source) => ends.map((destination) => ({ source, destination })));
    return pairs
      .filter(({ source, destination }) => source.kind === 'address' || destination.kind === 'address')
      .flatMap((pair) =>
        traffics.flatMap((traffic): CiliumFlow[] =>
          traffic.protocol === 'ICMP' ? icmpTypes.map((icmpType) => ({ ...pair, ...traffic, icmpType })) : [{ ...pair, ...traffic }],
        ),
      );
  });
}

describe('policies of Cilium for nodes on random worlds', () => {
  it.each(seeds)('seed %i: oracle and evaluator agree on every flow with an address', (seed) => {
    const world = worldOf(seed);
    const [oracle, evaluator] = [new CiliumOracle(world), new CiliumEvaluator(world, engineProfiles.cilium)];
    const different = flowsOfWorld(world).find((flow) => {
      const [wanted, actual] = [oracle.verdict(flow), evaluator.verdict(flow)];
      return wanted.hostsAllow !== actual.hostsAllow || wanted.allowed !== actual.allowed;
    });
    const report =
      different === undefined
        ? undefined
        : {
            flow: `${renderFlow(different)} ${different.icmpType ?? ''}`,
            oracle: oracle.verdict(different),
            evaluator: evaluator.verdict(different),
            policies: JSON.stringify(world.ciliumPolicies.filter(({ metadata }) => metadata.name?.startsWith('host-'))),
          };
    expect(report).toBeUndefined();
  });

  it('allow and deny at nodes in both directions, from pods of the node too', () => {
    const missing = new Set(['node to others', 'others to node', 'pod to its node'].flatMap((way) => [`${way} true`, `${way} false`]));
    for (let seed = 0; seed < 30 && missing.size > 0; seed++) {
      const world = worldOf(seed);
      const oracle = new CiliumOracle(world);
      const evaluator = new CiliumEvaluator(world, engineProfiles.cilium);
      for (const flow of flowsOfWorld(world)) {
        for (const { direction, node, decidedBy } of evaluator.hostsOf(flow)) {
          if (decidedBy?.reason !== 'rule' && decidedBy?.reason !== 'end of tier') continue;
          const isOwnPod = flow.source.kind === 'pod' && world.pods.some(isNamed(flow.source, node));
          const way = direction === 'egress' ? 'node to others' : isOwnPod ? 'pod to its node' : 'others to node';
          missing.delete(`${way} ${oracle.verdict(flow).hostsAllow}`);
        }
      }
    }
    expect([...missing]).toEqual([]);
  });
});

function isNamed({ namespace, name }: CiliumFlow['source'] & { kind: 'pod' }, node: string): (pod: CiliumWorld['pods'][number]) => boolean {
  return ({ metadata, spec }) => metadata.namespace === namespace && metadata.name === name && spec?.nodeName === node;
}
