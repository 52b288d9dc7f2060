/** Host endpoints on real packets: cases written by hand, and random programs against the plain reading of deltas. */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { DeltaModel, type HostPacket, runSize } from '@weir/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NftablesDataplane } from '../../src/nftables/index.ts';
import { attemptsOf } from '../conformance/cases.ts';
import { type StateText, stateDelta } from '../conformance/state.ts';
import { type Attempt, hostAddresses, openWorld, type World } from '../conformance/world.ts';
import { hostCases, nodePort } from '../hosts/host-cases.ts';
import { packetOf, randomHosts } from '../hosts/random-hosts.ts';

const pairs = ['ext > node', 'node > ext', 'ext > a', 'a > ext', 'b > ext', 'a > node', 'node > b', 'a > b'];
const kinds = ['tcp 80', 'tcp 443', 'udp 81', 'sctp 80', 'icmp'];

describe('nftables host endpoints', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    const to = `dport ${nodePort} dnat`;
    const [v4, v6] = [hostAddresses.a[4], hostAddresses.a[6]];
    const rules = `ip daddr ${hostAddresses.node[4]} tcp ${to} ip to ${v4}:80; ip6 daddr ${hostAddresses.node[6]} tcp ${to} ip6 to [${v6}]:80;`;
    world.run('node', 'nft', `add table inet svc { chain pre { type nat hook prerouting priority -100; ${rules} }; }`);
  });
  afterAll(async () => {
    await world.close();
  });

  const deltaOf = (state: StateText): Delta => stateDelta(state, (pod) => world.podInterface(pod));

  /** Puts a state into force and tries; gives what went otherwise. */
  async function differences(state: Delta, attempts: readonly Attempt[]): Promise<string[]> {
    const dataplane = inNetns(
      world.netns('node'),
      () => new NftablesDataplane({ podInterfaces: [world.podInterfacePrefix] }) as never,
    ) as NftablesDataplane;
    try {
      expect(await dataplane.apply(state)).toMatchObject({ quarantined: [], refusedHosts: [] });
      const tried = attempts.map(async (attempt) => {
        const outcome = await world.attempt(attempt);
        const right = (outcome === 'answered') === (attempt.expect === 'allowed');
        const { expect: expected, ...rest } = attempt;
        return right ? [] : [`${JSON.stringify(rest)}: ${outcome}, expected to be ${expected}`];
      });
      const wrong = (await Promise.all(tried)).flat();
      expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
      return wrong;
    } finally {
      await dataplane.remove();
      await dataplane.close();
      world.run('node', 'conntrack', '--flush');
    }
  }

  it.each(hostCases.map((each) => [each.rule, each.name, each] as const))('%s: %s', async (_rule, _name, { state, allowed, denied }) => {
    const attempts = [...allowed.flatMap((text) => attemptsOf(text, 'allowed')), ...denied.flatMap((text) => attemptsOf(text, 'denied'))];
    expect(await differences(deltaOf(state), attempts)).toEqual([]);
  });

  it('DP94: random programs of every family come to what a plain reading of them says', async () => {
    const { firstSeed, count } = runSize(3);
    const seen = { allowed: 0, denied: 0 };
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const state = defined(fc.sample(randomHosts, { seed, numRuns: 1 })[0], 'a state');
      const delta = deltaOf(state);
      const model = new DeltaModel();
      model.apply(delta);
      const tried = [...pairs.flatMap((pair) => kinds.map((kind) => `${pair} ${kind}`)), `ext > node tcp ${nodePort}`].flatMap((text) =>
        attemptsOf(text, 'denied').map((attempt) => ({ ...attempt, expect: judge(model, packetOf(attempt)) })),
      );
      for (const attempt of tried) seen[attempt.expect]++;
      expect(await differences(delta, tried), `WEIR_SEED=${seed} ${JSON.stringify(state)}`).toEqual([]);
    }
    expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(5 * count);
  });
});

/** What hosts and pods say together. */
function judge(model: DeltaModel, packet: HostPacket): 'allowed' | 'denied' {
  const { egressAllowed = true, ingressAllowed = true } = model.judge(packet.flow, []);
  return model.hostsAllow(packet) && egressAllowed && (packet.from === undefined || ingressAllowed) ? 'allowed' : 'denied';
}
