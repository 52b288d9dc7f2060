/**
 * Observed flows as connections between parties: who opens to whom on which port, how often, when, and whether it was let
 * through. Answers are no connections, and what is never a policy's business is left out.
 */
import type { FlowQuestion } from '@weir/model';
import { type Family, hasPorts, type ProtocolNumber } from '@weir/net';
import type { ObservedFlow } from '../observed-flow.ts';
import { isAnswer } from './answers.ts';
import { isNodeOf, type Party, type PartyFinder, partyKey } from './parties.ts';

/** All flows between the same parties to the same port. */
export interface ObservedConnection {
  readonly source: Party;
  readonly destination: Party;
  readonly protocol: ProtocolNumber;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
  readonly family: Family;
  /** Names that the pods of the source got this address outside for, sorted; absent where the log has none. */
  readonly names?: readonly string[];
  /** One end is the node that the pods of the other run on. */
  readonly isOwnNode: boolean;
  /** Let through: nobody denied it, or the destination's end let it in. */
  readonly isAllowed: boolean;
  /** Denied at least once, whatever became of the others. */
  readonly wasDenied: boolean;
  /** How many connections. */
  readonly count: number;
  /** RFC 3339, where the log has times. */
  readonly firstSeen?: string;
  readonly lastSeen?: string;
}

/** Connections, and what was left out of them. */
export interface ObservedConnections {
  readonly connections: readonly ObservedConnection[];
  /** Connections that are answers; a pod's to itself; between a pod and its own node, where that is always allowed; between ends that are no pods. */
  readonly leftOut: { readonly answers: number; readonly self: number; readonly ownNode: number; readonly noPods: number };
}

interface Tally {
  readonly flow: Omit<ObservedConnection, 'names' | 'isAllowed' | 'wasDenied' | 'count' | 'firstSeen' | 'lastSeen'>;
  /** Connections by who told of them: both ends tell of the same. */
  readonly counts: Map<string, number>;
  readonly seen: Set<string>;
  readonly names: Set<string>;
  first: string | undefined;
  last: string | undefined;
  arrived: boolean;
  allowed: boolean;
  denied: boolean;
}

/** Counts the flows together. */
export function observedConnections(flows: readonly ObservedFlow[], finder: PartyFinder): ObservedConnections {
  const tallies = new Map<string, Tally>();
  const leftOut = { answers: 0, self: 0, ownNode: 0, noPods: 0 };
  for (const flow of flows) {
    if (flow.logged === true) continue;
    if (isAnswer(flow)) {
      leftOut.answers += flow.count;
      continue;
    }
    const [source, destination] = [finder.find(flow.source), finder.find(flow.destination)];
    const reason = reasonToLeaveOut(source, destination, finder);
    if (reason !== undefined) leftOut[reason] += flow.count;
    else addTo(tallies, flow, { source, destination });
  }
  const namesOf = namesByEnds(tallies);
  const connections = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tally]) => connectionOf(tally, namesOf(tally)));
  return { connections, leftOut };
}

function reasonToLeaveOut(source: Party, destination: Party, finder: PartyFinder): 'self' | 'ownNode' | 'noPods' | undefined {
  if (source.kind === 'pods' && destination.kind === 'pods')
    return source.end.endpoint.uid === destination.end.endpoint.uid && !source.byName && !destination.byName ? 'self' : undefined;
  if (source.kind === 'pods') return finder.isExempt(source.end.endpoint, destination, 'egress') ? 'ownNode' : undefined;
  if (destination.kind === 'pods') return finder.isExempt(destination.end.endpoint, source, 'ingress') ? 'ownNode' : undefined;
  // Somebody unknown may be a pod.
  return source.kind === 'unknown' || destination.kind === 'unknown' ? undefined : 'noPods';
}

function addTo(tallies: Map<string, Tally>, flow: ObservedFlow, ends: Pick<ObservedConnection, 'source' | 'destination'>): void {
  const { protocol, icmp, destination, source, count, time } = flow;
  const port = hasPorts(protocol) ? destination.port : undefined;
  const family = destination.address?.family ?? source.address?.family ?? 4;
  const message = icmp === undefined ? '' : `${icmp.type}/${icmp.code}`;
  const isOwnNode = isOfOwnNode(ends.source, ends.destination) || isOfOwnNode(ends.destination, ends.source);
  const key = [partyKey(ends.source), partyKey(ends.destination), `${protocol} ${port ?? ''} ${message} ${family} ${isOwnNode}`].join('\n');
  const tally: Tally = tallies.get(key) ?? {
    flow: { ...ends, protocol, family, isOwnNode, ...(port === undefined ? {} : { port }), ...(icmp === undefined ? {} : { icmp }) },
    counts: new Map(),
    seen: new Set(),
    names: new Set(),
    first: undefined,
    last: undefined,
    arrived: false,
    allowed: false,
    denied: false,
  };
  tallies.set(key, tally);
  for (const name of destination.domains ?? []) tally.names.add(name);
  const teller = flow.ingress === undefined ? 'source' : 'destination';
  // Of one connection Hubble tells several times.
  const tuple =
    flow.format === 'hubble' && source.port !== undefined ? `${teller} ${JSON.stringify([source.address, source.port])}` : undefined;
  if (tuple === undefined || !tally.seen.has(tuple)) tally.counts.set(teller, (tally.counts.get(teller) ?? 0) + count);
  if (tuple !== undefined) tally.seen.add(tuple);
  const firstTime = flow.firstTime ?? time;
  if (firstTime !== undefined && (tally.first === undefined || firstTime < tally.first)) tally.first = firstTime;
  if (time !== undefined && (tally.last === undefined || time > tally.last)) tally.last = time;
  if (flow.verdict === 'deny') tally.denied = true;
  else {
    tally.allowed = true;
    if (flow.ingress !== undefined) tally.arrived = true;
  }
}

function isOfOwnNode(pods: Party, other: Party): boolean {
  return pods.kind === 'pods' && isNodeOf(other, pods.end.endpoint);
}

/** A pod asks for a name once, and not every line has it: all ports of an address have the names of any. */
function namesByEnds(tallies: ReadonlyMap<string, Tally>): (tally: Tally) => readonly string[] {
  const keyOf = ({ flow: { source, destination } }: Tally): string => `${partyKey(source)} ${partyKey(destination)}`;
  const found = new Map<string, Set<string>>();
  for (const tally of tallies.values()) {
    if (tally.names.size === 0 || tally.flow.destination.kind !== 'outside') continue;
    const names = found.get(keyOf(tally)) ?? new Set();
    for (const name of tally.names) names.add(name);
    found.set(keyOf(tally), names);
  }
  return (tally) => [...(found.get(keyOf(tally)) ?? [])].sort();
}

function connectionOf({ flow, counts, first, last, arrived, allowed, denied }: Tally, names: readonly string[]): ObservedConnection {
  return {
    ...flow,
    ...(names.length === 0 ? {} : { names }),
    isAllowed: allowed && (arrived || !denied),
    wasDenied: denied,
    count: Math.max(...counts.values()),
    ...(first === undefined ? {} : { firstSeen: first }),
    ...(last === undefined ? {} : { lastSeen: last }),
  };
}

/** What policies are asked about it; undefined where an end is not known. */
export function questionOfConnection({ source, destination, protocol, port, icmp, family }: ObservedConnection): FlowQuestion | undefined {
  if (source.kind === 'unknown' || destination.kind === 'unknown') return undefined;
  return {
    source: source.end,
    destination: destination.end,
    protocol,
    family,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(icmp === undefined ? {} : { icmp }),
  };
}
