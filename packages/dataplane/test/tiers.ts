/**
 * Programs with tiers and rules that deny, pass and log, on real packets: written by hand, and random ones
 * against the plain reading of deltas that shares no code with back ends. `runTiers` is called once for each
 * back end that takes such programs.
 *
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many random states are tried, and which.
 */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { DeltaModel, runSize } from '@weir/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataplane } from '../src/dataplane.ts';
import { attemptsOf } from './conformance/cases.ts';
import { emptyDelta, stateDelta } from './conformance/state.ts';
import { type Attempt, addressOf, openWorld, type World } from './conformance/world.ts';
import { tieredState } from './tiers/random-tiers.ts';
import { tierCases } from './tiers/tier-cases.ts';

/** A back end; it is made in the node's namespace. */
export interface TieredBackEnd {
  readonly name: string;
  readonly newDataplane: (node: { readonly podInterfaces: readonly string[] }) => Dataplane;
}

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;
const pairs = ['a > b', 'c > b', 'ext > b', 'a > c', 'b > c', 'a > ext', 'b > ext', 'ext > c'];
const kinds = ['tcp 80', 'tcp 81', 'tcp 90', 'tcp 443', 'udp 80', 'udp 443', 'sctp 80', 'icmp'];

/** Declares the suite for one back end. */
export function runTiers({ name, newDataplane }: TieredBackEnd): void {
  describe(`${name}: tiers`, () => {
    let world: World;
    beforeAll(async () => {
      world = await openWorld();
    });
    afterAll(async () => {
      await world.close();
    });

    /** Puts a state into force and tries; gives what went otherwise. */
    async function differences(state: Delta, attempts: readonly Attempt[]): Promise<string[]> {
      const dataplane = inNetns(
        world.netns('node'),
        () => newDataplane({ podInterfaces: [world.podInterfacePrefix] }) as never,
      ) as Dataplane;
      try {
        expect((await dataplane.apply(state)).quarantined).toEqual([]);
        const tried = attempts.map(async (attempt) => {
          const outcome = await world.attempt(attempt);
          const right = (outcome === 'answered') === (attempt.expect === 'allowed');
          const { from, to, protocol, port = '', family, expect: expected } = attempt;
          return right ? [] : [`IPv${family} ${from} > ${to} ${protocol} ${port}: ${outcome}, expected to be ${expected}`];
        });
        const wrong = (await Promise.all(tried)).flat();
        expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
        return wrong;
      } finally {
        await dataplane.remove();
        await dataplane.close();
        // A source port that comes again in the next state must not meet a connection of this one.
        world.run('node', 'conntrack', '--flush');
      }
    }

    it.each(tierCases.map((each) => [each.rule, each.name, each] as const))('%s: %s', async (_rule, _name, { state, allowed, denied }) => {
      const attempts = [...allowed.flatMap((text) => attemptsOf(text, 'allowed')), ...denied.flatMap((text) => attemptsOf(text, 'denied'))];
      expect(
        await differences(
          stateDelta(state, (pod) => world.podInterface(pod)),
          attempts,
        ),
      ).toEqual([]);
    });

    it('DP70: random tiers come to what a plain reading of them says', async () => {
      const { firstSeed, count } = runSize(3);
      const seen = { allowed: 0, denied: 0 };
      for (let seed = firstSeed; seed < firstSeed + count; seed++) {
        const [state] = fc.sample(tieredState, { seed, numRuns: 1 });
        const delta = state === undefined ? emptyDelta : stateDelta(state, (pod) => world.podInterface(pod));
        const attempts = expectedBy(delta);
        for (const attempt of attempts) seen[attempt.expect]++;
        expect(await differences(delta, attempts), `WEIR_SEED=${seed} ${JSON.stringify(state)}`).toEqual([]);
      }
      expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(5 * count);
    });
  });
}

/** Every pair with every kind of packet, and what the plain reading says of it. */
function expectedBy(delta: Delta): Attempt[] {
  const model = new DeltaModel();
  model.apply(delta);
  return pairs.flatMap((pair) =>
    kinds.flatMap((kind) =>
      attemptsOf(`${pair} ${kind}`, 'denied').map((attempt): Attempt => {
        const { from, to, protocol, port, family } = attempt;
        const flow = {
          source: addressOf(from, family),
          destination: addressOf(to, family),
          protocol: protocol === 'icmp' ? (family === 4 ? 1 : 58) : protocolNumbers[protocol],
          ...(port === undefined ? {} : { destinationPort: port }),
        };
        const { egressAllowed = true, ingressAllowed = true } = model.judge(flow, []);
        return { ...attempt, expect: egressAllowed && ingressAllowed ? 'allowed' : 'denied' };
      }),
    ),
  );
}
