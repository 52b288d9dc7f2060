/**
 * Changes of links, addresses, routes and neighbours as data, and their encoding for rtnetlink
 * (rtnetlink(7); numbers of linux/rtnetlink.h, if_link.h, if_addr.h, neighbour.h, veth.h).
 */
import { type Address, addressToBytes, type Cidr, cidrFamily, formatAddress, formatCidr, unreachable } from '@weir/net';
import { hostU32Bytes, type MessageWriter } from '../netlink/message-writer.ts';
import { writeFlowGroup, writeNextHop, writeNextHopRemoval } from './next-hop.ts';
import { creating, kernelFamily, nextHopOnLink, numberOf, replacing, request } from './route-request.ts';

/** One change in a namespace. Devices are interface names; `mac` is six pairs of hexadecimal digits with colons. */
export type RouteChange =
  /** A pair of virtual interfaces; the peer appears in the namespace `netns` (name or path). */
  | {
      readonly kind: 'addVeth';
      readonly device: string;
      readonly mac: string;
      readonly peer: { readonly device: string; readonly mac: string; readonly netns: string };
    }
  /** `withoutLinkLocal`: the kernel shall give it no IPv6 link-local address. `alias`: a free text, at most 255 bytes. */
  | { readonly kind: 'setLink'; readonly device: string; readonly up?: true; readonly withoutLinkLocal?: true; readonly alias?: string }
  /** IPv6 addresses are usable at once: no duplicate is looked for. */
  | { readonly kind: 'addAddress'; readonly address: Address; readonly prefixLength: number; readonly device: string }
  /** To a device, through a gateway that is taken for reachable there; or to nowhere, silently or with an answer. */
  | {
      readonly kind: 'addRoute';
      readonly destination: Cidr;
      readonly to: { readonly device: string; readonly via?: Address } | 'blackhole' | 'unreachable';
    }
  /**
   * Puts a route in place of the one that is there: to several gateways that are taken for reachable, among which
   * the kernel spreads flows, to a group of them that keeps flows, or to nowhere.
   */
  | { readonly kind: 'setRoute'; readonly destination: Cidr; readonly to: readonly NextHop[] | FlowGroup | 'blackhole' }
  /** A gateway by a number, for groups; in place of the one with that number. */
  | { readonly kind: 'setNextHop'; readonly id: number; readonly hop: NextHop }
  /**
   * Gateways among which the kernel spreads flows, each of which stays with its gateway as long as that is a member;
   * one that was silent for `idleSeconds` may change. Numbers of groups and of gateways must differ.
   */
  | { readonly kind: 'setFlowGroup'; readonly id: number; readonly members: readonly number[]; readonly idleSeconds: number }
  /** Takes a gateway or a group away, and the routes that use it. */
  | { readonly kind: 'deleteNextHop'; readonly id: number }
  /** Takes the route of the destination away. */
  | { readonly kind: 'deleteRoute'; readonly destination: Cidr }
  /** A permanent entry: nobody is asked for the hardware address. */
  | { readonly kind: 'setNeighbour'; readonly address: Address; readonly mac: string; readonly device: string };

/** A gateway behind an interface. */
export interface NextHop {
  readonly device: string;
  readonly via: Address;
}

/** A group by its number. */
interface FlowGroup {
  readonly flowGroup: number;
}

/** What encoding needs besides the change. */
export interface RouteEncoding {
  readonly sequence: number;
  /** The numbers of the interfaces {@link routeChangeDevices}. */
  readonly devices: ReadonlyMap<string, number>;
  /** Descriptor of the peer's namespace, for `addVeth`. */
  readonly peerNetnsFd?: number;
}

/** Message types. */
export const routeMessage = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  newNeighbour: 28,
} as const;
/** Attributes of links and addresses. */
export const linkAttribute = { mac: 1, name: 3, info: 18, group: 27, alias: 20, families: 26, netnsFd: 28 } as const;
export const addressAttribute = { address: 1, local: 2, flags: 8 } as const;

const infoAttribute = { kind: 1, data: 2 } as const;
const vethPeer = 1;
const ipv6AddressGeneration = { attribute: 8, none: 1 } as const;
const routeAttribute = { destination: 1, device: 4, gateway: 5, multipath: 9, nextHop: 30 } as const;
const neighbourAttribute = { destination: 1, mac: 2 } as const;

const interfaceUp = 1;
const addressWithoutDuplicateDetection = 2;
const tableMain = 254;
const protocolBoot = 3;
const scope = { universe: 0, link: 253, nowhere: 255 } as const;
const routeType = { unicast: 1, blackhole: 6, unreachable: 7 } as const;
const nextHopHeaderBytes = 8;
const attributeHeaderBytes = 4;
const neighbourPermanent = 0x80;

