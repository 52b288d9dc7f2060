/** A pod on its node: its namespace and the pair of interfaces between the two. */
import { createNetns, deleteNetns, readNetSysctl, setNetSysctls } from '@weir/kernel';
import { nodeNetnsName, podInterfaceName, podNetnsName } from './netns-names.ts';
import { changeNetwork, inTurn, removeInterface } from './network-changes.ts';
import { type LeafOptions, leafChanges, leafSysctls, readAddresses, routerChanges } from './point-to-point.ts';

/** What to attach. */
export interface PodNetworkOptions {
  readonly cluster: string;
  readonly node: string;
  /** UID of the pod; names of namespace and interface follow from it. */
  readonly uid: string;
  /** The pod's addresses, one of each family at most. */
  readonly addresses: readonly string[];
}

/** Where the pod is. */
export interface PodNetwork {
  /** Name of the pod's namespace. */
  readonly netns: string;
  /** Name of the node-side interface. */
  readonly interface: string;
}

/**
 * Makes the pod's namespace and hangs it on the node, in about 5 ms when its turn has come. A half-made
 * one of the same UID, left behind by a crash, is replaced.
 */
export async function attachPod(options: PodNetworkOptions): Promise<PodNetwork> {
  await detachPod(options);
  return inTurn(() => attach(options));
}

/**
 * Takes the pod's interfaces and namespace away; the interfaces go at once, the namespace as soon as
 * nothing holds a socket in it. Returns whether it was there.
 */
export async function detachPod({ cluster, node, uid }: Omit<PodNetworkOptions, 'addresses'>): Promise<boolean> {
  await removeInterface(nodeNetnsName(cluster, node), podInterfaceName(uid));
  return inTurn(() => deleteNetns(podNetnsName(cluster, uid)));
}

function attach(options: PodNetworkOptions): PodNetwork {
  const { cluster, uid } = options;
  const nodeNetns = nodeNetnsName(cluster, options.node);
  const netns = podNetnsName(cluster, uid);
  const leaf: LeafOptions = {
    interface: podInterfaceName(uid),
    leafNetns: netns,
    addresses: readAddresses(options.addresses),
    dualStack: readNetSysctl(nodeNetns, 'ipv6/conf/all/disable_ipv6') === '0',
  };
  createNetns(netns);
  try {
    setNetSysctls(netns, leafSysctls(leaf.dualStack));
    changeNetwork(nodeNetns, routerChanges(leaf));
    setNetSysctls(nodeNetns, { [`ipv4/conf/${leaf.interface}/rp_filter`]: '1' });
    changeNetwork(netns, leafChanges(leaf));
  } catch (error) {
    deleteNetns(netns);
    throw error;
  }
  return { netns, interface: leaf.interface };
}
