/**
 * Policies of administrators beside NetworkPolicies on real packets: a random world and what it changes into, every pair
 * on every port, on every back end of Linux, against the oracle of the API. `WEIR_WORLDS` and `WEIR_SEED` choose how many
 * worlds are tried, and which.
 */
import {
  AdministratorOracle,
  type AdministratorWorld,
  flowsOf,
  generateChanges,
  generateWorld,
  Random,
  renderFlow,
  runSize,
  withAdministratorPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { probeArrivals } from './packets/arrival-probe.ts';
import { ebpfBackEnd, iptablesBackEnd, nftablesBackEnd } from './packets/back-ends.ts';
import { PolicedNetwork } from './packets/policed-network.ts';
import type { ExpectedFlow } from './packets/probe-flows.ts';

const { firstSeed, count } = runSize(1);
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
const backEnds = [nftablesBackEnd, iptablesBackEnd, ebpfBackEnd];

/** A small world, and one in which policies and more are others. */
function historyOf(seed: number): readonly AdministratorWorld[] {
  const random = new Random(seed + 9_000_000);
  const world = generateWorld(seed, { podCountMin: 8, policyCountMin: 2 });
  return [world, ...generateChanges(seed, world, 1).map((state) => state.world)].map((each) => withAdministratorPolicies(random, each));
}

/** All flows of which an end is a pod, with what the oracle says. */
function judgedFlows(world: AdministratorWorld): ExpectedFlow[] {
  const oracle = new AdministratorOracle(world);
  return flowsOf(world)
    .filter(({ source, destination }) => source.kind === 'pod' || destination.kind === 'pod')
    .map((flow) => ({ flow, allowed: oracle.verdict(flow).allowed }));
}

it('the first world and what it changes into have flows that are denied', () => {
  for (const world of historyOf(0)) expect(judgedFlows(world).filter(({ allowed }) => !allowed).length).toBeGreaterThan(100);
});

describe.each(backEnds.map((each) => [each.name, each] as const))('%s', (_name, backEnd) => {
  it.each(seeds)('passes what policies of administrators and NetworkPolicies allow together, seed %i', async (seed) => {
    const policed = new PolicedNetwork(backEnd);
    try {
      for (const world of historyOf(seed)) {
        await policed.moveTo(world);
        const wrong = await probeArrivals(policed.network, world, judgedFlows(world));
        const lines = wrong.slice(0, 10).map(({ flow, allowed }) => `${renderFlow(flow)}: ${allowed ? 'does not arrive' : 'arrives'}`);
        expect(lines).toEqual([]);
      }
    } finally {
      await policed.close();
    }
  });
});
