/**
 * The plain reading of host endpoints in deltas: the families one after the other, failsafe ports, what comes from and goes
 * to the node's own pods. It searches linearly and shares no code with back ends.
 */
import type { HostLocalEndpoint } from '@weir/calc';
import type { Direction, HostFamily, HostSettings } from '@weir/model';
import { type Address, compareAddresses, type Flow } from '@weir/net';

/** The first packet of a connection on its way through a node. */
export interface HostPacket {
  /** As it was sent. */
  readonly sent: Flow;
  /** As it is behind the translation of its destination. */
  readonly flow: Flow;
  /** Where it came in; absent: the node itself sends it. */
  readonly from?: HostInterface;
  /** Where it leaves; absent: it is for the node itself. */
  readonly to?: HostInterface;
}

/** An interface of the node. */
export interface HostInterface {
  readonly name: string;
  readonly leadsToPods: boolean;
}

/** What is asked of the state. */
export interface HostState {
  readonly hosts: readonly HostLocalEndpoint[];
  readonly settings: HostSettings;
  /** What a program says: a rule of it, or (undefined) none. */
  readonly decide: (program: string, peer: Address, flow: Flow) => 'allow' | 'deny' | undefined;
  /** What it says when no rule does. */
  readonly otherwise: (program: string) => 'allow' | 'deny';
}

const loopback = 'lo';

/** Whether the node's host endpoints, and its answer to pods that reach for it, let the packet through; its pods' programs aside. */
export function hostsAllow(packet: HostPacket, state: HostState): boolean {
  return comesIn(packet, state) && goesOut(packet, state);
}

function comesIn({ sent, flow, from, to }: HostPacket, state: HostState): boolean {
  if (from === undefined || from.name === loopback) return true;
  const ask = asking(from, 'ingress', state);
  const untracked = isFailsafe(sent, 'ingress', state) || answersFailsafe(sent, 'ingress', state) ? undefined : ask('untracked', sent);
  if (untracked === 'deny') return false;
  const early = untracked ?? (isFailsafe(sent, 'ingress', state) ? undefined : ask('preDNAT', sent));
  if (early === 'deny') return false;
  if (to !== undefined) return early === 'allow' || ask('forward', flow) !== 'deny';
  if (from.leadsToPods && state.settings.podToHost !== 'policy') return state.settings.podToHost !== 'drop';
  return early === 'allow' || isFailsafe(flow, 'ingress', state) || ask('normal', flow) !== 'deny';
}

function goesOut({ sent, flow, from, to }: HostPacket, state: HostState): boolean {
  if (to === undefined || to.name === loopback) return true;
  const ask = asking(to, 'egress', state);
  if (from !== undefined) return ask('forward', flow) !== 'deny';
  const untracked = isFailsafe(sent, 'egress', state) || answersFailsafe(sent, 'egress', state) ? undefined : ask('untracked', sent);
  if (untracked !== undefined) return untracked === 'allow';
  return isFailsafe(flow, 'egress', state) || ask('normal', flow) !== 'deny';
}

type Ask = (family: HostFamily, flow: Flow) => 'allow' | 'deny' | undefined;

/** Asks the endpoint that has the interface; undefined: it says nothing. */
function asking(at: HostInterface, direction: Direction, { hosts, settings, decide, otherwise }: HostState): Ask {
  const host = hosts.find(({ interfaces }) => interfaces !== 'all' && interfaces.includes(at.name)) ?? hosts.find(isForAll);
  return (family, flow) => {
    const program = host?.programs[family]?.[direction];
    if (program === undefined || (at.leadsToPods && !meansPods(family, direction, settings))) return undefined;
    const said = decide(program, direction === 'ingress' ? flow.source : flow.destination, flow);
    const endsOpen = family === 'untracked' || family === 'preDNAT';
    return said ?? (endsOpen && otherwise(program) === 'allow' ? undefined : otherwise(program));
  };
}

function isForAll({ interfaces }: HostLocalEndpoint): boolean {
  return interfaces === 'all';
}

/** Whether packets of interfaces that lead to pods are the family's. */
function meansPods(family: HostFamily, direction: Direction, { podToHost }: HostSettings): boolean {
  return family === 'preDNAT' || family === 'forward' || (family === 'normal' && direction === 'ingress' && podToHost === 'policy');
}

function isFailsafe({ source, destination, protocol, destinationPort }: Flow, direction: Direction, { settings }: HostState): boolean {
  const peer = direction === 'ingress' ? source : destination;
  return settings.failsafes.some(
    (one) => one.direction === direction && one.protocol === protocol && one.port === destinationPort && isWithin(peer, one.block),
  );
}

/** Whether the packet may be an answer of a connection to a failsafe port of the other direction. */
function answersFailsafe({ source, destination, protocol, sourcePort }: Flow, direction: Direction, { settings }: HostState): boolean {
  const peer = direction === 'ingress' ? source : destination;
  return settings.failsafes.some(
    (one) => one.direction !== direction && one.protocol === protocol && one.port === sourcePort && isWithin(peer, one.block),
  );
}

function isWithin(address: Address, block: { readonly first: Address; readonly last: Address } | undefined): boolean {
  return block === undefined || (compareAddresses(block.first, address) <= 0 && compareAddresses(address, block.last) <= 0);
}
