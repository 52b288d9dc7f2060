/** Protocols and ports of a rule as rules of programs have them: numbers where they are known, names where they are the endpoint's. */

import type { IcmpMessages, Match, Side } from '@weir/model';
import {
  allPorts,
  hasPorts,
  isIcmp,
  type PortRange,
  type ProtocolNumber,
  protocolNumber,
  subtractPortRanges,
  unionOfPortRanges,
} from '@weir/net';
import type { LocalNames, PlannedRule } from './planned-rule.ts';

/** The protocols that a port without a protocol can be of. */
const transports: readonly ProtocolNumber[] = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];
/** The protocols that messages without a protocol can be of. */
const messengers: readonly ProtocolNumber[] = [protocolNumber.ICMP, protocolNumber.ICMPv6];

/** One protocol, all but one, or (without either) all. */
export type Protocols = Pick<PlannedRule, 'protocol' | 'notProtocol'>;

/** What a rule of programs can say of protocols, once for each rule that the match needs; `withPorts`: it asks for ports of peers in any case. */
export function protocolsOf(match: Match, withPorts: boolean): Protocols[] {
  const { protocol, notProtocol, source, destination } = match;
  const needsPorts = withPorts || wantsPorts(source) || wantsPorts(destination);
  const excludesPorts = excluded(source) || excluded(destination);
  if (protocol !== undefined) {
    const isPossible = protocol !== notProtocol && (!needsPorts || hasPorts(protocol)) && (match.icmp === undefined || isIcmp(protocol));
    return isPossible ? [{ protocol }] : [];
  }
  if (needsPorts || excludesPorts) {
    return match.icmp === undefined ? transports.filter((one) => one !== notProtocol).map((one) => ({ protocol: one })) : [];
  }
  if (match.icmp !== undefined || match.notIcmp !== undefined) {
    return messengers.filter((one) => one !== notProtocol).map((one) => ({ protocol: one }));
  }
  return [notProtocol === undefined ? {} : { notProtocol }];
}

function wantsPorts({ ports, namedPorts }: Side): boolean {
  return ports !== undefined || namedPorts !== undefined;
}

function excluded({ notPorts, notNamedPorts }: Side): boolean {
  return notPorts !== undefined || notNamedPorts !== undefined;
}

/** The messages of ICMP that the match asks for, as `ports` of programs; absent: all. */
export function messagesOf({ icmp, notIcmp }: Match): { readonly ports?: readonly PortRange[] } {
  if (icmp === undefined && notIcmp === undefined) return {};
  const wanted = icmp === undefined ? allPorts : [rangeOf(icmp)];
  return { ports: notIcmp === undefined ? wanted : subtractPortRanges(wanted, [rangeOf(notIcmp)]) };
}

function rangeOf({ type, code }: IcmpMessages): PortRange {
  return { first: type * 256 + (code ?? 0), last: type * 256 + (code ?? 255) };
}

/** The numbers that a side asks for without its names; undefined: it asks for none and excludes none. */
export function numbersOf({ ports, notPorts }: Side): readonly PortRange[] | undefined {
  if (notPorts === undefined) return ports;
  return subtractPortRanges(ports ?? allPorts, notPorts);
}

/** What a side asks of the local endpoint's ports by name; undefined: nothing. */
export function localNamesOf(side: Side): LocalNames | undefined {
  const { ports, namedPorts = [], notPorts = [], notNamedPorts = [] } = side;
  if (namedPorts.length === 0 && notNamedPorts.length === 0) return undefined;
  const isAny = ports === undefined && side.namedPorts === undefined;
  return { ports: isAny ? allPorts : (ports ?? []), names: namedPorts, notPorts, notNames: notNamedPorts };
}

/** The numbers of an endpoint with these named ports; a name that several containers declare stands for all their ports. */
export function resolveNames(
  { ports, names, notPorts, notNames }: LocalNames,
  numbersNamed: (names: readonly string[]) => readonly PortRange[],
): PortRange[] {
  const wanted = unionOfPortRanges([...ports, ...numbersNamed(names)]);
  return notPorts.length === 0 && notNames.length === 0 ? wanted : subtractPortRanges(wanted, [...notPorts, ...numbersNamed(notNames)]);
}
