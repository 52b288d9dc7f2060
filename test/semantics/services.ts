/** Services on real packets: traffic to a service is judged by the pod behind it, through every entrance. */
import type { NetworkPolicy } from '@weir/kube';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { renderProxyTable, renderProxyTableRemoval } from '../../packages/lab/src/services/proxy-table.ts';
import type { ServicePortState } from '../../packages/lab/src/services/service-port.ts';
import { nodeAddressOf, podAddressOf } from '../packets/two-node-world.ts';
import { denyAll, families, podA, type SemanticsScene } from './semantics-scene.ts';

/** Declares them for one back end. */
export function describeServices(scene: SemanticsScene): void {
  describe('services', () => {
    const service = { 4: '10.0.0.10', 6: 'fd00:10::10' } as const;
    const proxyTable = 'weir_packet_services';

    const nodePort = 30_080;
    const serve = (backend: string, externalTrafficPolicy: 'Local' | 'Cluster' = 'Cluster'): void => {
      const states = families.flatMap((family) =>
        (['TCP', 'UDP'] as const).map((protocol): ServicePortState => {
          const target = { kind: 'backends', backends: [{ address: podAddressOf(backend, family), port: 8080 }] } as const;
          return {
            name: 'x/service:port',
            family,
            protocol,
            port: 80,
            clusterIp: service[family],
            externalIps: [],
            balancerIps: [],
            internal: target,
            external: target,
            nodePort,
            keepsSource: externalTrafficPolicy === 'Local',
          };
        }),
      );
      for (const i of [0, 1]) {
        const nodeAddresses = families.map((family) => nodeAddressOf(i, family));
        scene.policed.network.run(
          scene.policed.network.nodeNetns(`node-${i}`),
          ['nft', '-f', '-'],
          renderProxyTable({ table: proxyTable, nodeAddresses, states }),
        );
      }
    };
    const toService = (from: string): string[] =>
      Object.values(service).flatMap((address) => ['TCP', 'UDP'].map((protocol) => `${from} > ${address} ${protocol} 80`));

    afterEach(() => {
      for (const i of [0, 1])
        scene.policed.network.run(scene.policed.network.nodeNetns(`node-${i}`), ['nft', '-f', '-'], renderProxyTableRemoval(proxyTable));
    });

    it('a pod that everything is forbidden to reaches itself, directly and through its own service', async () => {
      await scene.enforce(denyAll);
      serve('x/a');
      expect(
        await scene.differences({
          allowed: [...toService('x/a'), 'x/a > x/a TCP 80', 'x/a > x/a UDP 80'],
          denied: [...toService('x/b'), ...toService('x/c'), ...toService('y/a')],
        }),
      ).toEqual([]);
    });

    it('traffic to a service is judged by the pod and the port behind it, on the same node and another', async () => {
      const toBackend = { podSelector: podA, policyTypes: ['Egress' as const] };
      const serviceBlocks = Object.values(service).map((address) => ({
        ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` },
      }));
      await scene.enforce(
        policy('y', 'to-the-pod', {
          ...toBackend,
          egress: [{ to: [{ namespaceSelector: {}, podSelector: podA }], ports: [{ port: 8080 }, { protocol: 'UDP', port: 8080 }] }],
        }),
        policy('z', 'to-the-service', { ...toBackend, egress: [{ to: serviceBlocks }] }),
        policy('x', 'on-the-service-port', {
          podSelector: { matchLabels: { pod: 'b' } },
          policyTypes: ['Egress'],
          egress: [{ ports: [{ port: 80 }, { protocol: 'UDP', port: 80 }] }],
        }),
      );
      serve('x/a');
      expect(
        await scene.differences({
          allowed: [...toService('y/a'), ...toService('y/b'), ...toService('x/c')],
          denied: [...toService('z/a'), ...toService('x/b')],
        }),
      ).toEqual([]);
      serve('x/c');
      expect(await scene.differences({ allowed: toService('y/b'), denied: [...toService('y/a'), ...toService('z/a')] })).toEqual([]);
    });

    it('what lets a client in at a pod lets it in through the service, also from outside the cluster', async () => {
      await scene.enforce(
        policy('x', 'let-in', {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [
            {
              from: [
                { namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } },
                { ipBlock: { cidr: '203.0.113.0/24' } },
                { ipBlock: { cidr: '2001:db8::/64' } },
              ],
              ports: [{ port: 8080 }, { protocol: 'UDP', port: 8080 }],
            },
          ],
        }),
      );
      serve('x/a');
      expect(
        await scene.differences({
          allowed: [...toService('x/b'), ...toService('y/b'), 'outside > x/a TCP 8080', 'outside > x/a UDP 8080'],
          denied: [...toService('y/a'), ...toService('x/c'), 'outside > x/a TCP 80'],
        }),
      ).toEqual([]);
    });

    it('NodePort traffic is judged by the source that arrives: the client with Local, the other node with Cluster', async () => {
      const fromBlocks = (name: string, blocks: readonly string[]): NetworkPolicy =>
        policy('x', name, {
          podSelector: podA,
          policyTypes: ['Ingress'],
          ingress: [{ from: blocks.map((cidr) => ({ ipBlock: { cidr } })), ports: [{ port: 8080 }, { protocol: 'UDP', port: 8080 }] }],
        });
      const fromOutside = fromBlocks('from-outside', ['203.0.113.0/24', '2001:db8::/64']);
      const fromOtherNode = fromBlocks('from-node-1', [`${nodeAddressOf(1, 4)}/32`, `${nodeAddressOf(1, 6)}/128`]);
      const to = (node: number): string[] =>
        families.flatMap((family) =>
          (['TCP', 'UDP'] as const).map((protocol) => `outside > ${nodeAddressOf(node, family)} ${protocol} ${nodePort}`),
        );
      // The pod is on node-0: what goes to node-1 gets that node's address unless the source is kept.
      const expected = [
        { policyInForce: fromOutside, kept: 'Cluster', allowed: to(0), denied: to(1) },
        { policyInForce: fromOtherNode, kept: 'Cluster', allowed: to(1), denied: to(0) },
        { policyInForce: fromOutside, kept: 'Local', allowed: to(0), denied: [] },
        { policyInForce: fromOtherNode, kept: 'Local', allowed: [], denied: to(0) },
      ] as const;
      for (const { policyInForce, kept, allowed, denied } of expected) {
        await scene.enforce(policyInForce);
        serve('x/a', kept);
        expect(await scene.differences({ allowed, denied }), `${policyInForce.metadata.name} ${kept}`).toEqual([]);
      }
    });
  });
}
