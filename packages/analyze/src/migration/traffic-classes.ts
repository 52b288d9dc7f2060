/**
 * The traffic that policies tell apart: for each protocol its ports in classes that every rule treats
 * alike, so that a comparison over them is one over all ports. ICMP has no ports and is one class.
 */
import {
  type Family,
  formatPortRange,
  formatProtocol,
  type PortRange,
  type ProtocolNumber,
  portMax,
  portRangesContain,
  protocolNumber,
  unionOfPortRanges,
} from '@weir/net';
import type { Endpoint, PolicyWorld, Rule } from '@weir/policy';

/** Ports that no rule tells apart. */
export interface TrafficClass {
  readonly protocol: ProtocolNumber;
  /** Absent for protocols without ports. */
  readonly ports?: readonly PortRange[];
  /** One of the ports. */
  readonly port?: number;
}

/** The lowest port that anything can connect to. */
const lowest = 1;

/** The classes of a family's traffic for the rules of these worlds and the named ports of these pods. */
export function trafficClasses(worlds: readonly PolicyWorld[], pods: readonly Endpoint[], family: Family): readonly TrafficClass[] {
  const rules = worlds.flatMap(rulesOf);
  const icmp = family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
  const transports = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];
  return [...transports.flatMap((protocol) => portClasses(protocol, rules, pods)), { protocol: icmp }];
}

/** Every rule of every policy of a world. */
export function rulesOf({ tiers }: PolicyWorld): readonly Rule[] {
  return tiers.flatMap(({ policies }) => policies.flatMap(({ ingress, egress }) => [...(ingress?.rules ?? []), ...(egress?.rules ?? [])]));
}

function portClasses(protocol: ProtocolNumber, rules: readonly Rule[], pods: readonly Endpoint[]): TrafficClass[] {
  const asked = rules
    .filter(({ match }) => match.protocol === undefined || match.protocol === protocol)
    .map(({ match }) => match.destination);
  const specs = new Map(asked.flatMap(({ ports }) => (ports === undefined ? [] : [[ports.map(formatPortRange).join(), ports] as const])));
  const names = new Set(asked.flatMap(({ namedPorts = [] }) => namedPorts));
  const numbers = new Set(
    pods.flatMap(({ namedPorts }) =>
      namedPorts.filter((port) => port.protocol === protocol && names.has(port.name)).map(({ port }) => port),
    ),
  );
  const classes = new Map<string, PortRange[]>();
  for (const range of pieces([...specs.values()].flat(), numbers)) {
    const inSpecs = [...specs.values()].map((ports) => (portRangesContain(ports, range.first) ? '1' : '0')).join('');
    const key = `${inSpecs} ${numbers.has(range.first) ? range.first : ''}`;
    const found = classes.get(key);
    if (found === undefined) classes.set(key, [range]);
    else found.push(range);
  }
  return [...classes.values()].map((ranges) => ({ protocol, ports: unionOfPortRanges(ranges), port: plainPort(ranges) }));
}

/** The ports cut wherever a range begins or ends, and around each of the numbers. */
function pieces(ranges: readonly PortRange[], numbers: ReadonlySet<number>): PortRange[] {
  const starts = new Set([lowest]);
  const cut = ({ first, last }: PortRange): void => {
    starts.add(Math.max(first, lowest));
    if (last < portMax) starts.add(last + 1);
  };
  for (const range of ranges) cut(range);
  for (const number of numbers) cut({ first: number, last: number });
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted.map((first, i) => ({ first, last: (sorted[i + 1] ?? portMax + 1) - 1 }));
}

/** A port that people know, where the ranges hold one; else the first. */
function plainPort(ranges: readonly PortRange[]): number {
  const known = [80, 443, 8080, 53, 5432].find((port) => portRangesContain(ranges, port));
  return known ?? ranges[0]?.first ?? lowest;
}

/** `TCP 80, 8000-8080`, one text a protocol; `any traffic` where nothing is left out. */
export function describeTraffic(classes: readonly TrafficClass[], all: readonly TrafficClass[]): string {
  if (classes.length === all.length) return 'any traffic';
  const byProtocol = new Map<ProtocolNumber, PortRange[]>();
  for (const { protocol, ports = [] } of classes) byProtocol.set(protocol, [...(byProtocol.get(protocol) ?? []), ...ports]);
  return [...byProtocol].map(([protocol, ranges]) => describePorts(protocol, unionOfPortRanges(ranges))).join(', ');
}

function describePorts(protocol: ProtocolNumber, ranges: readonly PortRange[]): string {
  const isWhole = ranges.length === 0 || (ranges[0]?.first === lowest && ranges[0].last === portMax);
  return isWhole ? formatProtocol(protocol) : `${formatProtocol(protocol)} ${ranges.map(formatPortRange).join(' ')}`;
}
