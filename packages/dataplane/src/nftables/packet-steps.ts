/** Steps and rules that chains of the table share: loading addresses, ports and protocols, family tests, self traffic. */
import { type Expression, hostU32Bytes, type Register, type RuleDefinition } from '@weir/kernel';
import type { Family, ProtocolNumber } from '@weir/net';
import { familySets } from './sets.ts';

/** Which end of a packet. */
export type PacketEnd = 'source' | 'destination';

const addressOffset = { 4: { source: 12, destination: 16 }, 6: { source: 8, destination: 24 } } as const;
const nfproto = { 4: 2, 6: 10 } as const;
const icmpv6 = 58;
/** Whose packets are judged by the first four bytes behind their IP headers: TCP, UDP, SCTP, UDP-Lite by ports, ICMP by its message. */
const headedProtocols = [6, 17, 132, 136, 1, icmpv6] as const;

export const accept: Expression = { kind: 'verdict', verdict: 'accept' };
export const drop: Expression = { kind: 'verdict', verdict: 'drop' };

/** Loads an address: one register for IPv4, four for IPv6. */
export function loadAddress(family: Family, end: PacketEnd, into: Register): Expression {
  return { kind: 'payload', base: 'network', offset: addressOffset[family][end], length: family === 4 ? 4 : 16, into };
}

/** Loads the last four bytes of an IPv6 address. */
export function loadLastWord(end: PacketEnd, into: Register): Expression {
  return { kind: 'payload', base: 'network', offset: addressOffset[6][end] + 12, length: 4, into };
}

/** Loads a port: two bytes. */
export function loadPort(end: PacketEnd, into: Register): Expression {
  return { kind: 'payload', base: 'transport', offset: end === 'source' ? 0 : 2, length: 2, into };
}

/** Loads type and code of ICMP: two bytes. */
export function loadMessage(into: Register): Expression {
  return { kind: 'payload', base: 'transport', offset: 0, length: 2, into };
}

/** Goes on for packets of the family; also lets `nft list` name the fields that follow. */
export function isFamily(family: Family): Expression[] {
  return [
    { kind: 'meta', key: 'nfproto', into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(nfproto[family]) },
  ];
}

/** Goes on for packets of the protocol. */
export function isProtocol(protocol: ProtocolNumber): Expression[] {
  return [
    { kind: 'meta', key: 'l4proto', into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(protocol) },
  ];
}

/** Goes on for packets of established connections and for those related to one. */
export function isEstablishedOrRelated(): Expression[] {
  return [
    { kind: 'ctState', into: 0 },
    // Bits of the connection state as nft_ct gives them: established 2, related 4.
    { kind: 'mask', register: 0, mask: hostU32Bytes(6) },
    { kind: 'compare', register: 0, operator: 'neq', value: hostU32Bytes(0) },
  ];
}

/**
 * Goes on for neighbour discovery (RFC 4861: ICMPv6 types 133 to 137). Its hop limit is always
 * 255, which no forwarded packet has any more: only a bridge shows such a packet to the forward
 * hook, and a pod cannot use the types to talk past its policies through a router.
 */
export function isNeighbourDiscovery(): Expression[] {
  return [
    ...isFamily(6),
    ...isProtocol(icmpv6),
    { kind: 'payload', base: 'network', offset: 7, length: 1, into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(255) },
    { kind: 'payload', base: 'transport', offset: 0, length: 1, into: 0 },
    { kind: 'compare', register: 0, operator: 'gte', value: Uint8Array.of(133) },
    { kind: 'compare', register: 0, operator: 'lte', value: Uint8Array.of(137) },
  ];
}

/**
 * The packets whose headers are all there, in two parts that may both be tried: those of protocols that are
 * judged by nothing behind their IP headers, and those that have four bytes there. No policy lets a packet
 * through of which the ports, or the message of ICMP, are cut off, not even one that allows every port.
 */
export const readablePackets: readonly (readonly Expression[])[] = [
  [
    { kind: 'meta', key: 'l4proto', into: 0 },
    ...headedProtocols.map((protocol): Expression => ({ kind: 'compare', register: 0, operator: 'neq', value: Uint8Array.of(protocol) })),
  ],
  [{ kind: 'payload', base: 'transport', offset: 0, length: 4, into: 0 }],
];

/** Goes on when the interface's name begins with `prefix`. */
export function interfaceStartsWith(key: 'iifname' | 'oifname', prefix: string): Expression[] {
  return [
    { kind: 'meta', key, into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Buffer.from(prefix) },
  ];
}

/** Lets an isolated endpoint talk to itself. */
export function selfRule(chain: string, family: Family): RuleDefinition {
  const second = family === 4 ? 1 : 4;
  return {
    chain,
    expressions: [
      ...isFamily(family),
      loadAddress(family, 'source', 0),
      loadAddress(family, 'destination', second),
      { kind: 'lookup', set: familySets(family).self, key: 0 },
      accept,
    ],
    comment: 'a pod reaches itself',
  };
}
