/**
 * External hosts: machines outside the cluster, for policies with ipBlock peers. They hang on the
 * router like nodes do, with any address, and know nothing of Kubernetes.
 *
 * There is no record of them but the kernel's own: names are those of namespaces, addresses are
 * read back from their interfaces.
 */
import { createNetns, deleteNetns, netnsExists, setNetSysctls } from '@weir/kernel';
import { formatAddress, parseAddress } from '@weir/net';
import { checkHostName, hostNetnsName, NetworkError, netnsOfCluster, routerInterfaceName } from './netns-names.ts';
import { addressesOf, changeNetwork, inTurn, removeInterface } from './network-changes.ts';
import { type LeafOptions, leafChanges, leafSysctls, readAddresses, routerChanges } from './point-to-point.ts';
import { isDualStack, requireNetwork } from './virtual-network.ts';

/** An external host. */
export interface ExternalHost {
  readonly name: string;
  /** Its addresses, IPv4 first. */
  readonly addresses: readonly string[];
}

/** What to add. */
export interface ExternalHostOptions extends ExternalHost {
  readonly cluster: string;
}

/**
 * Adds a host; returns the name of its namespace. Throws a NetworkError: `name-taken`,
 * `address-taken` (a node, pod block or host routes it already), `invalid-address`, `not-found` (no such cluster).
 */
export function addHost(options: ExternalHostOptions): Promise<string> {
  return inTurn(() => add(options));
}

function add(options: ExternalHostOptions): string {
  const { cluster, name } = options;
  checkHostName(name);
  const vnet = requireNetwork(cluster);
  const netns = hostNetnsName(cluster, name);
  if (netnsExists(netns)) throw new NetworkError('name-taken', `there is a host "${name}" already; remove it first or choose another name`);
  const leaf = hostLeaf(options, netns);
  createNetns(netns);
  try {
    setNetSysctls(netns, leafSysctls(leaf.dualStack));
    changeNetwork(vnet, routerChanges(leaf));
    changeNetwork(netns, leafChanges(leaf));
  } catch (error) {
    deleteNetns(netns);
    if (error instanceof NetworkError && error.code === 'address-taken') {
      throw new NetworkError(
        'address-taken',
        `${options.addresses.join(', ')}: something on the network of cluster "${cluster}" has this address already`,
        error,
      );
    }
    throw error;
  }
  return netns;
}

/** Removes a host; returns whether it was there. */
export async function removeHost(cluster: string, name: string): Promise<boolean> {
  await removeInterface(requireNetwork(cluster), routerInterfaceName('h', name));
  return inTurn(() => deleteNetns(hostNetnsName(cluster, name)));
}

/** The hosts of a cluster, by name. */
export function listHosts(cluster: string): Promise<readonly ExternalHost[]> {
  const prefix = hostNetnsName(cluster, '');
  const names = netnsOfCluster(cluster).flatMap((netns) => (netns.startsWith(prefix) ? [netns.slice(prefix.length)] : []));
  return inTurn(() => names.map((name) => ({ name, addresses: addressesOf(hostNetnsName(cluster, name), 'eth0').map(formatAddress) })));
}

function hostLeaf(options: ExternalHostOptions, netns: string): LeafOptions {
  const dualStack = isDualStack(options.cluster);
  if (options.addresses.length === 0) throw new NetworkError('invalid-address', `host "${options.name}" needs at least one address`);
  const addresses = readAddresses(options.addresses);
  const ipv6 = options.addresses.find((text) => parseAddress(text)?.family === 6);
  if (ipv6 !== undefined && !dualStack) {
    throw new NetworkError('invalid-address', `${ipv6}: cluster "${options.cluster}" has no IPv6; start it with --dual-stack`);
  }
  return { interface: routerInterfaceName('h', options.name), leafNetns: netns, addresses, dualStack };
}
