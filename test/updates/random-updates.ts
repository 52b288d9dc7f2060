/** Random changes while packets are under way, between worlds of which the oracle says what both allow and what neither does. */
import { defined } from '@weir/net';
import {
  flowsOf,
  generateWorld,
  NetworkPolicyOracle,
  Random,
  renderFlow,
  renderWorld,
  runSize,
  type World,
  type WorldFlow,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { countWhile } from '../packets/load-run.ts';
import { addressOf } from '../packets/world-address.ts';
import type { UpdatePromises } from './update-promises.ts';

const changesLeast = 5;

/** Declares them for one back end. */
export function describeRandomUpdates({ backEnd, losesNothing, randomWorlds, loadMs, policed }: UpdatePromises): void {
  describe('random changes under load', () => {
    const { firstSeed, count } = runSize(randomWorlds);
    const expressible = (world: World): World => ({ ...world, networkPolicies: world.networkPolicies.map(backEnd.expressible) });

    /** The world with the labels and policies of another one: pods and addresses stay. */
    const relabelled = (world: World, other: World): World => {
      const inhabited = [...new Set(world.pods.map(({ metadata }) => metadata.namespace ?? ''))];
      const withLabels = <T extends World['pods'][number] | World['namespaces'][number]>(
        object: T,
        labels: T['metadata']['labels'],
      ): T => ({
        ...object,
        metadata: { ...object.metadata, ...(labels && { labels }) },
      });
      return {
        ...world,
        pods: world.pods.map((pod, i) => withLabels(pod, other.pods[i]?.metadata.labels)),
        namespaces: world.namespaces.map((namespace, i) =>
          withLabels(namespace, {
            ...other.namespaces[i]?.metadata.labels,
            'kubernetes.io/metadata.name': namespace.metadata.name ?? '',
          }),
        ),
        networkPolicies: other.networkPolicies.map((policy, i) => ({
          ...policy,
          metadata: { ...policy.metadata, namespace: inhabited[i % inhabited.length] ?? '' },
        })),
      };
    };

    const nodeOf = (world: World, { namespace, name }: Extract<WorldFlow['source'], { kind: 'pod' }>): string | undefined =>
      world.pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)?.spec?.nodeName;

    /** What both states let through, what neither does, and what one of them does. */
    const certainFlows = (before: World, after: World): Record<'allowed' | 'denied' | 'changing', WorldFlow[]> => {
      const [old, next] = [new NetworkPolicyOracle(before), new NetworkPolicyOracle(after)];
      const flows = flowsOf(before).flatMap((flow) => {
        const { source, destination } = flow;
        if (flow.protocol !== 'UDP' || source.kind !== 'pod' || destination.kind !== 'pod' || source.name === destination.name) return [];
        return [{ flow, onOneNode: nodeOf(before, source) === nodeOf(before, destination) }];
      });
      const verdicts = flows.map(({ flow, onOneNode }) => ({ flow, onOneNode, a: old.verdict(flow), b: next.verdict(flow) }));
      return {
        changing: verdicts.filter(({ a, b }) => a.allowed !== b.allowed).map(({ flow }) => flow),
        allowed: verdicts.filter(({ a, b }) => a.allowed && b.allowed).map(({ flow }) => flow),
        // Two nodes do not change at one instant: the first can let out what the second lets in a moment later.
        denied: verdicts
          .filter(({ onOneNode, a, b }) =>
            onOneNode ? !a.allowed && !b.allowed : (!a.egressAllowed && !b.egressAllowed) || (!a.ingressAllowed && !b.ingressAllowed),
          )
          .map(({ flow }) => flow),
      };
    };

    it.each(Array.from({ length: count }, (_, i) => [firstSeed + 900 + i]))(
      'seed %i: no packet passes that both states deny, and none is lost that both allow',
      async (seed) => {
        const random = new Random(seed);
        const first = expressible(generateWorld(seed));
        const second = expressible(relabelled(first, generateWorld(seed + 7_000)));
        const certain = certainFlows(first, second);
        const flows = [...random.sample(certain.allowed, 6), ...random.sample(certain.denied, 6), ...random.sample(certain.changing, 2)];
        const lanes = flows.map((flow) => {
          const source = addressOf(first, flow.source, flow);
          const destination = addressOf(first, flow.destination, flow);
          return { source, destination, port: defined(flow.port, 'UDP has a port') };
        });
        await policed().moveTo(first);
        const netnsOf = (address: string): string => policed().network.holderOf(address);
        let changes = 0;
        const counts = await countWhile(
          policed().network,
          { packetsPerSecond: 1_000, lanes: lanes.map((lane) => ({ ...lane, netns: netnsOf(lane.source) })) },
          async () => {
            for (const end = performance.now() + loadMs + 1_000; performance.now() < end || changes <= changesLeast; changes++) {
              await policed().tell(changes % 2 === 0 ? second : first);
              await new Promise((resolve) => setTimeout(resolve, random.integer(0, 12)));
            }
          },
        );
        const wrong = counts.flatMap(({ sent, arrived }, i) => {
          const flow = defined(flows[i], 'each lane has a flow');
          if (certain.changing.includes(flow)) return arrived > 0 && arrived < sent ? [] : [`${renderFlow(flow)}: never changed`];
          if (certain.allowed.includes(flow) && !losesNothing) return arrived > 0 ? [] : [`${renderFlow(flow)}: nothing arrived`];
          const expected = certain.allowed.includes(flow) ? sent : 0;
          return arrived === expected ? [] : [`${renderFlow(flow)}: ${arrived} of ${sent} arrived, expected ${expected}`];
        });
        expect(wrong, `seed ${seed}\n${renderWorld(first)}\n${renderWorld(second)}`).toEqual([]);
        expect(counts.every(({ sent }) => sent > 20)).toBe(true);
        expect(policed().replaced).toEqual([]);
      },
    );
  });
}
