/** The kernel refuses what does not fit: everything else comes into force, on real packets. */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyReport } from '../../src/dataplane.ts';
import { tableLayout } from '../../src/nftables/layout.ts';
import { NftablesDataplane } from '../../src/nftables/nftables-dataplane.ts';
import { sharedSets } from '../../src/nftables/sets.ts';
import { deltaBetween, emptyDelta, type RuleText, type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, type PodName, pause, type World } from '../conformance/world.ts';

/** So many (program . class . protocol . port) tuples take the whole set. */
const tuplesMax = 4;
const none = { drifted: [], repaired: false };
const ports = (...list: number[]): RuleText[] => [{ peer: ['friends'], protocol: 6, ports: list }];
const friends = { friends: { a: 'member' as const } };
const tooMany = ports(80, 81, 82, 83, 84, 85);

describe('a program that the kernel refuses', () => {
  let world: World;
  const open: NftablesDataplane[] = [];

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

  const start = (): NftablesDataplane => {
    const options = { podInterfaces: [world.podInterfacePrefix] };
    const layout = tableLayout(options);
    const sets = layout.sets.map((set) => (set.name === sharedSets.allow ? { ...set, size: tuplesMax } : set));
    inNetns(world.netns('node'), () => open.push(new NftablesDataplane(options, () => ({ ...layout, sets }))));
    return defined(open.at(-1), 'a data plane is made');
  };
  const delta = (text: StateText): Delta => stateDelta({ ...text, sets: text.sets ?? friends }, (pod) => world.podInterface(pod));
  const isAllowed = async (from: PodName, to: PodName, port: number): Promise<void> => {
    expect(await world.attempt({ from, to, protocol: 'tcp', port, family: 4, expect: 'allowed' })).toBe('answered');
  };
  const isDenied = async (from: PodName, to: PodName, port: number): Promise<void> => {
    expect(await world.attempt({ from, to, protocol: 'tcp', port, family: 4, expect: 'denied' })).toBe('silence');
  };
  const refusesOne = (report: ApplyReport): void => {
    expect(report.quarantined).toEqual([
      { program: expect.any(String) as string, reason: expect.stringMatching(/the kernel refuses it: .*add to set allow/) as string },
    ]);
    expect(report.retryInMs).toBeGreaterThan(0);
  };

  it('DP62: leaves its endpoints with what they had, and everything else of the change comes into force', async () => {
    const dataplane = start();
    const before = delta({ ingress: { b: ports(80) } });
    await dataplane.apply(before);
    const more = delta({ ingress: { b: tooMany, c: ports(81) } });
    refusesOne(await dataplane.apply(deltaBetween(before, more)));
    await isAllowed('a', 'b', 80);
    await isDenied('a', 'b', 81);
    await isDenied('c', 'b', 80);
    await isAllowed('a', 'c', 81);
    await isDenied('a', 'c', 80);
    expect(await dataplane.resync()).toEqual(none);
    // Changes go on meanwhile.
    const less = delta({ ingress: { b: tooMany, c: ports(80) } });
    refusesOne(await dataplane.apply(deltaBetween(more, less)));
    await isAllowed('a', 'c', 80);
    await isDenied('a', 'c', 81);
    await isAllowed('a', 'b', 80);
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP62: closes endpoints that nothing was in force for, also when it is in the first state of a process', async () => {
    const dataplane = start();
    refusesOne(await dataplane.apply(delta({ ingress: { b: ports(80), c: tooMany } })));
    await isAllowed('a', 'b', 80);
    await isDenied('a', 'c', 80);
    await isAllowed('b', 'a', 80);
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP63: lets in nobody new by a program that cannot grow any more, and goes on with those it knew', async () => {
    const dataplane = start();
    const alone = delta({ ingress: { b: ports(80, 81, 90) } });
    await dataplane.apply(alone);
    // In another set as well, so of another class than the first friend.
    const both = delta({ sets: { friends: { a: 'member', c: 'member' }, others: { c: 'member' } }, ingress: { b: ports(80, 81, 90) } });
    const report = await dataplane.apply(deltaBetween(alone, both));
    refusesOne(report);
    await isAllowed('a', 'b', 80);
    await isDenied('c', 'b', 80);
    expect(await dataplane.resync()).toEqual(none);
    await dataplane.apply(deltaBetween(both, alone));
    await pause(report.retryInMs ?? 0);
    expect((await dataplane.apply(emptyDelta)).quarantined).toEqual([]);
    await isAllowed('a', 'b', 90);
    await isDenied('c', 'b', 80);
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP64: is tried again when it is time, and is in force when there is room', async () => {
    const dataplane = start();
    const crowded = delta({ ingress: { b: ports(80, 81, 90), c: ports(80, 81) } });
    const report = await dataplane.apply(crowded);
    expect(report.quarantined).toHaveLength(1);
    const roomy = delta({ ingress: { c: ports(80, 81) } });
    await dataplane.apply(deltaBetween(crowded, roomy));
    await pause(report.retryInMs ?? 0);
    const again = await dataplane.apply(emptyDelta);
    expect(again.quarantined).toEqual([]);
    expect(again.retryInMs).toBeUndefined();
    await isAllowed('a', 'c', 81);
    await isDenied('a', 'c', 90);
    await isDenied('b', 'c', 80);
    await isAllowed('c', 'b', 80);
    expect(await dataplane.resync()).toEqual(none);
  });
});
