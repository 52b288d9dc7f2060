/**
 * The virtual network of one cluster: a router namespace without an uplink.
 *
 * ```
 *   weir-<cluster>-vnet   lo 10.224.0.1 (API server)   blackhole 10.224.0.0/12   unreachable default
 *     ├── vn…  ── weir-<cluster>-<node>      eth0 10.224.0.4/32, pod block routed there
 *     │             └── weir… ── weir-<cluster>-p-<hash>   eth0 10.224.0.72/32
 *     └── vh…  ── weir-<cluster>-h-<host>    eth0 203.0.113.10/32
 * ```
 * Packets to an unused address of the network are dropped, as the fabric of a cloud drops them;
 * packets to anywhere else are answered with "unreachable", because there is no way out.
 */
import { createNetns, deleteNetns, type RouteChange, readNetSysctl, removeNetnsPins, setNetSysctls } from '@weir/kernel';
import { assert, cidrOf, familyBits, parseCidr } from '@weir/net';
import { checkClusterName, listNetworks, NetworkError, netnsOfCluster, vnetNetnsName } from './netns-names.ts';
import { changeNetwork, inTurn } from './network-changes.ts';
import { hasIpv6, type NetworkShape, routerAddresses } from './network-shape.ts';
import { readAddresses, routerSysctls } from './point-to-point.ts';

/** What to make. */
export interface VirtualNetworkOptions {
  /** Name of the cluster: a DNS label. */
  readonly cluster: string;
  readonly network: NetworkShape;
}

/**
 * Makes the router. Throws a NetworkError when the cluster's network exists already or the name is unusable.
 * Returns the name of the router's namespace, where the API server listens on the router's address.
 */
export function createVirtualNetwork(options: VirtualNetworkOptions): Promise<string> {
  return inTurn(() => create(options));
}

function create(options: VirtualNetworkOptions): string {
  const { cluster, network } = options;
  checkClusterName(cluster);
  const netns = vnetNetnsName(cluster);
  if (listNetworks().includes(cluster)) {
    throw new NetworkError('name-taken', `the network of cluster "${cluster}" exists already (namespace ${netns}); remove it first`);
  }
  createNetns(netns);
  try {
    setNetSysctls(netns, routerSysctls(hasIpv6(network)));
    changeNetwork(netns, vnetChanges(network));
  } catch (error) {
    deleteNetns(netns);
    throw error;
  }
  return netns;
}

/** Whether the cluster's network was made with IPv6; read back from the kernel, so no record can be stale. */
export function isDualStack(cluster: string): boolean {
  return readNetSysctl(requireNetwork(cluster), 'ipv6/conf/all/disable_ipv6') === '0';
}

/**
 * Removes everything of the cluster: pods, nodes, hosts and the router, also after a crash. Returns
 * the names of what was there. Removing what is not there is no error.
 */
export function removeNetwork(cluster: string): readonly string[] {
  // The router last: until it is gone, its name tells whose the other namespaces are.
  const vnet = vnetNetnsName(cluster);
  const names = netnsOfCluster(cluster).toSorted((a, b) => Number(a === vnet) - Number(b === vnet));
  for (const name of names) {
    removeNetnsPins(name);
    deleteNetns(name);
  }
  return names;
}

/** The router's namespace; throws a NetworkError when the cluster has none. */
export function requireNetwork(cluster: string): string {
  if (listNetworks().includes(cluster)) return vnetNetnsName(cluster);
  throw new NetworkError('not-found', `there is no network of a cluster "${cluster}"`);
}

function vnetChanges(network: NetworkShape): readonly RouteChange[] {
  return [
    { kind: 'setLink', device: 'lo', up: true },
    ...readAddresses(routerAddresses(network)).flatMap((address): RouteChange[] => [
      { kind: 'addAddress', address, prefixLength: familyBits(address.family), device: 'lo' },
      { kind: 'addRoute', destination: cidrOf(address, 0), to: 'unreachable' },
    ]),
    ...network.virtualNetwork.map((block): RouteChange => {
      const destination = parseCidr(block);
      assert(destination !== undefined, 'the blocks of a network are blocks');
      return { kind: 'addRoute', destination, to: 'blackhole' };
    }),
  ];
}
