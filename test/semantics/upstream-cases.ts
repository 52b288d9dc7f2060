/** The connectivity cases of Kubernetes' own suite with their hand-written expectations, on real packets. */
import { NetworkPolicyOracle, netpolCases, netpolEnds, renderFlow, renderWorld, type World, type WorldFlow } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArrivalProbe } from '../packets/arrival-probe.ts';
import type { BackEnd } from '../packets/back-ends.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import type { ExpectedFlow } from '../packets/probe-flows.ts';
import { podEnd, twoNodeWorld } from '../packets/two-node-world.ts';

/** A feature that a platform lacks, and the cases that need it. */
export interface LackedFeature {
  readonly feature: string;
  readonly cases: readonly string[];
}

/** Declares them for one back end. Cases of features that it lacks are refused by it, never enforced in part. */
export function describeUpstreamCases(backEnd: BackEnd, lacks: readonly LackedFeature[] = []): void {
  describe(`${backEnd.name}: the connectivity cases of the upstream suite`, () => {
    let policed: PolicedNetwork;
    let probe: ArrivalProbe;
    beforeAll(() => {
      policed = new PolicedNetwork(backEnd);
      probe = new ArrivalProbe(policed.network);
    });
    afterAll(async () => {
      probe.close();
      await policed.close();
    });

    const isLacked = (name: string): LackedFeature | undefined => lacks.find(({ cases }) => cases.includes(name));

    // One state after the other on the same nodes: from each to the next, whatever they are.
    it.each(netpolCases.filter(({ name }) => isLacked(name) === undefined).map((each) => [each.name, each] as const))(
      '%s',
      async (_name, { steps }) => {
        for (const { state, probes } of steps) {
          const world = twoNodeWorld(state);
          await policed.moveTo(world);
          const wrong = await probe.wrongOf(world, flowsOf(world, probes));
          expect(
            wrong.map(({ flow, allowed }) => `${renderFlow(flow)}: not ${allowed ? 'allowed' : 'denied'}`),
            renderWorld(world),
          ).toEqual([]);
        }
        expect(policed.replaced).toEqual([]);
      },
    );

    it.each(netpolCases.flatMap((each) => (isLacked(each.name) ? [[isLacked(each.name)?.feature, each.name, each] as const] : [])))(
      'refused for want of %s: %s',
      async (_feature, _name, { steps }) => {
        const enforced = steps.reduce<Promise<void>>(
          (before, { state }) => before.then(() => policed.moveTo(twoNodeWorld(state))),
          Promise.resolve(),
        );
        await expect(enforced).rejects.toThrow(/refused/);
        await policed.reset();
      },
    );
  });
}

/** Every pod to every other one. */
function flowsOf(world: World, probes: (typeof netpolCases)[number]['steps'][number]['probes']): ExpectedFlow[] {
  const oracle = new NetworkPolicyOracle(world);
  return probes.flatMap(({ protocol, port, reaches }) =>
    netpolEnds.flatMap((from) =>
      netpolEnds.flatMap((to): ExpectedFlow[] => {
        if (from === to) return [];
        const between = (family: 4 | 6): WorldFlow => ({ source: podEnd(from, family), destination: podEnd(to, family), protocol, port });
        // The suite is written for one family; blocks of the other one do not hold its addresses.
        return [
          { flow: between(4), allowed: reaches(from, to) },
          { flow: between(6), allowed: oracle.verdict(between(6)).allowed },
        ];
      }),
    ),
  );
}
