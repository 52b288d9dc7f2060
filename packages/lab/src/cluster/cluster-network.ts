/**
 * The network of a cluster as its description says: made when it is missing (at the first start and
 * after a reboot), completed when a crash left only a part of it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { netnsExists } from '@weir/kernel';
import { shortHash } from '@weir/net';
import { vnetNetnsName } from '../network/netns-names.ts';
import { changeNetwork, linksOf } from '../network/network-changes.ts';
import { attachNode, detachNode, isNodeAttached } from '../network/node-network.ts';
import { ensurePodBlocks } from '../network/pod-fabric.ts';
import { createVirtualNetwork, removeNetwork } from '../network/virtual-network.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { ClusterError } from './cluster-error.ts';
import { stateRoot } from './cluster-layout.ts';
import type { ClusterNode } from './cluster-node.ts';

/** Makes sure that router and nodes are there. Throws a NetworkError. */
export async function ensureNetwork(config: ClusterConfig): Promise<void> {
  const vnet = vnetNetnsName(config.name);
  // The mark comes last: a router without it is not complete.
  const isThere = netnsExists(vnet) && linksOf(vnet).some(({ device, alias }) => device === 'lo' && alias === ownerMark());
  if (!isThere) {
    // Nodes cannot outlive their router, so nothing of the rest is worth keeping.
    removeNetwork(config.name);
    const made = await createVirtualNetwork({ cluster: config.name, network: config.network });
    changeNetwork(made, [{ kind: 'setLink', device: 'lo', alias: ownerMark() }]);
  }
  await ensurePodRoutes(config);
  for (const node of config.nodes) await ensureNode(config, node);
}

/** Makes sure that the router knows the blocks of pods that are not the nodes' own. Throws a NetworkError. */
export async function ensurePodRoutes({ name, network }: ClusterConfig): Promise<void> {
  if (network.podCidrs.length > 0) await ensurePodBlocks(vnetNetnsName(name), network.podCidrs);
}

/** Makes sure that the node is there; pods cannot outlive their node, so what is there of a partial one goes. */
export async function ensureNode({ name: cluster }: ClusterConfig, { name: node, addresses, podBlocks }: ClusterNode): Promise<void> {
  if (isNodeAttached(cluster, node)) return;
  await detachNode(cluster, node);
  await attachNode({ cluster, node, addresses, podBlocks });
}

/**
 * Throws a ClusterError (`busy`) when the namespaces of that name belong to a cluster of another state
 * directory: names of namespaces are the machine's, and that cluster is not ours to remove.
 */
export function checkOwner(cluster: string): void {
  const vnet = vnetNetnsName(cluster);
  if (!netnsExists(vnet)) return;
  const owner = linksOf(vnet).find(({ device }) => device === 'lo')?.alias;
  // A state directory that is gone has left the namespaces behind: whoever comes next may have them.
  if (owner === undefined || owner === ownerMark() || !isCluster(owner, cluster)) return;
  throw new ClusterError(
    'busy',
    `a cluster "${cluster}" of another state directory (${owner}) is on this machine: choose another --name, or remove it with WEIR_STATE_DIR=${owner}`,
  );
}

/** The mark on the router's loopback: the state directory, or its hash where it is no plain word of at most 255 bytes. */
function ownerMark(): string {
  const root = stateRoot();
  return /^[-\w./]{1,255}$/.test(root) ? root : shortHash(root);
}

/** A hashed owner cannot be looked up; it is taken for a living one. */
function isCluster(owner: string, cluster: string): boolean {
  return !owner.startsWith('/') || existsSync(join(owner, 'clusters', cluster));
}
