/** Host endpoints of Calico on random worlds: the oracle, which follows packets through the nodes, against the evaluator. */
import { Engine } from '@weir/calc';
import { enforcementTarget, engineProfiles } from '@weir/model';
import { parseAddress } from '@weir/net';
import {
  type CalicoFlow,
  CalicoOracle,
  type CalicoWorld,
  calicoEvents,
  calicoReferred,
  DeltaModel,
  eventsBetween,
  findHostDifference,
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
  wireName,
  withCalicoPolicies,
  withHostEndpoints,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(8);
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
const worldOf = (seed: number): CalicoWorld =>
  withHostEndpoints(withCalicoPolicies(generateWorld(seed, { policyCountMin: 1 }), seed), seed);

const nothing: World = { namespaces: [], pods: [], networkPolicies: [] };

/** Ports that are failsafe in one direction, and others that are not. */
const hostTraffic = [
  { protocol: 'TCP', port: 22 },
  { protocol: 'TCP', port: 6443 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'UDP', port: 68 },
] as const;

/** Every flow of the world from one source port, and in place of every fifth one to a failsafe port. */
function flowsOfWorld(world: CalicoWorld): CalicoFlow[] {
  return flowsOf(world).flatMap((flow, i): CalicoFlow[] => {
    if (flow.protocol === 'ICMP') return icmpMessages.map((icmp) => ({ ...flow, icmp }));
    const traffic = i % 5 === 0 ? hostTraffic[(i / 5) % hostTraffic.length] : undefined;
    return [{ ...flow, ...traffic, sourcePort: sourcePorts[i % sourcePorts.length] ?? 0 }];
  });
}

function evaluatorOf(world: CalicoWorld): PlacedEvaluator {
  const placed = placePolicies([...world.networkPolicies, ...world.policyObjects], calicoReferred(world));
  return new PlacedEvaluator(world, placed, engineProfiles.calico);
}

describe('host endpoints of Calico on random worlds', () => {
  it.each(seeds)('seed %i: oracle and evaluator agree on every flow, at every host on its way', (seed) => {
    const world = worldOf(seed);
    const [oracle, evaluator] = [new CalicoOracle(world), evaluatorOf(world)];
    const different = flowsOfWorld(world).find((flow) => {
      const [wanted, actual] = [oracle.verdict(flow), evaluator.verdict(flow)];
      return JSON.stringify(Object.entries(wanted).sort()) !== JSON.stringify(Object.entries(actual).sort());
    });
    const report =
      different === undefined
        ? undefined
        : {
            flow: `${renderFlow(different)} ${JSON.stringify(different)}`,
            oracle: oracle.verdict(different),
            evaluator: evaluator.verdict(different),
            explained: JSON.stringify(evaluator.explain(different).hosts.map(({ host, ...rest }) => ({ ...rest, host: host?.name }))),
            world: JSON.stringify(world, undefined, 1),
          };
    expect(report).toBeUndefined();
  });

  it.each(seeds.slice(0, Math.ceil(seeds.length / 4)))(
    'seed %i: the data planes of all nodes agree with the oracle at hosts, whatever comes first',
    (seed) => {
      // What the nodes themselves do with what is left to them is no part of any state.
      const world: CalicoWorld = { ...worldOf(seed), kernelInput: 'Accept' };
      const random = new Random(seed);
      const nodes = (world.nodes ?? []).map((node) => {
        const { name = '' } = node.metadata;
        const engine = new Engine({ node: name, target: enforcementTarget('calico') });
        for (const source of engine.sources) engine.setInSync(source);
        const addresses = (node.status?.addresses ?? []).flatMap((each) => parseAddress(each.address) ?? []);
        const model = new DeltaModel();
        const interfaces = (told: Engine): boolean => told.setInterfaces([{ name: wireName, addresses }]);
        for (const tell of random.shuffle([...eventsBetween(nothing, world), ...calicoEvents(world), interfaces])) {
          tell(engine);
          if (random.chance(0.05)) model.apply(engine.flush());
        }
        model.apply(engine.flush());
        return { node: name, model };
      });
      const flows = flowsOfWorld(world).filter((_flow, i) => i % 3 === seed % 3);
      expect(findHostDifference(world, nodes, { oracle: new CalicoOracle(world), flows })).toBeUndefined();
    },
  );

  it('are decided by every family in both directions, by failsafe ports, profiles and what pods may do with their node', () => {
    const families = [
      'untracked ingress',
      'untracked egress',
      'preDNAT ingress',
      'normal ingress',
      'normal egress',
      'forward ingress',
      'forward egress',
    ];
    const missing = new Set([
      ...families.flatMap((each) => [`${each} allow rule`, `${each} deny rule`]),
      ...['normal', 'forward'].flatMap((each) => [`${each} ingress deny end of tier`, `${each} egress deny end of tier`]),
      ...['failsafe', 'forwarded', 'pod to host', 'node input'].map((each) => `profile ${each}`),
      'profile host endpoint allow',
      'profile host endpoint deny',
    ]);
    for (let seed = 0; seed < 80 && missing.size > 0; seed++) {
      const world = worldOf(seed);
      const evaluator = evaluatorOf(world);
      for (const flow of flowsOfWorld(world).filter((_flow, i) => i % 11 === seed % 11)) {
        for (const { family, direction, verdict, decidedBy } of evaluator.explain(flow).hosts) {
          missing.delete(`${family} ${direction} ${verdict} ${decidedBy?.reason ?? ''}`);
          if (decidedBy?.reason !== 'profile') continue;
          missing.delete(`profile ${decidedBy.detail}`);
          missing.delete(`profile ${decidedBy.detail} ${verdict}`);
        }
      }
    }
    expect([...missing]).toEqual([]);
  });
});
