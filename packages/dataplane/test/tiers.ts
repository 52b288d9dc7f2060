/**
 * Programs with tiers and rules that deny, pass and log, on real packets: written by hand, and random ones
 * against the plain reading of deltas that shares no code with back ends. `runTiers` is called once for each
 * back end that takes such programs.
 *
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many random states are tried, and which.
 */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import type { Flow } from '@weir/net';
import { DeltaModel, runSize } from '@weir/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataplane } from '../src/dataplane.ts';
import { type BackEnd, carries, type RuleFeature } from '../src/programs/rule-refusal.ts';
import { attemptsOf } from './conformance/cases.ts';
import { emptyDelta, type StateText, stateDelta } from './conformance/state.ts';
import { type Attempt, addressOf, openWorld, protocolOfAttempt, type World } from './conformance/world.ts';
import { featureCases } from './tiers/feature-cases.ts';
import { ruleFeatures, tieredState } from './tiers/random-tiers.ts';
import { tierCases } from './tiers/tier-cases.ts';

/** A back end; it is made in the node's namespace. */
export interface TieredBackEnd {
  readonly name: BackEnd;
  readonly newDataplane: (node: { readonly podInterfaces: readonly string[] }) => Dataplane;
}

const pairs = ['a > b', 'c > b', 'ext > b', 'a > c', 'b > c', 'a > ext', 'b > ext', 'ext > c'];
const kinds = ['tcp 80', 'tcp 81', 'tcp 90', 'tcp 443', 'udp 80', 'udp 443', 'sctp 80', 'icmp'];
const craftedKinds: Readonly<Partial<Record<RuleFeature, readonly string[]>>> = {
  messages: ['icmp 8/5 [4]', 'icmp 13/0 [4]', 'icmp 42/5 [4]', 'icmp 128/5 [6]', 'icmp 139/0 [6]', 'icmp 200/0 [6]'],
  sourcePorts: ['tcp 80 from 1000', 'udp 80 from 1500', 'sctp 80 from 3000', 'tcp 443 from 2500'],
};
/** Real sockets send from some such port. */
const someSourcePort = 50_000;

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

    /** Puts a state into force and tries; gives what went otherwise. `refused` are pairs of a program's key and the reason. */
    async function differences(state: Delta, attempts: readonly Attempt[], refused: readonly unknown[] = []): Promise<string[]> {
      const dataplane = inNetns(
        world.netns('node'),
        () => newDataplane({ podInterfaces: [world.podInterfacePrefix] }) as never,
      ) as Dataplane;
      try {
        const { quarantined } = await dataplane.apply(state);
        expect(quarantined.map(({ program, reason }) => [program, reason])).toEqual(refused);
        const tried = attempts.map(async (attempt) => {
          const outcome = await world.attempt(attempt);
          const right = (outcome === 'answered') === (attempt.expect === 'allowed');
          const { expect: expected, ...tried } = attempt;
          return right ? [] : [`${JSON.stringify(tried)}: ${outcome}, expected to be ${expected}`];
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

    const attempts = (allowed: readonly string[], denied: readonly string[]): Attempt[] => [
      ...allowed.flatMap((text) => attemptsOf(text, 'allowed')),
      ...denied.flatMap((text) => attemptsOf(text, 'denied')),
    ];
    const deltaOf = (state: StateText): Delta => stateDelta(state, (pod) => world.podInterface(pod));

    const cases = [...tierCases, ...featureCases.filter(({ feature }) => carries(name, feature))];
    it.each(cases.map((each) => [each.rule, each.name, each] as const))('%s: %s', async (_rule, _name, { state, allowed, denied }) => {
      expect(await differences(deltaOf(state), attempts(allowed, denied))).toEqual([]);
    });

    const refused = featureCases.filter(({ feature }) => !carries(name, feature));
    it.each(refused.map((each) => [each.name, each] as const))('DP79: refuses to enforce that %s', async (_name, each) => {
      const delta = deltaOf(each.state);
      const told = delta.programs.upserts.map(({ key }) => [key, expect.stringMatching(/^rule \S+ has .*, (which|for which) /)]);
      expect(await differences(delta, attempts([], [...each.allowed, ...each.denied]), told)).toEqual([]);
    });

    it('DP13: ICMP of which type and code are cut off is let through by no policy, not even by one that allows everything', async () => {
      const seen = 'chain seen { type filter hook prerouting priority 0; ip length 22 counter; ip6 length 2 counter; };';
      const sendBoth = async (): Promise<string[]> => {
        world.run('b', 'nft', `add table inet cut; delete table inet cut; table inet cut { ${seen} }`);
        for (const family of [4, 6] as const) {
          const attempt: Attempt = { from: 'a', to: 'b', protocol: 'icmp', family, expect: 'denied' };
          await world.deliver(attempt, () => Buffer.from([family === 4 ? 8 : 128, 0]), protocolOfAttempt(attempt));
          // What was sent before it is there when it has arrived.
          expect(await world.attempt({ ...attempt, expect: 'allowed' })).toBe('answered');
        }
        return [...world.run('b', 'nft', 'list', 'table', 'inet', 'cut').matchAll(/packets (\d+)/g)].map(([, packets = '']) => packets);
      };
      expect(await sendBoth()).toEqual(['1', '1']);
      const dataplane = inNetns(
        world.netns('node'),
        () => newDataplane({ podInterfaces: [world.podInterfacePrefix] }) as never,
      ) as Dataplane;
      try {
        await dataplane.apply(deltaOf({ ingress: { b: [{}] } }));
        expect(await sendBoth()).toEqual(['0', '0']);
      } finally {
        await dataplane.remove();
        await dataplane.close();
      }
    });

    // Nftables enforces them: nftables/host-endpoints.netns.test.ts.
    it.skipIf(name === 'nftables')(
      'DP94: refuses host endpoints by name with the reason, and neither closes nor opens anything for them',
      async () => {
        const dataplane = inNetns(
          world.netns('node'),
          () => newDataplane({ podInterfaces: [world.podInterfacePrefix] }) as never,
        ) as Dataplane;
        try {
          const closed = { tiers: [], otherwise: 'deny' } as const;
          const hosts = { all: { interfaces: 'all', normal: { ingress: closed, egress: closed }, forward: { ingress: closed } } } as const;
          const { refusedHosts } = await dataplane.apply(deltaOf({ hosts, ingress: { b: [] } }));
          expect(refusedHosts).toEqual([{ uid: 'uid-host-all', name: 'all', reason: expect.stringMatching(/pods only.*nftables has/) }]);
          const tried = attempts(['ext > node tcp 80', 'node > ext udp 80', 'ext > a tcp 80'], ['ext > b tcp 80']);
          const outcomes = await Promise.all(tried.map(async (each) => [each.expect, await world.attempt(each)]));
          expect(outcomes.filter(([expected, outcome]) => (outcome === 'answered') !== (expected === 'allowed'))).toEqual([]);
          const gone = await dataplane.apply({ ...emptyDelta, hosts: { upserts: [], removals: ['uid-host-all'] } });
          expect(gone.refusedHosts).toEqual([]);
        } finally {
          await dataplane.remove();
          await dataplane.close();
          world.run('node', 'conntrack', '--flush');
        }
      },
    );

    it('DP70, DP79: random tiers come to what a plain reading of them says', async () => {
      const features = ruleFeatures.filter((feature) => carries(name, feature));
      const { firstSeed, count } = runSize(3);
      const seen = { allowed: 0, denied: 0 };
      for (let seed = firstSeed; seed < firstSeed + count; seed++) {
        const [state] = fc.sample(tieredState(features), { seed, numRuns: 1 });
        const delta = state === undefined ? emptyDelta : deltaOf(state);
        const tried = expectedBy(delta, [...kinds, ...features.flatMap((feature) => craftedKinds[feature] ?? [])]);
        for (const attempt of tried) seen[attempt.expect]++;
        expect(await differences(delta, tried), `WEIR_SEED=${seed} ${JSON.stringify(state)}`).toEqual([]);
      }
      expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(5 * count);
    });
  });
}

/** Every pair with every kind of packet, and what the plain reading says of it. */
function expectedBy(delta: Delta, of: readonly string[]): Attempt[] {
  const model = new DeltaModel();
  model.apply(delta);
  return pairs.flatMap((pair) =>
    of.flatMap((kind) =>
      attemptsOf(`${pair} ${kind}`, 'denied').map((attempt): Attempt => {
        const { egressAllowed = true, ingressAllowed = true } = model.judge(flowOf(attempt), []);
        return { ...attempt, expect: egressAllowed && ingressAllowed ? 'allowed' : 'denied' };
      }),
    ),
  );
}

/** What the plain reading is asked of an attempt. */
function flowOf({ message, sourcePort = someSourcePort, ...attempt }: Attempt): Flow {
  const ends = { source: addressOf(attempt.from, attempt.family), destination: addressOf(attempt.to, attempt.family) };
  const protocol = protocolOfAttempt(attempt);
  if (attempt.protocol === 'icmp') return { ...ends, protocol, message: message ?? (attempt.family === 4 ? 8 : 128) * 256 };
  return { ...ends, protocol, sourcePort, destinationPort: attempt.port ?? 80 };
}
