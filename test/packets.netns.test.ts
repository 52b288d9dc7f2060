/**
 * Random worlds against the oracle with real connections: worlds of Kubernetes objects are made of
 * namespaces, an engine and a data plane on each node enforce them, and what arrives is what the
 * specification says.
 *
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many random worlds are tried, and which.
 */
import {
  flowsOf,
  generateChanges,
  generateWorld,
  NetworkPolicyOracle,
  Random,
  renderFlow,
  renderWorld,
  runSize,
  type World,
} from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PolicedNetwork } from './packets/policed-network.ts';
import { type ExpectedFlow, probeFlows } from './packets/probe-flows.ts';
import { addressOf } from './packets/world-address.ts';

let policed: PolicedNetwork;
beforeAll(() => {
  policed = new PolicedNetwork();
});
afterEach(async () => {
  await policed.reset();
});
afterAll(async () => {
  await policed.close();
});

/** What differs from the expectations, with all that is needed to see why; undefined when nothing does. */
async function difference(seed: number | string, world: World, flows: readonly ExpectedFlow[]): Promise<string | undefined> {
  const wrong = await probeFlows(policed.network, world, flows);
  const [first] = wrong;
  if (first === undefined) return undefined;
  const addresses = [first.flow.source, first.flow.destination].map((end) => addressOf(world, end, first.flow));
  return [
    `seed ${seed}: ${wrong.length} of ${flows.length} flows differ from the oracle`,
    ...wrong
      .slice(0, 10)
      .map(({ flow, allowed }) => `  ${renderFlow(flow)}: ${allowed ? 'allowed, but did not arrive' : 'denied, but arrived'}`),
    `the first one is between ${addresses.join(' and ')}`,
    renderWorld(world),
    await policed.describe(addresses),
  ].join('\n');
}

/**
 * `count` flows of which one end at least is a pod, as many allowed as denied ones when there are
 * enough of both.
 */
function sampleFlows(world: World, random: Random, count: number): ExpectedFlow[] {
  const oracle = new NetworkPolicyOracle(world);
  const flows = random.shuffle(flowsOf(world).filter(({ source, destination }) => source.kind === 'pod' || destination.kind === 'pod'));
  const judged = flows.map((flow) => ({ flow, allowed: oracle.verdict(flow).allowed }));
  const denied = judged.filter(({ allowed }) => !allowed);
  const allowed = judged.filter((each) => each.allowed);
  const half = Math.floor(count / 2);
  const some = Math.min(denied.length, Math.max(half, count - allowed.length));
  return random.shuffle([...denied.slice(0, some), ...allowed.slice(0, count - some)]);
}

describe('random worlds on real packets', () => {
  const { firstSeed, count } = runSize(6);
  it.each(Array.from({ length: count }, (_, i) => [firstSeed + i]))(
    'seed %i passes what the oracle allows and nothing else',
    async (seed) => {
      const world = generateWorld(seed);
      await policed.moveTo(world);
      expect(await difference(seed, world, sampleFlows(world, new Random(seed), 600))).toBeUndefined();
      expect(await policed.drift()).toEqual([]);
      expect(policed.replaced).toEqual([]);
    },
  );
});

describe('random histories on real packets', () => {
  const { firstSeed, count } = runSize(3);
  it.each(Array.from({ length: count }, (_, i) => [firstSeed + 500 + i]))('seed %i is enforced after each of its changes', async (seed) => {
    const random = new Random(seed);
    for (const [step, { change, world }] of generateChanges(seed, generateWorld(seed), 10).entries()) {
      await policed.moveTo(world);
      const found = await difference(`${seed} step ${step} (${change ?? 'start'})`, world, sampleFlows(world, random, 200));
      expect(found).toBeUndefined();
    }
    expect(await policed.drift()).toEqual([]);
    expect(policed.replaced).toEqual([]);
  });
});
