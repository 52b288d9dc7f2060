/**
 * Addresses of load balancers. The router hands their packets, unchanged, to one of the nodes that take them,
 * as a cloud's balancer does with floating addresses; flows are spread by both ends' addresses and ports.
 *
 * The kernel keeps no table of flows here: when the set of nodes changes, a connection may come to another node.
 */
import { isNoSuchRoute, NetlinkError, type RouteChange } from '@weir/kernel';
import { parseAddress, singleAddressCidr } from '@weir/net';
import { NetworkError, routerInterfaceName } from './netns-names.ts';
import { changeNetwork, inTurn, linksOf } from './network-changes.ts';
import { requireNetwork } from './virtual-network.ts';

/** A node that takes packets of a balanced address. */
export interface BalancedNode {
  readonly name: string;
  /** Its own addresses, one of each family at most. */
  readonly addresses: readonly string[];
}

/** Sends packets for the address to these nodes; to nobody, without an answer, when there is none. */
export function routeBalancedAddress(cluster: string, address: string, nodes: readonly BalancedNode[]): Promise<void> {
  return inTurn(() => {
    const netns = requireNetwork(cluster);
    const target = readAddress(address);
    const present = new Set(linksOf(netns).map(({ device }) => device));
    const hops = nodes.flatMap(({ name, addresses }) => {
      const device = routerInterfaceName('n', name);
      const via = addresses.flatMap((text) => parseAddress(text) ?? []).find(({ family }) => family === target.family);
      return via === undefined || !present.has(device) ? [] : [{ device, via }];
    });
    const change: RouteChange = { kind: 'setRoute', destination: singleAddressCidr(target), to: hops.length === 0 ? 'blackhole' : hops };
    changeNetwork(netns, [change]);
  });
}

/** Nobody takes packets for the address any more; no error when nobody did. */
export function withdrawBalancedAddress(cluster: string, address: string): Promise<void> {
  return inTurn(() => {
    try {
      changeNetwork(requireNetwork(cluster), [{ kind: 'deleteRoute', destination: singleAddressCidr(readAddress(address)) }]);
    } catch (error) {
      if (!(error instanceof NetworkError) || !(error.cause instanceof NetlinkError) || !isNoSuchRoute(error.cause)) throw error;
    }
  });
}

function readAddress(text: string): NonNullable<ReturnType<typeof parseAddress>> {
  const address = parseAddress(text);
  if (address === undefined) throw new NetworkError('invalid-address', `"${text}" is no address`);
  return address;
}
