/** A node on the virtual network: its namespace, its uplink, and the block of addresses for its pods. */
import { createNetns, deleteNetns, netnsExists, type RouteChange, removeNetnsPins, setNetSysctls } from '@weir/kernel';
import { type Cidr, cidrFamily, formatCidr, parseCidr } from '@weir/net';
import { checkNodeName, NetworkError, nodeNetnsName, routerInterfaceName, vnetNetnsName } from './netns-names.ts';
import { changeNetwork, inTurn, linksOf, removeInterface } from './network-changes.ts';
import { type LeafOptions, leafChanges, readAddresses, routerChanges, routerSysctls } from './point-to-point.ts';
import { isDualStack, requireNetwork } from './virtual-network.ts';

/** What to attach. */
export interface NodeNetworkOptions {
  readonly cluster: string;
  readonly node: string;
  /** The node's own addresses, one of each family at most. */
  readonly addresses: readonly string[];
  /** Blocks that its pods' addresses are taken from, one of each family at most. */
  readonly podBlocks: readonly string[];
}

/**
 * Makes the node's namespace and hangs it on the router. Returns the namespace's name. IPv6 may take
 * up to a second more on the new uplink, because the kernel batches its link-state events; IPv4 and
 * the interfaces of pods are ready at once.
 */
export function attachNode(options: NodeNetworkOptions): Promise<string> {
  return inTurn(() => attach(options));
}

function attach(options: NodeNetworkOptions): string {
  const { cluster, node } = options;
  checkNodeName(cluster, node);
  const vnet = requireNetwork(cluster);
  const netns = nodeNetnsName(cluster, node);
  if (netnsExists(netns))
    throw new NetworkError('name-taken', `node "${node}" of cluster "${cluster}" is attached already (namespace ${netns})`);
  const blocks = options.podBlocks.map(readBlock);
  const leaf: LeafOptions = {
    interface: routerInterfaceName('n', node),
    leafNetns: netns,
    addresses: readAddresses(options.addresses),
    dualStack: isDualStack(cluster),
  };
  createNetns(netns);
  try {
    setNetSysctls(netns, routerSysctls(leaf.dualStack));
    changeNetwork(vnet, [...routerChanges(leaf), ...blocks.map((block) => blockRoute(block, leaf))]);
    // Addresses of the block that no pod has must not go back to the router, which would return them for ever.
    const unused = blocks.map((destination): RouteChange => ({ kind: 'addRoute', destination, to: 'blackhole' }));
    changeNetwork(netns, [...leafChanges(leaf), ...unused, { kind: 'setLink', device: 'lo', alias: attachedMark }]);
  } catch (error) {
    deleteNetns(netns);
    throw error;
  }
  return netns;
}

/** Put on the loopback when the rest is done: a process that ends in the middle leaves a namespace without it. */
const attachedMark = 'weir-attached';

/** Whether the node's namespace is there and complete. */
export function isNodeAttached(cluster: string, node: string): boolean {
  const netns = nodeNetnsName(cluster, node);
  return netnsExists(netns) && linksOf(netns).some(({ device, alias }) => device === 'lo' && alias === attachedMark);
}

/**
 * Takes a node away; its pods' namespaces are the caller's to remove. Returns whether it was there; a node, or a whole
 * network, that is not there is no error.
 */
export async function detachNode(cluster: string, node: string): Promise<boolean> {
  await removeInterface(vnetNetnsName(cluster), routerInterfaceName('n', node));
  return inTurn(() => {
    const netns = nodeNetnsName(cluster, node);
    removeNetnsPins(netns);
    return deleteNetns(netns);
  });
}

function blockRoute(block: Cidr, leaf: LeafOptions): RouteChange {
  const via = leaf.addresses.find((address) => address.family === cidrFamily(block));
  if (via === undefined)
    throw new NetworkError('invalid-address', `the node has no address of the family of its pod block ${formatCidr(block)}`);
  return { kind: 'addRoute', destination: block, to: { device: leaf.interface, via } };
}

function readBlock(text: string): Cidr {
  const block = parseCidr(text);
  if (block === undefined) throw new NetworkError('invalid-address', `"${text}" is no address block`);
  return block;
}
