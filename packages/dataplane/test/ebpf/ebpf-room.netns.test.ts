/** What becomes of programs that the map of policies has no room for: they stop growing or are closed, and everything else comes into force. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyReport } from '../../src/dataplane.ts';
import { deltaBetween, emptyDelta, type RuleText, type StateText } from '../conformance/state.ts';
import { type PodName, pause } from '../conformance/world.ts';
import { committedFile, type EbpfNode, openEbpfNode } from './ebpf-node.ts';

/** No two of them share a prefix of their bits, so that each is an entry. */
const threePorts = [80, 83, 90];
const none = { drifted: [], repaired: false };
/** c is in another set as well, so of another class than a. */
const newcomer = { a: 'member', c: 'member' } as const;

describe('room for programs in eBPF maps', () => {
  let node: EbpfNode;

  beforeAll(async () => {
    node = await openEbpfNode();
  });
  afterEach(() => node.reset());
  afterAll(() => node?.close());

  const attempt = (from: PodName, to: PodName, port: number, expected: 'allowed' | 'denied') =>
    node.world.attempt({ from, to, protocol: 'tcp', port, family: 4, expect: expected });
  const isAllowed = async (from: PodName, to: PodName, port: number): Promise<void> => {
    expect(await attempt(from, to, port, 'allowed')).toBe('answered');
  };
  const isDenied = async (from: PodName, to: PodName, port: number): Promise<void> => {
    expect(await attempt(from, to, port, 'denied')).toBe('silence');
  };
  const lacks = ({ quarantined, retryInMs }: ApplyReport, reason: string): void => {
    expect(quarantined).toEqual([{ program: expect.any(String) as string, reason }]);
    expect(retryInMs).toBeGreaterThan(0);
  };

  it('DP63: a program that has no room for new peers goes on with those it knew, and takes them in when there is room', async () => {
    const friendly = (ports: number[]): RuleText[] => [{ peer: ['friends'], protocol: 6, ports }];
    const programs = { a: friendly([81]), b: friendly(threePorts) };
    const alone = node.delta({ sets: { friends: { a: 'member' } }, ingress: programs });
    const sets: StateText['sets'] = { friends: newcomer, others: { c: 'member' } };
    const both = node.delta({ sets, ingress: programs });
    const roomy = node.delta({ sets, ingress: { b: programs.b } });
    const dataplane = node.start({ policyEntriesMax: 8 });
    expect((await dataplane.apply(alone)).quarantined).toEqual([]);
    const report = await dataplane.apply(deltaBetween(alone, both));
    lacks(report, 'for peers that came since it needs 3 entries of the policy map, and 1 of 8 are free');
    await isAllowed('a', 'b', 80);
    await isDenied('c', 'b', 80);
    await isAllowed('c', 'a', 81);
    await isDenied('c', 'a', 80);
    expect(await dataplane.resync()).toEqual(none);
    const { retryInMs = 0 } = await dataplane.apply(deltaBetween(both, roomy));
    await pause(retryInMs);
    const again = await dataplane.apply(emptyDelta);
    expect(again.quarantined).toEqual([]);
    expect(again.retryInMs).toBeUndefined();
    await isAllowed('c', 'b', 80);
    await isDenied('c', 'b', 81);
    await isAllowed('c', 'a', 80);
    expect(await dataplane.resync()).toEqual(none);
    expect(node.replaced).toEqual([]);
  });

  it('DP78: a program that would have to deny new peers something, and has no room for it, is closed until it has', async () => {
    const ingress = { b: [{ action: 'deny', peer: ['foes'], protocol: 6, ports: threePorts }, {}] } satisfies StateText['ingress'];
    const alone = node.delta({ sets: { foes: { a: 'member' } }, ingress });
    const both = node.delta({
      sets: { foes: newcomer, others: { c: 'member' } },
      ingress: { ...ingress, a: [{ protocol: 6, ports: [81] }] },
    });
    const dataplane = node.start({ policyEntriesMax: 6 });
    expect((await dataplane.apply(alone)).quarantined).toEqual([]);
    await isAllowed('c', 'b', 80);
    const kept = await node.world.connect('c', 'b', 81);
    const report = await dataplane.apply(deltaBetween(alone, both));
    lacks(report, 'it needs 7 entries of the policy map, and 2 of 6 are free');
    for (const port of [80, 81]) await isDenied('c', 'b', port);
    await isDenied('a', 'b', 81);
    await isAllowed('c', 'a', 81);
    await isDenied('c', 'a', 80);
    expect(await node.world.echo(kept, 10_000)).toBe(true);
    expect(await dataplane.resync()).toEqual(none);
    await dataplane.apply(deltaBetween(both, alone));
    expect((await dataplane.apply(emptyDelta)).quarantined).toEqual([]);
    await isDenied('a', 'b', 80);
    await isAllowed('a', 'b', 81);
    await isAllowed('c', 'b', 80);
    expect(await dataplane.resync()).toEqual(none);
    expect(node.replaced).toEqual([]);
    kept.destroy();
  });

  it('DP78: a process that finds more than half of the room taken makes maps of its own, and no program waits', async () => {
    const state = node.delta({
      sets: { friends: { a: 'member' } },
      ingress: { b: [{ peer: ['friends'], protocol: 6, ports: threePorts }] },
    });
    const first = node.start({ policyEntriesMax: 6 });
    await first.apply(state);
    const kept = await node.world.connect('a', 'b', 80);
    await node.leave(first);
    const second = node.start({ policyEntriesMax: 6 });
    expect((await second.apply(state)).quarantined).toEqual([]);
    expect(readdirSync(join(node.pins(), '..'))).toEqual([`${committedFile.version}-2`]);
    expect(await node.world.echo(kept, 10_000)).toBe(true);
    await isAllowed('a', 'b', 90);
    await isDenied('c', 'b', 90);
    expect(await second.resync()).toEqual(none);
    kept.destroy();
  });
});
