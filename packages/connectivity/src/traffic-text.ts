/**
 * Traffic in words and as data: protocols with their ports as few ranges, `TCP 80, 8000-8080; UDP 53`;
 * where less is left out than named, `all traffic except TCP 22`.
 */
import { addToGroup, formatPortRange, formatProtocol, isIcmp, type PortRange, portMax, unionOfPortRanges } from '@weir/net';
import type { TrafficClass } from './traffic-classes.ts';

/** Traffic of one protocol; what is absent is not restricted. */
export interface ProtocolTraffic {
  /** `TCP`, `ICMP`, `protocol 47`; `other protocols` for all that no rule names. */
  readonly protocol: string;
  /** Ports that connections go to; disjoint, in order. */
  readonly ports?: readonly PortRange[];
  /** Ports that connections come from. */
  readonly sourcePorts?: readonly PortRange[];
  /** Kinds of ICMP messages, for example `type 8 code 0` or `other types`. */
  readonly messages?: readonly string[];
}

/** The name of the protocols that no rule names. */
const otherProtocols = 'other protocols';

/** The classes as few entries as their ranges allow; `all` are those that the traffic was divided into. */
export function trafficOf(classes: readonly TrafficClass[], all: readonly TrafficClass[]): ProtocolTraffic[] {
  const byProtocol = new Map<string, TrafficClass[]>();
  for (const one of classes) {
    const name = nameOf(one);
    addToGroup(byProtocol, name, one);
  }
  const hasRest = all.some(({ isRest }) => isRest === true);
  return [...byProtocol].flatMap(([protocol, members]) => {
    const [first] = members;
    if (first === undefined) return [];
    if (first.ports !== undefined) return portTraffic(protocol, members);
    if (!isIcmp(first.protocol)) return [{ protocol }];
    const isComplete = members.length === all.filter((one) => one.protocol === first.protocol).length;
    if (!isComplete) return [{ protocol, messages: describeMessages(members, all) }];
    // Where no rule tells other protocols from ICMP, its class stands for them too.
    return hasRest ? [{ protocol }] : [{ protocol }, { protocol: otherProtocols }];
  });
}

/** `all traffic`, `TCP 80, 8000-8080; UDP 53`, `all traffic except TCP 22`; `no traffic` for none. */
export function describeTraffic(classes: readonly TrafficClass[], all: readonly TrafficClass[]): string {
  if (classes.length === 0) return 'no traffic';
  if (classes.length === all.length) return 'all traffic';
  const named = new Set(classes);
  const traffic = trafficOf(classes, all);
  const others = trafficOf(
    all.filter((one) => !named.has(one)),
    all,
  );
  return countPieces(others) < countPieces(traffic) ? `all traffic except ${formatTraffic(others)}` : formatTraffic(traffic);
}

/** Entries in words, one after the other. */
export function formatTraffic(traffic: readonly ProtocolTraffic[]): string {
  return traffic
    .map(({ protocol, ports = [], sourcePorts = [], messages = [] }) => {
      const details = [...ports.map(formatPortRange), ...messages].join(', ');
      const from = sourcePorts.length === 0 ? '' : ` from ports ${sourcePorts.map(formatPortRange).join(', ')}`;
      return `${protocol}${details === '' ? '' : ` ${details}`}${from}`;
    })
    .join('; ');
}

/** Ports of one protocol: those that may be reached from the same source ports are put together. */
function portTraffic(protocol: string, classes: readonly TrafficClass[]): ProtocolTraffic[] {
  const sourcesOf = new Map<string, { readonly ports: readonly PortRange[]; readonly sources: PortRange[] }>();
  for (const { ports = [], sourcePorts = [wholeRange] } of classes) {
    const key = ports.map(formatPortRange).join();
    const same = sourcesOf.get(key);
    if (same === undefined) sourcesOf.set(key, { ports, sources: [...sourcePorts] });
    else same.sources.push(...sourcePorts);
  }
  const bySources = new Map<string, { readonly ports: PortRange[]; readonly sources: readonly PortRange[] }>();
  for (const { ports, sources: given } of sourcesOf.values()) {
    const sources = unionOfPortRanges(given);
    const key = sources.map(formatPortRange).join();
    const same = bySources.get(key);
    if (same === undefined) bySources.set(key, { ports: [...ports], sources });
    else same.ports.push(...ports);
  }
  return [...bySources.values()].map(({ ports: given, sources }) => {
    const ports = unionOfPortRanges(given);
    return { protocol, ...(isWhole(ports) ? {} : { ports }), ...(isWhole(sources) ? {} : { sourcePorts: sources }) };
  });
}

function nameOf({ isRest, protocol }: TrafficClass): string {
  if (isRest === true) return otherProtocols;
  const name = formatProtocol(protocol);
  return /^\d/.test(name) ? `protocol ${name}` : name;
}

/** Messages by type and code; a type with all its codes by itself. */
function describeMessages(members: readonly TrafficClass[], all: readonly TrafficClass[]): readonly string[] {
  const ofType = (classes: readonly TrafficClass[], { protocol, icmp }: TrafficClass): readonly TrafficClass[] =>
    classes.filter((one) => one.protocol === protocol && one.standsFor !== 'other types' && one.icmp?.type === icmp?.type);
  const texts = members.map((one) => {
    const isWholeType = one.standsFor !== 'other types' && ofType(members, one).length === ofType(all, one).length;
    return isWholeType && one.icmp !== undefined ? `type ${one.icmp.type}` : describeMessage(one);
  });
  return [...new Set(texts)];
}

function describeMessage({ icmp, standsFor }: TrafficClass): string {
  if (icmp === undefined || standsFor === 'other types') return 'other types';
  return `type ${icmp.type} ${standsFor === 'other codes' ? standsFor : `code ${icmp.code}`}`;
}

function countPieces(traffic: readonly ProtocolTraffic[]): number {
  return traffic.reduce((sum, { ports, sourcePorts, messages }) => {
    return sum + (ports?.length ?? 1) + (sourcePorts?.length ?? 0) + Math.max(0, (messages?.length ?? 1) - 1);
  }, 0);
}

/** Nothing connects to port 0. */
const wholeRange: PortRange = { first: 1, last: portMax };

function isWhole(ranges: readonly PortRange[]): boolean {
  const [first, ...others] = ranges;
  return others.length === 0 && first !== undefined && first.first <= wholeRange.first && first.last === wholeRange.last;
}
