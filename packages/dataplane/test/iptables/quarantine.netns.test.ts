/** ipset refuses what does not fit: everything else comes into force, on real packets. */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyReport } from '../../src/dataplane.ts';
import { IptablesDataplane } from '../../src/iptables/iptables-dataplane.ts';
import { deltaBetween, emptyDelta, type RuleText, type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, type PodName, pause, type World } from '../conformance/world.ts';

const none = { drifted: [], repaired: false };
const friends = { friends: { a: 'member' as const } };
/** More blocks than a set of peers takes here; the pods are in none of them. */
const ranges = { wide: Array.from({ length: 6 }, (_, i) => `198.51.100.${16 * i}/29`) };
const peersMax = 4;
const ports = (...list: number[]): RuleText[] => [{ peer: ['friends'], protocol: 6, ports: list }];
const tooMany: RuleText[] = [...ports(81), { peer: ['wide'], protocol: 6 }];

describe.each(['nft', 'legacy'] as const)('a program that ipset refuses (%s)', (flavour) => {
  let world: World;
  const open: IptablesDataplane[] = [];

  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    for (const dataplane of open.splice(0)) {
      await dataplane.remove();
      await dataplane.close();
    }
  });
  afterAll(async () => {
    await world?.close();
  });

  const start = (membersMax = peersMax): IptablesDataplane => {
    inNetns(world.netns('node'), () => {
      open.push(new IptablesDataplane({ podInterfaces: [world.podInterfacePrefix], flavour }, membersMax));
    });
    return defined(open.at(-1), 'a data plane is made');
  };
  const delta = (text: StateText): Delta => stateDelta({ ...text, ranges, sets: text.sets ?? friends }, (pod) => world.podInterface(pod));
  const tries = async (wanted: Readonly<Record<string, 'answered' | 'silence'>>): Promise<void> => {
    const outcomes = Object.entries(wanted).map(async ([flow, outcome]) => {
      const [from, to, port] = flow.split(' ') as [PodName, PodName, string];
      const expected = outcome === 'answered' ? 'allowed' : 'denied';
      return [flow, await world.attempt({ from, to, protocol: 'tcp', port: Number(port), family: 4, expect: expected })];
    });
    expect(Object.fromEntries(await Promise.all(outcomes))).toEqual(wanted);
  };
  const refusesOne = (report: ApplyReport): void => {
    expect(report.quarantined).toEqual([
      { program: expect.any(String) as string, reason: expect.stringMatching(/the kernel refuses it: ipset refused: .*full/) as string },
    ]);
    expect(report.retryInMs).toBeTypeOf('number');
  };

  it('DP62: leaves its endpoints with what they had, and everything else of the change comes into force', async () => {
    const dataplane = start();
    const before = delta({ ingress: { b: ports(80) } });
    expect((await dataplane.apply(before)).quarantined).toEqual([]);
    const more = delta({ ingress: { b: tooMany, c: ports(81) } });
    refusesOne(await dataplane.apply(deltaBetween(before, more)));
    await tries({ 'a b 80': 'answered', 'a b 81': 'silence', 'c b 80': 'silence', 'a c 81': 'answered', 'a c 80': 'silence' });
    expect(await dataplane.resync()).toEqual(none);
    // Changes go on meanwhile.
    const less = delta({ ingress: { b: tooMany, c: ports(80) } });
    refusesOne(await dataplane.apply(deltaBetween(more, less)));
    await tries({ 'a c 80': 'answered', 'a c 81': 'silence', 'a b 80': 'answered' });
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP62: closes endpoints that nothing was in force for, also when it is in the first state of a process', async () => {
    const dataplane = start();
    refusesOne(await dataplane.apply(delta({ ingress: { b: ports(80), c: tooMany } })));
    await tries({ 'a b 80': 'answered', 'a c 81': 'silence', 'b a 80': 'answered' });
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP63: lets in nobody new by a set that cannot grow any more, goes on with those it knew, and loses as ever', async () => {
    const dataplane = start(1);
    const sets = (...members: PodName[]): StateText => ({
      sets: { friends: Object.fromEntries(members.map((pod) => [pod, 'member' as const])) },
      ingress: { b: ports(80) },
    });
    const alone = delta(sets('a'));
    await dataplane.apply(alone);
    const all = delta(sets('a', 'b', 'c'));
    refusesOne(await dataplane.apply(deltaBetween(alone, all)));
    await tries({ 'a b 80': 'answered', 'c b 80': 'silence' });
    expect(await dataplane.resync()).toEqual(none);
    const others = delta(sets('b', 'c'));
    refusesOne(await dataplane.apply(deltaBetween(all, others)));
    await tries({ 'a b 80': 'silence', 'c b 80': 'silence' });
    const report = await dataplane.apply(deltaBetween(others, delta(sets('c'))));
    await pause(report.retryInMs ?? 0);
    expect((await dataplane.apply(emptyDelta)).quarantined).toEqual([]);
    await tries({ 'a b 80': 'silence', 'c b 80': 'answered' });
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP63: is closed where a set that lacks somebody would let in more', async () => {
    const dataplane = start(1);
    const rules: RuleText[] = [
      { peer: ['friends'], protocol: 6, ports: [81], action: 'deny' },
      { protocol: 6, id: 'rest' },
    ];
    const alone = delta({ ingress: { b: rules } });
    await dataplane.apply(alone);
    await tries({ 'a b 81': 'silence', 'c b 81': 'answered' });
    const both = delta({ sets: { friends: { a: 'member', c: 'member' } }, ingress: { b: rules } });
    refusesOne(await dataplane.apply(deltaBetween(alone, both)));
    await tries({ 'a b 81': 'silence', 'c b 81': 'silence', 'c b 80': 'silence' });
  });

  it('DP62: goes back to what they had, with the peers of then, or closes them where that is too much as well', async () => {
    const dataplane = start(1);
    const butFoes: RuleText[] = [
      { peer: ['foes'], protocol: 6, ports: [81], action: 'deny' },
      { protocol: 6, id: 'rest' },
    ];
    const sets = (members: Readonly<Partial<Record<PodName, 'member'>>>): StateText => ({ sets: { friends: members, foes: members } });
    const alone = delta({ ...sets({ a: 'member' }), ingress: { b: ports(80), c: butFoes } });
    await dataplane.apply(alone);
    const grown = delta({ ...sets({ a: 'member', b: 'member' }), ingress: { b: tooMany, c: tooMany, a: [{ protocol: 6 }] } });
    const report = await dataplane.apply(deltaBetween(alone, grown));
    expect(report.quarantined.length).toBeGreaterThan(0);
    await tries({ 'a b 80': 'answered', 'c b 80': 'silence', 'a c 80': 'silence', 'b c 80': 'silence', 'b a 81': 'answered' });
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP64: is tried again when it is time, and is in force when there is room', async () => {
    const dataplane = start();
    const crowded = delta({ sets: { friends: { a: 'member' } }, ingress: { b: tooMany, c: ports(80) } });
    const report = await dataplane.apply(crowded);
    refusesOne(report);
    await pause(report.retryInMs ?? 0);
    refusesOne(await dataplane.apply(emptyDelta));
    const roomy = delta({ ingress: { b: ports(81), c: ports(80) } });
    const fitting = await dataplane.apply(deltaBetween(crowded, roomy));
    expect([fitting.quarantined, fitting.retryInMs]).toEqual([[], undefined]);
    await tries({ 'a b 81': 'answered', 'a c 80': 'answered', 'a b 80': 'silence' });
    expect(await dataplane.resync()).toEqual(none);
  });
});
