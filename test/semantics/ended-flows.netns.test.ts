/**
 * Flows that a new state denies, packet by packet: with `keep` they go on, with `cut` nothing of
 * them passes from either end, not even an answer that was on its way, and no other flow loses a packet.
 */
import { isDenied, judgeFlow } from '@weir/calc';
import type { ReviewReport } from '@weir/dataplane';
import type { NetworkPolicy } from '@weir/kube';
import { defined, parseAddress } from '@weir/net';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cutting, ebpfBackEnd, iptablesBackEnd, nftablesBackEnd } from '../packets/back-ends.ts';
import { CraftedFlow } from '../packets/crafted-flow.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { type CraftedSending, differences } from '../packets/raw-exchange.ts';
import { podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';

/** All are on node-0. */
const [server, good, bad] = ['x/a', 'y/b', 'x/c'];
const families = [4, 6] as const;
const onlyGood = policy('x', 'only-good', {
  podSelector: { matchLabels: { pod: 'a' } },
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } }] }],
});

const policed = new PolicedNetwork();
afterAll(() => policed.close());

const flowsOf = (client: string): CraftedFlow[] =>
  families.flatMap((family) =>
    (['TCP', 'UDP', 'SCTP'] as const).map(
      (protocol) =>
        new CraftedFlow({ opener: podAddressOf(client, family), answerer: podAddressOf(server, family), protocol, port: 9_000 }),
    ),
  );

describe.each([nftablesBackEnd, iptablesBackEnd, ebpfBackEnd])('$name: flows that a new state denies', (backEnd) => {
  afterEach(async () => {
    policed.network.run(policed.network.nodeNetns('node-0'), ['conntrack', '--flush']);
    await policed.reset();
  });

  const enforce = (...policies: readonly NetworkPolicy[]): Promise<void> => policed.moveTo(twoNodeWorld({ policies }));
  const tried = (sendings: readonly CraftedSending[]): Promise<string[]> => differences(policed.network, sendings);
  const both = (flows: readonly CraftedFlow[], expected: boolean): CraftedSending[] =>
    flows.flatMap((flow) => [flow.middle('opener', expected), flow.middle('answerer', expected)]);
  const open = async (flows: readonly CraftedFlow[]): Promise<void> => {
    // Nobody listens: what kernels answer to segments that they know nothing of would end the connections.
    for (const pod of [server, good, bad]) {
      const quiet = 'table inet weirt_quiet { chain out { type filter hook output priority 0; tcp flags & rst == rst drop; }; }';
      policed.network.run(policed.network.holderOf(podAddressOf(pod, 4)), [
        'nft',
        `table inet weirt_quiet; delete table inet weirt_quiet; ${quiet}`,
      ]);
    }
    const openings = flows.map((flow) => flow.opening());
    for (const step of [0, 1, 2, 3]) expect(await tried(openings.flatMap((each) => each[step] ?? []))).toEqual([]);
    expect(await tried(both(flows, true))).toEqual([]);
  };
  /** As the agent does behind a change. */
  const review = async (): Promise<ReviewReport> => {
    const { engine, dataplane } = policed.node('node-0');
    const addresses = families.map((family) => defined(parseAddress(podAddressOf(server, family)), 'the server has addresses'));
    return dataplane.endDenied({ addresses, isDenied: (flow) => isDenied(judgeFlow(engine.emittedState, flow, () => false)) });
  };

  describe('keep', () => {
    beforeAll(() => policed.reset(backEnd));

    it('DP49: they go on in both directions, and new ones are denied', async () => {
      await enforce();
      const flows = flowsOf(bad);
      await open(flows);
      await enforce(onlyGood);
      expect(await review()).toEqual({ looked: 0, ended: 0, heldBack: 0 });
      const begun = flowsOf(bad).flatMap((flow) => flow.opening().slice(0, 1));
      expect(await tried([...both(flows, true), ...begun.map((each) => ({ ...each, expected: false }))])).toEqual([]);
    });
  });

  describe('cut', () => {
    beforeAll(() => policed.reset(cutting(backEnd)));

    it.each([
      ['picks connections up in their middle', '1'],
      ['does not', '0'],
    ])(
      'DP49: they end, also for answers that were on their way, until they are allowed again; others go on; tracking %s',
      async (_name, loose) => {
        await enforce();
        policed.network.run(policed.network.nodeNetns('node-0'), [
          'sh',
          '-c',
          `echo ${loose} > /proc/sys/net/netfilter/nf_conntrack_tcp_loose`,
        ]);
        const [denied, allowed] = [flowsOf(bad), flowsOf(good)];
        await open([...denied, ...allowed]);
        await enforce(onlyGood);
        const { ended, heldBack } = await review();
        // Of TCP no answers are held back: it does not begin in its middle.
        expect({ ended, heldBack }).toEqual({ ended: 6, heldBack: 4 });
        const late = denied.flatMap((flow) => [flow.middle('answerer', false), flow.middle('answerer', false, true)]);
        expect(await tried([...late, ...both(allowed, true)])).toEqual([]);
        expect(await tried([...both(denied, false), ...late, ...both(allowed, true)])).toEqual([]);
        expect((await review()).heldBack).toBe(4);
        await enforce();
        expect((await review()).heldBack).toBe(0);
        await open(denied);
      },
    );
  });
});
