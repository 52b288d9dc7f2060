/**
 * Addresses of load balancers. The router hands their packets, unchanged, to one of the nodes that take them,
 * as a cloud's balancer does with floating addresses; flows are spread by both ends' addresses and ports. Each address
 * has a group of next hops that keeps flows: what is in use stays with its node while others come and go.
 */
import { createHash } from 'node:crypto';
import { isNoSuchNextHop, isNoSuchRoute, isUnknownToKernel, type NextHop } from '@weir/kernel';
import { type Address, addressToBytes, formatAddress, parseAddress, singleAddressCidr } from '@weir/net';
import { NetworkError, routerInterfaceName } from './netns-names.ts';
import { changeNetwork, inTurn, linksOf } from './network-changes.ts';
import { requireNetwork } from './virtual-network.ts';

/** A node that takes packets of a balanced address. */
export interface BalancedNode {
  readonly name: string;
  /** Its own addresses, one of each family at most. */
  readonly addresses: readonly string[];
}

/** A flow that was silent for so long may come to another node when that is fairer; Azure's balancers wait as long at least. */
const idleSeconds = 240;

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
    routeTo(netns, target, hops);
  });
}

/** Nobody takes packets for the address any more; no error when nobody did. */
export function withdrawBalancedAddress(cluster: string, address: string): Promise<void> {
  return inTurn(() => {
    const netns = requireNetwork(cluster);
    const target = readAddress(address);
    unlessAbsent(() => changeNetwork(netns, [{ kind: 'deleteRoute', destination: singleAddressCidr(target) }]));
    removeGroup(netns, target);
  });
}

function routeTo(netns: string, target: Address, hops: readonly NextHop[]): void {
  const destination = singleAddressCidr(target);
  if (hops.length === 0) {
    changeNetwork(netns, [{ kind: 'setRoute', destination, to: 'blackhole' }]);
    removeGroup(netns, target);
    return;
  }
  const flowGroup = numberOf(target);
  // Each twice: the kernel takes no note of what flows while a group has one member, and would move it when a second comes.
  const members = hops.flatMap((hop) => [numberOf(hop.via), twinOf(hop.via)].map((id) => ({ kind: 'setNextHop', id, hop }) as const));
  try {
    changeNetwork(netns, [
      ...members,
      { kind: 'setFlowGroup', id: flowGroup, members: members.map(({ id }) => id), idleSeconds },
      { kind: 'setRoute', destination, to: { flowGroup } },
    ]);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    // Linux before 5.13, or a node that is on its way out: what is in use may come to another node.
    changeNetwork(netns, [{ kind: 'setRoute', destination, to: hops }]);
  }
}

function removeGroup(netns: string, target: Address): void {
  unlessAbsent(() => changeNetwork(netns, [{ kind: 'deleteNextHop', id: numberOf(target) }]));
}

/**
 * The number of an address's next hop or group. An IPv4 address is its own; IPv6 addresses are spread over the numbers
 * from 224.0.0.0 on, which no node and no balancer has.
 */
function numberOf(address: Address): number {
  const bytes = Buffer.from(addressToBytes(address));
  return address.family === 4 ? bytes.readUInt32BE(0) : spread(formatAddress(address));
}

/** The number of a second next hop to the same address. */
function twinOf(address: Address): number {
  return spread(`${formatAddress(address)} twin`);
}

function spread(text: string): number {
  return (createHash('sha256').update(text).digest().readUInt32BE(0) | 0xe0_00_00_00) >>> 0;
}

function unlessAbsent(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!isCausedBy(error, (cause) => isNoSuchRoute(cause) || isNoSuchNextHop(cause) || isUnknownToKernel(cause))) throw error;
  }
}

function isCausedBy(error: unknown, is: (cause: unknown) => boolean): boolean {
  return error instanceof NetworkError && is(error.cause);
}

function readAddress(text: string): NonNullable<ReturnType<typeof parseAddress>> {
  const address = parseAddress(text);
  if (address === undefined) throw new NetworkError('invalid-address', `"${text}" is no address`);
  return address;
}