/** Writes the request for the change; the kernel answers it. */
export function writeRouteChange(writer: MessageWriter, change: RouteChange, encoding: RouteEncoding): void {
  switch (change.kind) {
    case 'addVeth':
      return writeVeth(writer, change, encoding);
    case 'setLink':
      return writeLink(writer, change, encoding);
    case 'addAddress':
      return writeAddress(writer, change, encoding);
    case 'addRoute':
      return writeRoute(writer, change, encoding);
    case 'setRoute':
      return writeMultipathRoute(writer, change, encoding);
    case 'deleteRoute':
      return writeRouteRemoval(writer, change, encoding);
    case 'setNeighbour':
      return writeNeighbour(writer, change, encoding);
    case 'setNextHop': {
      const deviceNumber = numberOf(change.hop.device, encoding.devices);
      return writeNextHop(writer, { id: change.id, via: change.hop.via }, { sequence: encoding.sequence, deviceNumber });
    }
    case 'setFlowGroup':
      return writeFlowGroup(writer, change, encoding.sequence);
    case 'deleteNextHop':
      return writeNextHopRemoval(writer, change.id, encoding.sequence);
    default:
      return unreachable(change);
  }
}

/** The interfaces that must be there and that the kernel wants to be told by their numbers. */
export function routeChangeDevices(change: RouteChange): readonly string[] {
  if (change.kind === 'addAddress' || change.kind === 'setNeighbour') return [change.device];
  if (change.kind === 'addRoute') return typeof change.to === 'string' ? [] : [change.to.device];
  if (change.kind === 'setNextHop') return [change.hop.device];
  return change.kind === 'setRoute' && isHops(change.to) ? change.to.map(({ device }) => device) : [];
}

function isHops(to: Extract<RouteChange, { kind: 'setRoute' }>['to']): to is readonly NextHop[] {
  return Array.isArray(to);
}

/** The change in words, for errors. */
export function describeRouteChange(change: RouteChange): string {
  switch (change.kind) {
    case 'addVeth':
      return `making the interfaces ${change.device} and ${change.peer.device} (in ${change.peer.netns})`;
    case 'setLink':
      return `setting up the interface ${change.device}`;
    case 'addAddress':
      return `adding the address ${formatAddress(change.address)}/${change.prefixLength} to ${change.device}`;
    case 'addRoute':
      return `adding the route ${formatCidr(change.destination)} to ${typeof change.to === 'string' ? change.to : change.to.device}`;
    case 'setRoute':
      return `setting the route ${formatCidr(change.destination)}`;
    case 'deleteRoute':
      return `removing the route ${formatCidr(change.destination)}`;
    case 'setNeighbour':
      return `adding the neighbour ${formatAddress(change.address)} on ${change.device}`;
    case 'setNextHop':
      return `setting the next hop ${change.id} to ${formatAddress(change.hop.via)} on ${change.hop.device}`;
    case 'setFlowGroup':
      return `setting the group of next hops ${change.id}`;
    case 'deleteNextHop':
      return `removing the next hop ${change.id}`;
    default:
      return unreachable(change);
  }
}

function writeVeth(
  writer: MessageWriter,
  change: Extract<RouteChange, { kind: 'addVeth' }>,
  { sequence, peerNetnsFd = -1 }: RouteEncoding,
): void {
  request(writer, { type: routeMessage.newLink, flags: creating, sequence }, linkHeader(0), () => {
    writer.text(linkAttribute.name, change.device);
    writer.raw(linkAttribute.mac, macBytes(change.mac));
    const info = writer.beginNest(linkAttribute.info);
    writer.text(infoAttribute.kind, 'veth');
    const data = writer.beginNest(infoAttribute.data);
    const peer = writer.beginNest(vethPeer);
    writer.fixed(linkHeader(0));
    writer.text(linkAttribute.name, change.peer.device);
    writer.raw(linkAttribute.mac, macBytes(change.peer.mac));
    writer.raw(linkAttribute.netnsFd, hostU32Bytes(peerNetnsFd));
    writer.endNest(peer);
    writer.endNest(data);
    writer.endNest(info);
  });
}

function writeLink(writer: MessageWriter, change: Extract<RouteChange, { kind: 'setLink' }>, { sequence }: RouteEncoding): void {
  request(writer, { type: routeMessage.newLink, flags: 0, sequence }, linkHeader(change.up === true ? interfaceUp : 0), () => {
    writer.text(linkAttribute.name, change.device);
    if (change.alias !== undefined) writer.raw(linkAttribute.alias, Buffer.from(change.alias));
    if (change.withoutLinkLocal !== true) return;
    const families = writer.beginNest(linkAttribute.families);
    const ipv6 = writer.beginNest(kernelFamily[6]);
    writer.u8(ipv6AddressGeneration.attribute, ipv6AddressGeneration.none);
    writer.endNest(ipv6);
    writer.endNest(families);
  });
}

function writeAddress(
  writer: MessageWriter,
  change: Extract<RouteChange, { kind: 'addAddress' }>,
  { sequence, devices }: RouteEncoding,
): void {
  const { address, prefixLength } = change;
  const fixed = Buffer.alloc(8);
  fixed[0] = kernelFamily[address.family];
  fixed[1] = prefixLength;
  fixed.set(hostU32Bytes(numberOf(change.device, devices)), 4);
  request(writer, { type: routeMessage.newAddress, flags: creating, sequence }, fixed, () => {
    const bytes = addressToBytes(address);
    writer.raw(addressAttribute.local, bytes);
    writer.raw(addressAttribute.address, bytes);
    if (address.family === 6) writer.raw(addressAttribute.flags, hostU32Bytes(addressWithoutDuplicateDetection));
  });
}

