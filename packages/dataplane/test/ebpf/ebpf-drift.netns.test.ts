/** What others do to eBPF maps is found also in large states, and while changes of one's own go on. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deltaBetween, type StateText } from '../conformance/state.ts';
import { pause } from '../conformance/world.ts';
import { type EbpfNode, openEbpfNode } from './ebpf-node.ts';

/** No two of them are neighbours, so that each is an element. */
const blocks = Array.from({ length: 12_000 }, (_, i) => `20.${i >> 14}.${(i >> 6) & 255}.${(i & 63) * 4}/32`);
const far: StateText = { ranges: { far: blocks }, ingress: { b: [{ peer: ['far'], protocol: 6, ports: [80] }] } };

describe('drift of eBPF maps', () => {
  let node: EbpfNode;

  beforeAll(async () => {
    node = await openEbpfNode();
  });
  afterEach(() => node.reset());
  afterAll(() => node?.close());

  it('DP72: tells of one element of thousands that is gone, also while changes go on, and puts it back', async () => {
    const dataplane = node.start();
    const states = [node.delta(far), node.delta({ ...far, ingress: { ...far.ingress, c: [{ protocol: 6, ports: [81] }] } })] as const;
    await dataplane.apply(states[0]);
    const key = '20 00 00 00 14 00 05 08'.split(' ');
    node.bpftool('map', 'delete', 'pinned', join(node.pins(), 'blocks4'), 'key', 'hex', ...key);
    const told: number[] = [];
    dataplane.watch(() => told.push(performance.now()));
    const deadline = performance.now() + 30_000;
    for (let round = 0; told.length === 0 && performance.now() < deadline; round++) {
      const [before, after] = round % 2 === 0 ? states : states.toReversed();
      // Changes alone would leave no turn to anything else.
      await pause(5);
      if (before !== undefined && after !== undefined) await dataplane.apply(deltaBetween(before, after));
    }
    expect(told).not.toEqual([]);
    expect(await dataplane.resync()).toEqual({ drifted: ['map blocks4 lacks 1 elements'], repaired: true });
    expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
    expect(node.replaced).toEqual([]);
  });
});
