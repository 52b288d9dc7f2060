/** Policies of administrators beside NetworkPolicies on random worlds: the oracle against the compilers and the evaluator. */
import {
  AdministratorOracle,
  type AdministratorWorld,
  flowsOf,
  generateWorld,
  nodesReferred,
  PlacedEvaluator,
  placePolicies,
  Random,
  renderFlow,
  runSize,
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
    const placed = placePolicies([...world.networkPolicies, ...world.administratorPolicies], nodesReferred(world));
    const evaluator = new PlacedEvaluator(world, placed);
    const difference = flowsOf(world).find((flow) => {
      const [wanted, actual] = [oracle.verdict(flow), evaluator.verdict(flow)];
      return wanted.egressAllowed !== actual.egressAllowed || wanted.ingressAllowed !== actual.ingressAllowed;
    });
    expect(difference === undefined ? 'no difference' : [renderFlow(difference), JSON.stringify(world)]).toBe('no difference');
  });

  it('have every kind, tier, action, peer and port', () => {
    const text = JSON.stringify(Array.from({ length: 100 }, (_, seed) => worldOf(seed).administratorPolicies));
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
      const isBaseline = ({ kind, spec }: AdministratorWorld['administratorPolicies'][number]): boolean =>
        kind === 'BaselineAdminNetworkPolicy' || spec.tier === 'Baseline';
      const without = (wanted: boolean): AdministratorOracle =>
        new AdministratorOracle({
          ...world,
          administratorPolicies: world.administratorPolicies.filter((each) => isBaseline(each) === wanted),
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
