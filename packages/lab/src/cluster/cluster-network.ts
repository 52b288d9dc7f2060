/**
 * The network of a cluster as its description says: made when it is missing (at the first start and
 * after a reboot), made anew when a crash left only a part of it.
 */
import { netnsExists } from '@weir/kernel';
import { nodeNetnsName, vnetNetnsName } from '../network/netns-names.ts';
import { attachNode } from '../network/node-network.ts';
import { createVirtualNetwork, removeNetwork } from '../network/virtual-network.ts';
import type { ClusterConfig } from './cluster-config.ts';

/** Makes sure that router and nodes are there. Throws a NetworkError. */
export async function ensureNetwork(config: ClusterConfig): Promise<void> {
  const names = [vnetNetnsName(config.name), ...config.nodes.map((node) => nodeNetnsName(config.name, node.name))];
  if (names.every((name) => netnsExists(name))) return;
  // Pods cannot outlive their node, so nothing of a partial network is worth keeping.
  removeNetwork(config.name);
  await createVirtualNetwork({ cluster: config.name, dualStack: config.dualStack });
  for (const { name, addresses, podBlocks } of config.nodes) {
    await attachNode({ cluster: config.name, node: name, addresses, podBlocks });
  }
}
