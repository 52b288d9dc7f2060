/** Many and large policies on real packets. */
import type { LabelSelectorRequirement, NetworkPolicy } from '@weir/kube';
import { defined } from '@weir/net';
import { NetworkPolicyOracle, netpolPolicy as policy } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { probeArrivals } from '../packets/arrival-probe.ts';
import { probeFlows } from '../packets/probe-flows.ts';
import { twoNodeWorld } from '../packets/two-node-world.ts';
import { podA, type SemanticsScene } from './semantics-scene.ts';

/** Declares them for one back end. */
export function describeManyPolicies(scene: SemanticsScene): void {
  describe('many and large policies', () => {
    it('1 000 policies select one pod: each counts, also when some of them go', async () => {
      const onPort = (port: number): NetworkPolicy =>
        policy('x', `port-${port}`, {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [
            {
              from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: port % 2 === 0 ? 'b' : 'c' } } }],
              ports: [{ protocol: 'TCP', port }],
            },
          ],
        });
      const wrong = async (): Promise<string[]> => {
        const oracle = new NetworkPolicyOracle(scene.world);
        const tried = ['y/a', 'y/b', 'y/c'].flatMap((from) =>
          [...ports, 1_001].flatMap((port) => scene.flows(`${from} > x/a TCP ${port}`, false)),
        );
        const judged = tried.map(({ flow }) => ({ flow, allowed: oracle.verdict(flow).allowed }));
        expect(judged.filter(({ allowed }) => allowed).length).toBeGreaterThan(900);
        return (await probeArrivals(scene.policed.network, scene.world, judged)).map((each) => JSON.stringify(each));
      };
      const ports = Array.from({ length: 1_000 }, (_, i) => i + 1);
      await scene.enforce(onPort(1));
      const few = scene.policed.node('node-0').dataplane.sizes.rules;
      await scene.enforce(...ports.map(onPort));
      // Lookups, not lists, where the back end has them.
      if (scene.backEnd.name === 'nftables') expect(scene.policed.node('node-0').dataplane.sizes.rules).toBe(few);
      expect(await wrong()).toEqual([]);
      await scene.enforce(...ports.filter((port) => port % 97 !== 3).map(onPort));
      expect(await wrong()).toEqual([]);
      expect(scene.policed.replaced).toEqual([]);
    });

    it('a selector of 20 expressions asks for all of them', async () => {
      const labels = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key-${i}`, `value-${i % 3}`]));
      const expressions: LabelSelectorRequirement[] = Object.entries(labels).map(([key, value], i) => {
        const kinds: LabelSelectorRequirement[] = [
          { key, operator: 'In', values: ['other', value] },
          { key, operator: 'Exists' },
          { key: `no-${key}`, operator: 'DoesNotExist' },
          { key, operator: 'NotIn', values: ['other', 'more'] },
        ];
        return defined(kinds[i % kinds.length], 'a kind');
      });
      const letIn = policy('x', 'twenty', {
        podSelector: podA,
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchExpressions: expressions } }] }],
      });
      const almost: Record<string, Record<string, string>> = {
        'y/a': labels,
        'y/b': { ...labels, 'key-16': 'wrong' },
        'y/c': { ...labels, 'no-key-18': '' },
        'z/a': { ...labels, 'key-19': 'more' },
        'z/b': Object.fromEntries(Object.entries(labels).filter(([key]) => key !== 'key-17')),
        'z/c': Object.fromEntries(Object.entries(labels).filter(([key]) => key !== 'key-19')),
      };
      await scene.moveTo(twoNodeWorld({ policies: [letIn], labels: almost }));
      const oracle = new NetworkPolicyOracle(scene.world);
      const tried = Object.keys(almost)
        .flatMap((pod) => scene.flows(`${pod} > x/a TCP 80`, false))
        .map(({ flow }) => ({ flow, allowed: oracle.verdict(flow).allowed }));
      // NotIn holds for a label that is not there: z/c passes as well.
      expect(tried.filter(({ allowed }) => allowed)).toHaveLength(4);
      expect(await probeFlows(scene.policed.network, scene.world, tried)).toEqual([]);
    });

    it('policies of which the names differ only in their last letters keep apart', async () => {
      const long = (last: string): string => `${'n'.repeat(240)}${last}`;
      const from = (name: string, pod: string): NetworkPolicy =>
        policy('x', name, {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod } } }] }],
        });
      await scene.enforce(from(long('b'), 'b'), from(long('c'), 'c'));
      expect(await scene.differences({ allowed: ['y/b > x/a TCP 80', 'y/c > x/a TCP 80'], denied: ['y/a > x/a TCP 80'] })).toEqual([]);
      await scene.enforce(from(long('c'), 'c'));
      expect(await scene.differences({ allowed: ['y/c > x/a TCP 80'], denied: ['y/b > x/a TCP 80', 'y/a > x/a TCP 80'] })).toEqual([]);
    });
  });
}
