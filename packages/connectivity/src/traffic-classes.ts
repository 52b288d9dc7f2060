/**
 * The traffic that policies tell apart: for each protocol its ports in classes that every rule treats
 * alike, so that a comparison over them is one over all ports. ICMP has messages instead, and is one class
 * while no rule asks for any; protocols that some rule names have a class of their own.
 */

import type { AddressGroupName, Endpoint, GroupMember, IcmpMessages, PolicyWorld, Rule, Side } from '@weir/model';
import {
  addToGroup,
  countBefore,
  type Family,
  formatPortRange,
  hasPorts,
  type PortRange,
  type ProtocolNumber,
  portMax,
  portRangesContain,
  protocolNumber,
  unionOfPortRanges,
} from '@weir/net';
import { failsafesOf } from './failsafe-ports.ts';

/** Ports, or messages, that no rule tells apart. */
export interface TrafficClass {
  readonly protocol: ProtocolNumber;
  /** Absent for protocols without ports. */
  readonly ports?: readonly PortRange[];
  /** One of the ports. */
  readonly port?: number;
  /** Where some rule asks for source ports: those of the class, and one of them. */
  readonly sourcePorts?: readonly PortRange[];
  readonly sourcePort?: number;
  /** The protocol stands for all that no rule names. */
  readonly isRest?: true;
  /** Where some rule asks for messages: one of the class. */
  readonly icmp?: Required<IcmpMessages>;
  /** The message stands for all types, or all codes of its type, that no rule names. */
  readonly standsFor?: 'other types' | 'other codes';
}

/** The lowest port that anything can connect to. */
const lowest = 1;

/** The classes of a family's traffic for the rules of these worlds and the named ports of these pods. */
export function trafficClasses(worlds: readonly PolicyWorld[], pods: readonly Endpoint[], family: Family): readonly TrafficClass[] {
  const members = worlds.flatMap((world) => [...groupMembersOf(world), ...portsOfHosts(world)]);
  return trafficOfRules(worlds.flatMap(rulesOf), { pods, members }, family);
}

/** The classes of a family's traffic that these rules alone tell apart, where names of ports are those of the pods. */
export function trafficOfRules(rules: readonly Rule[], { pods, members }: NumberedPorts, family: Family): readonly TrafficClass[] {
  const transports = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];
  return [
    ...transports.flatMap((protocol) => portClasses(protocol, rules, { pods, members })),
    ...messageClasses(family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6, rules),
    ...otherProtocols(rules, family),
  ];
}

/** One message of each kind that some rule tells apart from others. */
function messageClasses(protocol: ProtocolNumber, rules: readonly Rule[]): TrafficClass[] {
  const named = rules.flatMap(({ match }) =>
    match.protocol === protocol ? [match.icmp, match.notIcmp].filter((icmp) => icmp !== undefined) : [],
  );
  if (named.length === 0) return [{ protocol }];
  const types = new Map<number, Set<number>>();
  for (const { type, code } of named) {
    const codes = types.get(type) ?? new Set();
    if (code !== undefined) codes.add(code);
    types.set(type, codes);
  }
  return [
    ...[...types].flatMap(([type, codes]): TrafficClass[] => [
      ...[...codes].map((code) => ({ protocol, icmp: { type, code } })),
      ...unnamed(codes).map((code) => ({ protocol, icmp: { type, code }, standsFor: 'other codes' as const })),
    ]),
    ...unnamed(types).map((type): TrafficClass => ({ protocol, icmp: { type, code: 0 }, standsFor: 'other types' })),
  ];
}

/** The lowest number of a byte that is not among those named, where there is one. */
function unnamed(named: { has(number: number): boolean }): number[] {
  const free = Array.from({ length: 256 }, (_, number) => number).find((number) => !named.has(number));
  return free === undefined ? [] : [free];
}

/** Protocols beside the usual ones that rules name, and where they name any one that stands for the rest. */
function otherProtocols(rules: readonly Rule[], family: Family): TrafficClass[] {
  const named = new Set(rules.flatMap(({ match }) => [match.protocol, match.notProtocol]).filter((protocol) => protocol !== undefined));
  const usual: readonly number[] = [
    protocolNumber.TCP,
    protocolNumber.UDP,
    protocolNumber.SCTP,
    protocolNumber.ICMP,
    protocolNumber.ICMPv6,
  ];
  const icmp = family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
  const isToldApart =
    named.has(icmp) ||
    rules.some(({ match }) => match.notProtocol !== undefined) ||
    [...named].some((protocol) => !usual.includes(protocol));
  if (!isToldApart) return [];
  const rest = Array.from({ length: 255 }, (_, at) => at + 1).find(
    (protocol) => !named.has(protocol) && !usual.includes(protocol) && !hasPorts(protocol),
  );
  const unusual = [...named].filter((protocol) => !usual.includes(protocol)).map((protocol): TrafficClass => ({ protocol }));
  return rest === undefined ? unusual : [...unusual, { protocol: rest, isRest: true }];
}

/** A port that something gives a meaning of its own, whatever rules say. */
type NumberedPort = Pick<GroupMember, 'protocol' | 'port'>;

/** Ports that host endpoints give names to, and those that none of their policies can close. */
function portsOfHosts(world: PolicyWorld): readonly NumberedPort[] {
  const named = [...world.nodes.keys()].flatMap((node) => world.hosts.of(node).flatMap(({ namedPorts }) => namedPorts));
  return [...named, ...failsafesOf(world)];
}

