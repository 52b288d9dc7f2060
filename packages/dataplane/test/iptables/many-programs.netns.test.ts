/** Real packets among many programs and many rules, where chains search instead of asking one after the other. */
import type { Delta, LocalEndpoint } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { addressFromWords, defined } from '@weir/net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIptablesDataplane, type IptablesDataplane } from '../../src/iptables/index.ts';
import { deltaBetween, type RuleText, type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, type PodName, type World } from '../conformance/world.ts';

const otherPods = 300;
const rules = 2_000;
const served = [80, 81, 90] as const;

/** So many rules of `friends` for ports that nobody serves, and one for each of these ports that are served. */
function manyRules(ports: readonly number[]): RuleText[] {
  const others = Array.from({ length: rules }, (_, i): RuleText => ({ peer: ['friends'], protocol: 6, ports: [10_000 + 2 * i] }));
  return [...others, ...ports.map((port): RuleText => ({ peer: ['friends'], protocol: 6, ports: [port] }))];
}

/** Pods of which there is nothing but the address, around those of the test; each has a program of its own. */
function withOtherPods(state: Delta): Delta {
  const programs = Array.from({ length: otherPods }, (_, i) => {
    const only = stateDelta({ ingress: { b: [{ id: `only-${i}`, protocol: 6, ports: [i + 1] }] }, pods: ['b'] }, () => undefined);
    return defined(only.programs.upserts[0], 'a program');
  });
  const endpoints = programs.map(
    ({ key }, i): LocalEndpoint => ({
      uid: `other-${i}`,
      namespace: 'default',
      name: `other-${i}`,
      addresses: [addressFromWords(4, [0x0a4d_0000 + i - otherPods / 2 + (i < otherPods / 2 ? 0 : 16)])],
      ingress: key,
      egress: defined(programs[(i + 1) % otherPods], 'another program').key,
    }),
  );
  return {
    ...state,
    programs: { upserts: [...state.programs.upserts, ...programs], removals: [] },
    endpoints: { upserts: [...state.endpoints.upserts, ...endpoints], removals: [] },
  };
}

describe.each(['nft', 'legacy'] as const)('iptables among many (%s)', (flavour) => {
  let world: World;
  let dataplane: IptablesDataplane;

  beforeAll(async () => {
    world = await openWorld();
    inNetns(world.netns('node'), () => {
      dataplane = createIptablesDataplane({ podInterfaces: [world.podInterfacePrefix], flavour });
    });
  });
  afterAll(async () => {
    await dataplane?.close();
    await world?.close();
  });

  const delta = (text: StateText): Delta => withOtherPods(stateDelta(text, (pod) => world.podInterface(pod)));
  const answers = async (from: PodName, allowed: readonly number[]): Promise<void> => {
    const outcomes = served.map(async (port) => {
      const expected = allowed.includes(port) ? 'allowed' : 'denied';
      return [port, await world.attempt({ from, to: 'b', protocol: 'tcp', port, family: 4, expect: expected })];
    });
    expect(await Promise.all(outcomes)).toEqual(served.map((port) => [port, allowed.includes(port) ? 'answered' : 'silence']));
  };

  it('DP93: a pod among 300 with programs of their own, and a program of 2 000 rules, let through what is meant', async () => {
    const friends = { friends: { a: 'member' as const } };
    const first = delta({ sets: friends, ingress: { b: manyRules([80]) } });
    expect((await dataplane.apply(first)).quarantined).toEqual([]);
    await answers('a', [80]);
    await answers('c', []);
    const second = delta({ sets: { friends: { c: 'member' } }, ingress: { b: manyRules([81, 90]) }, egress: { c: manyRules([]) } });
    await dataplane.apply(deltaBetween(first, second));
    await answers('a', []);
    await answers('c', []);
    const third = delta({ sets: { friends: { c: 'member' } }, ingress: { b: manyRules([81, 90]) } });
    await dataplane.apply(deltaBetween(second, third));
    await answers('a', []);
    await answers('c', [81, 90]);
    const counts = (await dataplane.counters()).filter(({ packets }) => packets > 0n);
    expect(counts.map(({ rule }) => rule.ports?.[0]?.first).sort()).toEqual([81, 90]);
    expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
  });
});
