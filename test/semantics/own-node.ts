/** The node on real packets: its own pods, pods on its network, neighbour discovery. */
import { defined } from '@weir/net';
import { netpolPolicy as policy } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { nodeAddressOf, podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';
import { denyAll, families, podA, type SemanticsScene } from './semantics-scene.ts';

/** Declares them for one back end. */
export function describeOwnNode(scene: SemanticsScene): void {
  describe('the node', () => {
    it('reaches its own pods whatever policies say, and another node does not', async () => {
      await scene.enforce(denyAll);
      const tried = (from: string, to: string): string[] => [`${from} > ${to} TCP 80`, `${from} > ${to} UDP 81`, `${from} > ${to} ICMP`];
      expect(
        await scene.differences({
          allowed: [...tried('node-0', 'x/a'), ...tried('node-1', 'x/b')],
          denied: [...tried('node-1', 'x/a'), ...tried('node-0', 'x/b'), ...tried('x/a', 'node-0'), ...tried('x/a', 'node-1')],
        }),
      ).toEqual([]);
    });

    it('and pods on the host network are one: no policy selects them, and no selector of pods means them', async () => {
      const fromPodsB = policy('x', 'from-pods-b', {
        podSelector: podA,
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } }] }],
      });
      const closed = twoNodeWorld({
        policies: [fromPodsB, policy('z', 'closed', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
      });
      const podIPs = families.map((family) => ({ ip: nodeAddressOf(1, family) }));
      const world = {
        ...closed,
        pods: closed.pods.map((pod) => {
          if (`${pod.metadata.namespace}/${pod.metadata.name}` !== 'z/b') return pod;
          const spec = { ...pod.spec, containers: pod.spec?.containers ?? [], hostNetwork: true };
          return { ...pod, spec, status: { ...pod.status, podIP: nodeAddressOf(1, 4), podIPs } };
        }),
      };
      await scene.moveTo(world);
      expect(
        await scene.differences({
          // z/b is selected by `closed`, and has a label that `from-pods-b` asks for.
          allowed: ['node-1 > y/b TCP 80', 'y/b > node-1 TCP 80', 'x/b > node-1 UDP 80', 'x/b > x/a TCP 80'],
          denied: ['node-1 > x/a TCP 80', 'node-1 > x/a UDP 80', 'node-1 > z/a TCP 80', 'z/c > y/b TCP 80'],
        }),
      ).toEqual([]);
    });

    it('and its isolated pods find each other by neighbour discovery', async () => {
      await scene.enforce(denyAll);
      const { network } = scene.policed;
      const own = podAddressOf('x/a', 6);
      const link = defined(
        [...network.linkedPods().values()].find(({ addresses }) => addresses.includes(own)),
        'the pod has a link',
      );
      const node = network.nodeNetns('node-0');
      network.run(node, ['ip', 'neigh', 'del', own, 'dev', link.interface]);
      network.run(network.holderOf(own), ['ip', 'neigh', 'del', 'fe80::1', 'dev', 'eth0']);
      expect(await scene.differences({ allowed: ['node-0 > x/a TCP 80'] })).toEqual([]);
      expect(network.run(node, ['ip', 'neigh', 'show', own])).toMatch(/lladdr/);
      expect(network.run(network.holderOf(own), ['ip', 'neigh', 'show', 'fe80::1'])).toMatch(/lladdr/);
    });
  });
}
