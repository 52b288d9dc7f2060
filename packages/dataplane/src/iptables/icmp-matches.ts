/**
 * Messages of ICMP as matches of iptables, which asks for one type, or one type with one code, at a time: those
 * that are meant, or all but those that are not, whichever takes fewer.
 */

import type { ProgramRule } from '@weir/calc';
import {
  allPorts,
  type Family,
  isIcmp,
  type PortRange,
  type ProtocolNumber,
  protocolNumber,
  subtractPortRanges,
  unionOfPortRanges,
} from '@weir/net';

/** A rule whose messages take more rules of the kernel is refused. */
const matchesMax = 64;
/** So many negations stand in one rule of the kernel. */
const negationsMax = 4;
const codes = 256;
const types: readonly number[] = Array.from({ length: 256 }, (_, type) => type);
/** iptables takes this type of ICMP for all types. */
const anyType = 255;

/** Whether the rule tells messages apart. */
export function asksMessages({ protocol, ports }: ProgramRule): boolean {
  return protocol !== undefined && isIcmp(protocol) && ports !== undefined && subtractPortRanges(allPorts, ports).length > 0;
}

/** The protocol whose messages packets of a family have. */
export function icmpOf(family: Family): ProtocolNumber {
  return family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
}

/** Why iptables cannot have the rule's messages; undefined when it can. */
export function refusalOfMessages(rule: ProgramRule): string | undefined {
  const { protocol, ports = [] } = rule;
  if (!asksMessages(rule)) return undefined;
  const matches = matchesOfMessages(ports, 4);
  if (matches.length > matchesMax) return `rule ${rule.id} has messages of ICMP that take more than ${matchesMax} rules`;
  if (protocol !== protocolNumber.ICMP || !matches.some((match) => match.includes(`-type ${anyType}`))) return undefined;
  return `rule ${rule.id} has ICMP type ${anyType}, which iptables takes for all types`;
}

/** One match for each rule of the kernel that it takes, empty or ending in a space, behind one of the protocol. */
export function matchesOfMessages(messages: readonly PortRange[], family: Family): string[] {
  const others = subtractPortRanges(allPorts, messages);
  const left = types.flatMap((type) => piecesOf(type, codesIn(others, type)));
  if (left.length <= negationsMax) return [left.map((piece) => matchOf(family, piece, '! ')).join('')];
  return types.flatMap((type) => {
    const meant = codesIn(messages, type);
    if (meant.length === 0) return [];
    const missing = codesIn(others, type);
    if (missing.length > negationsMax) return piecesOf(type, meant).map((piece) => matchOf(family, piece));
    return [
      `${matchOf(family, String(type))}${piecesOf(type, missing)
        .map((piece) => matchOf(family, piece, '! '))
        .join('')}`,
    ];
  });
}

function codesIn(messages: readonly PortRange[], type: number): number[] {
  const own = messages.map(({ first, last }) => ({
    first: Math.max(first - type * codes, 0),
    last: Math.min(last - type * codes, codes - 1),
  }));
  return unionOfPortRanges(own.filter(({ first, last }) => first <= last)).flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );
}

/** A type with some of its codes, as iptables names them. */
function piecesOf(type: number, own: readonly number[]): string[] {
  return own.length === codes ? [String(type)] : own.map((code) => `${type}/${code}`);
}

function matchOf(family: Family, piece: string, not: '! ' | '' = ''): string {
  return family === 4 ? `-m icmp ${not}--icmp-type ${piece} ` : `-m icmp6 ${not}--icmpv6-type ${piece} `;
}