function groupMembersOf(world: PolicyWorld): readonly GroupMember[] {
  const groups = new Set<AddressGroupName>();
  for (const { match } of rulesOf(world)) {
    for (const { groups: named } of [match.source, match.destination])
      if (named !== undefined) for (const group of named) groups.add(group);
  }
  return [...groups].flatMap((group) => world.membersOf(group));
}

/** Every rule of every policy of a world. */
export function rulesOf({ tiers }: PolicyWorld): readonly Rule[] {
  const rules: Rule[] = [];
  for (const { policies } of tiers) {
    for (const { ingress, egress } of policies) {
      for (const rule of ingress?.rules ?? []) rules.push(rule);
      for (const rule of egress?.rules ?? []) rules.push(rule);
    }
  }
  return rules;
}

/** What has numbers of ports beside rules. */
export interface NumberedPorts {
  readonly pods: readonly Endpoint[];
  readonly members: readonly NumberedPort[];
}

/** What rules ask of the ports of one protocol: each list of ranges once, by its text; of one port, which most lists are, by its number. */
interface AskedPorts {
  readonly sources: Map<string | number, readonly PortRange[]>;
  readonly destinations: Map<string | number, readonly PortRange[]>;
  readonly names: Set<string>;
  namesSources: boolean;
}

/** One pass over what may be tens of thousands of rules, which makes nothing for each. */
function askedPorts(protocol: ProtocolNumber, rules: readonly Rule[]): AskedPorts {
  const asked: AskedPorts = { sources: new Map(), destinations: new Map(), names: new Set(), namesSources: false };
  const addSpec = (specs: AskedPorts['sources'], ports: readonly PortRange[] | undefined): void => {
    if (ports === undefined) return;
    const [only] = ports;
    specs.set(only !== undefined && ports.length === 1 && only.first === only.last ? only.first : ports.map(formatPortRange).join(), ports);
  };
  const addNames = ({ namedPorts, notNamedPorts }: Side): void => {
    if (namedPorts !== undefined) for (const name of namedPorts) asked.names.add(name);
    if (notNamedPorts !== undefined) for (const name of notNamedPorts) asked.names.add(name);
  };
  for (const { match } of rules) {
    if ((match.protocol !== undefined && match.protocol !== protocol) || match.notProtocol === protocol) continue;
    const { source, destination } = match;
    addSpec(asked.sources, source.ports);
    addSpec(asked.sources, source.notPorts);
    addSpec(asked.destinations, destination.ports);
    addSpec(asked.destinations, destination.notPorts);
    addNames(source);
    addNames(destination);
    asked.namesSources ||= source.namedPorts !== undefined || source.notNamedPorts !== undefined;
  }
  return asked;
}

function portClasses(protocol: ProtocolNumber, rules: readonly Rule[], { pods, members }: NumberedPorts): TrafficClass[] {
  const asked = askedPorts(protocol, rules);
  const { names } = asked;
  const numbers = new Set([
    ...pods.flatMap(({ namedPorts }) =>
      namedPorts.filter((port) => port.protocol === protocol && names.has(port.name)).map(({ port }) => port),
    ),
    ...members.flatMap((member) => (member.protocol === protocol && member.port !== undefined ? [member.port] : [])),
  ]);
  const destinations = rangesAlike([...asked.destinations.values()], numbers);
  const { namesSources } = asked;
  const sourceSpecs = [...asked.sources.values()];
  const sources = sourceSpecs.length === 0 && !namesSources ? [undefined] : rangesAlike(sourceSpecs, namesSources ? numbers : new Set());
  return destinations.flatMap((ranges) =>
    sources.map(
      (from): TrafficClass => ({
        protocol,
        ports: unionOfPortRanges(ranges),
        port: plainPort(ranges),
        ...(from === undefined ? {} : { sourcePorts: unionOfPortRanges(from), sourcePort: highestPort(from) }),
      }),
    ),
  );
}

/** Ports that are in the same of the specs; each of the numbers stands alone. One spec after the other splits the pieces that it tells apart. */
function rangesAlike(specs: readonly (readonly PortRange[])[], numbers: ReadonlySet<number>): PortRange[][] {
  const all = pieces(specs.flat(), numbers);
  const groupOf = new Int32Array(all.length);
  const askedBy = new Int32Array(all.length).fill(-1);
  let groups = 1;
  for (const [spec, ranges] of specs.entries()) {
    const splits = new Map<number, number>();
    for (const { first, last } of ranges) {
      for (let at = countBefore(all, (piece) => piece.first < first); (all[at]?.first ?? portMax + 1) <= last; at++) {
        if (askedBy[at] === spec) continue;
        askedBy[at] = spec;
        const group = groupOf[at] ?? 0;
        let split = splits.get(group);
        if (split === undefined) splits.set(group, (split = groups++));
        groupOf[at] = split;
      }
    }
  }
  const classes = new Map<number | string, PortRange[]>();
  for (const [at, piece] of all.entries()) addToGroup(classes, numbers.has(piece.first) ? `${piece.first}` : (groupOf[at] ?? 0), piece);
  return [...classes.values()];
}

/** Programs connect from high ports. */
function highestPort(ranges: readonly PortRange[]): number {
  return ranges.at(-1)?.last ?? portMax;
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
