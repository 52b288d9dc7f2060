/**
 * The addresses of one cluster: what gives pods theirs, and where nodes, services, the API server and cluster DNS are.
 * Nothing else knows an address by heart.
 *
 * ```
 *   node-subnet   nodes and pods share the nodes' subnet       10.224.0.4, its pods 10.224.1.0/24
 *   overlay       pods have blocks of their own, which the virtual network does not know; SNAT on the way out
 *   kubenet       as overlay; the virtual network has a route for each node's block
 *   none          pods get no address: nodes wait for a plugin that nobody brings
 * ```
 */
import { assert, type Cidr, cidrAt, cidrFamily, type Family, familyBits, formatAddress, formatCidr, parseCidr } from '@weir/net';

/** What gives pods their addresses, and what becomes of these outside of the cluster. */
export type AddressPlugin = 'node-subnet' | 'overlay' | 'kubenet' | 'none';

/** The network of a cluster; lists of blocks hold one of each family at most, IPv4 first. */
export interface NetworkShape {
  readonly plugin: AddressPlugin;
  /** What the virtual network takes for its own: packets to addresses of it that nobody has are dropped. */
  readonly virtualNetwork: readonly string[];
  /** Where nodes have their addresses. */
  readonly nodeSubnets: readonly string[];
  /** Where pods have theirs, if not among the nodes; empty for `node-subnet` and `none`. */
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Address of the service `kube-system/kube-dns`. */
  readonly dnsService: string;
}

/** Where one node and its pods are: one of each family at most, IPv4 first. */
export interface NodePlace {
  readonly addresses: readonly string[];
  /** Empty when pods get no addresses. */
  readonly podBlocks: readonly string[];
}

/** The domain of cluster DNS. */
export const clusterDomain = 'cluster.local';

/** Port of the API server on the virtual network. */
export const apiServerPort = 6443;

/** As many nodes as have a /24 of pod addresses in a /16, less some that are never given out. */
export const nodesMax = 250;

/** Addresses at the beginning of a subnet that Azure keeps; the router has the second. */
const reservedAddresses = 4;

/** The network of a cluster that asks for nothing: as AKS's node subnet for IPv4, unique local for IPv6. */
export function usualNetwork(dualStack: boolean): NetworkShape {
  const both = (ipv4: string, ipv6: string): readonly string[] => [ipv4, ...(dualStack ? [ipv6] : [])];
  return {
    plugin: 'node-subnet',
    virtualNetwork: both('10.224.0.0/12', 'fd00:10:224::/48'),
    nodeSubnets: both('10.224.0.0/16', 'fd00:10:224::/64'),
    podCidrs: [],
    serviceCidrs: both('10.0.0.0/16', 'fd00:10::/112'),
    dnsService: '10.0.0.10',
  };
}

/** Whether the network has both families; one with a single family is IPv4. */
export function hasIpv6({ nodeSubnets }: NetworkShape): boolean {
  return nodeSubnets.some((block) => cidrFamily(cidr(block)) === 6);
}

/** The router's own addresses, IPv4 first. */
export function routerAddresses({ nodeSubnets }: NetworkShape): readonly string[] {
  return nodeSubnets.map((subnet) => addressOf(subnet, 1));
}

/** Where nodes and pods find the API server. */
export function apiServerAddress(network: NetworkShape): string {
  const [address = ''] = routerAddresses(network);
  return address;
}

/** Address of the service `default/kubernetes`. */
export function kubernetesServiceAddress({ serviceCidrs: [first = ''] }: NetworkShape): string {
  return addressOf(first, 1);
}

/** The place of the node with this index, from 0; undefined when there is no room for it. */
export function nodePlace(network: NetworkShape, index: number): NodePlace | undefined {
  const blocks = podBlocks(network, index);
  if (index >= nodesMax || blocks === undefined) return undefined;
  return { addresses: network.nodeSubnets.map((subnet) => addressOf(subnet, reservedAddresses + index)), podBlocks: blocks };
}

/** How many nodes the network has room for. */
export function nodeRoom(network: NetworkShape): number {
  let room = 0;
  while (nodePlace(network, room) !== undefined) room++;
  return room;
}

function podBlocks({ plugin, nodeSubnets, virtualNetwork, podCidrs }: NetworkShape, index: number): readonly string[] | undefined {
  if (plugin === 'none') return [];
  if (plugin !== 'node-subnet') return allOf(podCidrs.map((block) => blockAt(block, podBlockLength(block), index)));
  // The first block of the subnet is the nodes' own; IPv6 subnets are too long to be divided, and the network has more of them.
  const [ipv4 = ''] = nodeSubnets;
  const [, ipv6] = virtualNetwork;
  return allOf([blockAt(ipv4, 24, index + 1), ...(ipv6 === undefined ? [] : [blockAt(ipv6, 64, index + 1)])]);
}

/** As AKS divides pod networks: a /24 for each node; of an IPv6 block the next 16 bits, a /80 of the usual /64. */
function podBlockLength(block: string): number {
  const { prefixLength } = cidr(block);
  return familyOf(block) === 4 ? 24 : prefixLength + 16;
}

function blockAt(block: string, prefixLength: number, index: number): string | undefined {
  const found = cidrAt(cidr(block), prefixLength, index);
  return found === undefined ? undefined : formatCidr(found);
}

function addressOf(block: string, index: number): string {
  const found = cidrAt(cidr(block), familyBits(familyOf(block)), index);
  assert(found !== undefined, `${block} has an address with the number ${index}`);
  return formatAddress(found.network);
}

function familyOf(block: string): Family {
  return cidrFamily(cidr(block));
}

function cidr(text: string): Cidr {
  const found = parseCidr(text);
  assert(found !== undefined, `"${text}" is a block of addresses`);
  return found;
}

function allOf(texts: readonly (string | undefined)[]): readonly string[] | undefined {
  const found = texts.filter((text) => text !== undefined);
  return found.length === texts.length ? found : undefined;
}