function writeRoute(writer: MessageWriter, change: Extract<RouteChange, { kind: 'addRoute' }>, { sequence, devices }: RouteEncoding): void {
  const { destination, to } = change;
  const fixed = routeHeader(destination, typeof to === 'string' ? routeType[to] : routeType.unicast);
  if (typeof to !== 'string' && to.via === undefined && cidrFamily(destination) === 4) fixed[6] = scope.link;
  if (typeof to !== 'string' && to.via !== undefined) fixed.set(hostU32Bytes(nextHopOnLink), 8);
  request(writer, { type: routeMessage.newRoute, flags: creating, sequence }, fixed, () => {
    if (destination.prefixLength > 0) writer.raw(routeAttribute.destination, addressToBytes(destination.network));
    if (typeof to === 'string') return;
    if (to.via !== undefined) writer.raw(routeAttribute.gateway, addressToBytes(to.via));
    writer.raw(routeAttribute.device, hostU32Bytes(numberOf(to.device, devices)));
  });
}

/** struct rtmsg of a route in the main table, and behind RTA_MULTIPATH one struct rtnexthop a gateway. */
function writeMultipathRoute(
  writer: MessageWriter,
  { destination, to }: Extract<RouteChange, { kind: 'setRoute' }>,
  { sequence, devices }: RouteEncoding,
): void {
  const fixed = routeHeader(destination, to === 'blackhole' ? routeType.blackhole : routeType.unicast);
  request(writer, { type: routeMessage.newRoute, flags: replacing, sequence }, fixed, () => {
    if (destination.prefixLength > 0) writer.raw(routeAttribute.destination, addressToBytes(destination.network));
    if (to === 'blackhole') return;
    if (!isHops(to)) {
      writer.raw(routeAttribute.nextHop, hostU32Bytes(to.flowGroup));
      return;
    }
    writer.raw(routeAttribute.multipath, Buffer.concat(to.map((hop) => nextHopBytes(hop, numberOf(hop.device, devices)))));
  });
}

function nextHopBytes({ via }: NextHop, deviceIndex: number): Uint8Array {
  const gateway = addressToBytes(via);
  const bytes = Buffer.alloc(nextHopHeaderBytes + attributeHeaderBytes + gateway.length);
  bytes.set(hostU32Bytes(bytes.length).subarray(0, 2), 0);
  bytes[2] = nextHopOnLink;
  bytes.set(hostU32Bytes(deviceIndex), 4);
  bytes.set(hostU32Bytes(attributeHeaderBytes + gateway.length).subarray(0, 2), nextHopHeaderBytes);
  bytes.set(hostU32Bytes(routeAttribute.gateway).subarray(0, 2), nextHopHeaderBytes + 2);
  bytes.set(gateway, nextHopHeaderBytes + attributeHeaderBytes);
  return bytes;
}

function writeRouteRemoval(
  writer: MessageWriter,
  { destination }: Extract<RouteChange, { kind: 'deleteRoute' }>,
  { sequence }: RouteEncoding,
): void {
  // Type and protocol 0 mean any.
  const fixed = routeHeader(destination, 0);
  fixed[5] = 0;
  fixed[6] = scope.nowhere;
  request(writer, { type: routeMessage.deleteRoute, flags: 0, sequence }, fixed, () => {
    if (destination.prefixLength > 0) writer.raw(routeAttribute.destination, addressToBytes(destination.network));
  });
}

/** struct rtmsg. */
function routeHeader(destination: Cidr, type: number): Buffer {
  const fixed = Buffer.alloc(12);
  fixed[0] = kernelFamily[cidrFamily(destination)];
  fixed[1] = destination.prefixLength;
  fixed[4] = tableMain;
  fixed[5] = protocolBoot;
  fixed[6] = scope.universe;
  fixed[7] = type;
  return fixed;
}

function writeNeighbour(
  writer: MessageWriter,
  change: Extract<RouteChange, { kind: 'setNeighbour' }>,
  { sequence, devices }: RouteEncoding,
): void {
  const fixed = Buffer.alloc(12);
  fixed[0] = kernelFamily[change.address.family];
  fixed.set(hostU32Bytes(numberOf(change.device, devices)), 4);
  fixed.set(hostU32Bytes(neighbourPermanent).subarray(0, 2), 8);
  request(writer, { type: routeMessage.newNeighbour, flags: replacing, sequence }, fixed, () => {
    writer.raw(neighbourAttribute.destination, addressToBytes(change.address));
    writer.raw(neighbourAttribute.mac, macBytes(change.mac));
  });
}

/** struct ifinfomsg: which flags to set, of those in `flags`. */
function linkHeader(flags: number): Uint8Array {
  const fixed = Buffer.alloc(16);
  fixed.set(hostU32Bytes(flags), 8);
  fixed.set(hostU32Bytes(flags), 12);
  return fixed;
}

function macBytes(mac: string): Uint8Array {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}
