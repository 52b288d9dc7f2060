/** One change at a time, to and fro on one node while packets are under way: what DP43 to DP48 promise. */
import type { NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule } from '@weir/kube';
import { netpolPolicy as policy, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import type { LoadLane } from '../packets/load-prober.ts';
import { countWhile, type LaneCount } from '../packets/load-run.ts';
import { nodeAddressOf, podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';
import type { UpdatePromises } from './update-promises.ts';

/** Declares them for one back end. */
export function describeSingleUpdates({ loadMs, changesMin, policed }: UpdatePromises): void {
  describe('one change at a time, on one node', () => {
    /** Between two changes: what is promised holds for one change while a packet is under way, so a machine that pauses must not fit in two. */
    const restMs = 3;
    const longRestMs = 20;
    /** All on the first node, as every other pod of the suite is. */
    const a = 'x/a';
    const c = 'x/c';
    const other = 'z/c';

    const ingressTo = (name: string, ingress: readonly NetworkPolicyIngressRule[]): NetworkPolicy =>
      policy('x', name, { podSelector: { matchLabels: { pod: 'c' } }, policyTypes: ['Ingress'], ingress: [...ingress] });
    const egressFrom = (name: string, egress: readonly NetworkPolicyEgressRule[]): NetworkPolicy =>
      policy('x', name, { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Egress'], egress: [...egress] });

    const lanesOf = (from: string, to: string): LoadLane[] =>
      ([4, 6] as const).flatMap((family) =>
        (['UDP', 'TCP'] as const).map((protocol) => {
          const source = podAddressOf(from, family);
          return { source, destination: podAddressOf(to, family), port: 80, protocol, netns: policed().network.holderOf(source) };
        }),
      );

    /**
     * A chain of somebody else, in front of each of ours from ingress on, that takes its time: what can
     * go wrong between two chains goes wrong often enough to be seen.
     */
    const slowDownBetweenChains = (): void => {
      const rules = Array.from({ length: 1_500 }, () => 'meta mark 0x12345 counter').join('\n');
      const chains = [-19, -18].map((priority, i) => `chain slow${i} { type filter hook forward priority ${priority};\n${rules}\n}\n`);
      policed().network.run(
        policed().network.holderOf(nodeAddressOf(0, 4)),
        ['nft', '-f', '-'],
        `table inet slow {\n${chains.join('')}}\n`,
      );
    };
    const speedUp = (): void => {
      policed().network.run(policed().network.holderOf(nodeAddressOf(0, 4)), ['nft', 'delete', 'table', 'inet', 'slow']);
    };

    interface Alternation {
      readonly packetsPerSecond: number;
      readonly lanes: readonly LoadLane[];
      /** Rest after each change, in milliseconds. */
      readonly restMs?: number;
      /** Puts the one or the other state into force. */
      readonly change: (back: boolean) => Promise<void>;
    }

    /** Goes to and fro between two states while packets are under way. */
    const alternate = async ({ packetsPerSecond, lanes, restMs: rest = restMs, change }: Alternation): Promise<LaneCount[]> => {
      let changes = 0;
      const counts = await countWhile(policed().network, { packetsPerSecond, lanes }, async () => {
        for (const end = performance.now() + loadMs; performance.now() < end || changes < changesMin; changes++) {
          await change(changes % 2 === 1);
          await new Promise((resolve) => setTimeout(resolve, rest));
        }
      });
      expect(counts.every(({ sent }) => sent > changesMin / 2)).toBe(true);
      expect(policed().replaced).toEqual([]);
      return counts;
    };
    const arrived = (counts: readonly LaneCount[]): number[] => counts.map((lane) => lane.arrived);
    const lost = (counts: readonly LaneCount[]): number[] => counts.map((lane) => lane.sent - lane.arrived);
    const nothing = [0, 0, 0, 0];

    it('DP44: no packet is let out by one state and let in by the other', async () => {
      const closedOut = twoNodeWorld({ policies: [egressFrom('out', [])] });
      const closedIn = twoNodeWorld({ policies: [ingressTo('in', [])] });
      await policed().moveTo(closedOut);
      slowDownBetweenChains();
      try {
        const change = await policed().alternation(closedOut, closedIn);
        expect(arrived(await alternate({ packetsPerSecond: 8_000, lanes: lanesOf(a, c), restMs: longRestMs, change }))).toEqual(nothing);
      } finally {
        speedUp();
      }
    });

    const coloured = (colour: string) => ({ namespaceSelector: {}, podSelector: { matchLabels: { colour } } });

    /** Asks for both colours in every state, so that both classes live on while pods change between them. */
    const bothAsked = policy('z', 'both', {
      podSelector: { matchLabels: { pod: 'c' } },
      policyTypes: ['Ingress'],
      ingress: ['red', 'blue'].map((colour, i) => ({ from: [coloured(colour)], ports: [{ port: 80 + i }] })),
    });

    it('DP45: no packet meets the new class of its peer with the old program of its own end, nor the other way round', async () => {
      const world = (peer: 'red' | 'blue', allowed: 'red' | 'blue'): World => {
        const from = [coloured(allowed)];
        return twoNodeWorld({
          policies: [ingressTo('in', [{ from }]), bothAsked],
          labels: { [a]: { colour: peer }, 'x/b': { colour: 'red' }, 'y/a': { colour: 'blue' } },
        });
      };
      const [before, after] = [world('red', 'blue'), world('blue', 'red')];
      await policed().moveTo(before);
      const change = await policed().alternation(before, after);
      expect(arrived(await alternate({ packetsPerSecond: 40_000, lanes: lanesOf(a, c), change }))).toEqual(nothing);
    });

    it('DP46: a policy in place of another with the same effect loses no packet and lets none through', async () => {
      const allow = { from: [{ podSelector: { matchLabels: { pod: 'a' } } }] };
      const world = (name: string): World =>
        twoNodeWorld({ policies: [ingressTo(name, [allow]), egressFrom(`${name}-out`, [{ to: [{ podSelector: {} }] }])] });
      const [before, after] = [world('one'), world('two')];
      await policed().moveTo(before);
      const change = await policed().alternation(before, after);
      const lanes = [...lanesOf(a, c), ...lanesOf(other, c), ...lanesOf(a, other)];
      const counts = await alternate({ packetsPerSecond: 20_000, lanes, change });
      expect(lost(counts.slice(0, 4))).toEqual(nothing);
      expect(arrived(counts.slice(4))).toEqual([...nothing, ...nothing]);
    });

    it('DP47: no packet is lost when its ends become isolated and are let through, or are isolated no longer', async () => {
      const open = twoNodeWorld({ policies: [] });
      const from = [{ podSelector: { matchLabels: { pod: 'a' } } }];
      const isolated = twoNodeWorld({ policies: [ingressTo('in', [{ from }]), egressFrom('out', [{ to: [{ podSelector: {} }] }])] });
      await policed().moveTo(open);
      const change = await policed().alternation(open, isolated);
      expect(lost(await alternate({ packetsPerSecond: 20_000, lanes: lanesOf(a, c), change }))).toEqual(nothing);
    });

    it('DP48: no packet passes while a pod that may not talk goes and comes back', async () => {
      await policed().moveTo(twoNodeWorld({ policies: [ingressTo('in', []), egressFrom('out', [])] }));
      const node = policed().node('node-0');
      const endpoints = node.engine.emitted().endpoints.upserts.filter(({ namespace, name }) => [a, c].includes(`${namespace}/${name}`));
      expect(endpoints).toHaveLength(2);
      const change = async (back: boolean): Promise<void> => {
        await node.dataplane.apply({
          ...unchanged,
          endpoints: back ? { upserts: endpoints, removals: [] } : { upserts: [], removals: endpoints.map(({ uid }) => uid) },
        });
      };
      const counts = await alternate({ packetsPerSecond: 8_000, lanes: [...lanesOf(a, other), ...lanesOf(other, c)], change });
      expect(arrived(counts)).toEqual([...nothing, ...nothing]);
    });

    it.each([
      ['one port', { protocol: 'UDP', port: 80 }],
      // Ranges live in a set that the kernel publishes later than the others.
      ['a range of ports', { protocol: 'UDP', port: 79, endPort: 90 }],
    ])('DP43: no packet is lost while the numbers of its program and its peer change under it, let in by %s', async (_name, port) => {
      const letIn = (...more: readonly NetworkPolicyIngressRule[]): NetworkPolicy =>
        ingressTo('let-in', [{ from: [{ podSelector: { matchLabels: { pod: 'a' } } }], ports: [port] }, ...more]);
      const before = twoNodeWorld({ policies: [letIn()] });
      const after = twoNodeWorld({
        policies: [letIn({ from: [{ podSelector: { matchLabels: { team: 'red' } } }], ports: [{ port: 81 }] })],
        labels: { [a]: { team: 'red' }, [other]: { team: 'red' } },
      });
      await policed().moveTo(before);
      const lanes = [...lanesOf(a, c), ...lanesOf(other, c)].filter(({ protocol }) => protocol === 'UDP');
      const change = await policed().alternation(before, after);
      const counts = await alternate({ packetsPerSecond: 10_000, lanes, change });
      expect(lost(counts.slice(0, 2))).toEqual([0, 0]);
      expect(arrived(counts.slice(2))).toEqual([0, 0]);
    });
  });
}

const none = { upserts: [], removals: [] } as const;
const unchanged = { peerSets: none, classes: none, addresses: none, programs: none, endpoints: none, hosts: none };
