/** Names and steps of the emulator's table in the kernel. */
import { createHash } from 'node:crypto';
import { type Expression, hostU32Bytes, type TableName } from '@weir/kernel';
import type { Family } from '@weir/net';

/** The one table; everything in it is the emulator's. */
export const hnsTable: TableName = { family: 'inet', name: 'weir_hns' };

export const accept: Expression = { kind: 'verdict', verdict: 'accept' };
export const drop: Expression = { kind: 'verdict', verdict: 'drop' };

/** Where the addresses of a packet are. */
export const addressOffset = { 4: { source: 12, destination: 16 }, 6: { source: 8, destination: 24 } } as const;

/** The kernel's set for the addresses of one family in a set of HNS. */
export function kernelSet(id: string, family: Family): string {
  return `set${family}_${nameHash(id)}`;
}

/** The chains of an endpoint: `in` and `out` hold Switch rules, the others Host rules. */
export function endpointChain(chain: 'in' | 'out' | 'host_in' | 'host_out', id: string): string {
  return `${chain}_${nameHash(id)}`;
}

/** Goes on for packets of the family. */
export function isFamily(family: Family): readonly Expression[] {
  return [
    { kind: 'meta', key: 'nfproto', into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(family === 4 ? 2 : 10) },
  ];
}

/** Lets packets of connections through that were let through before, and errors about them. */
export const letEstablishedThrough: readonly Expression[] = [
  { kind: 'ctState', into: 0 },
  { kind: 'mask', register: 0, mask: hostU32Bytes(2 | 4) },
  { kind: 'compare', register: 0, operator: 'neq', value: hostU32Bytes(0) },
  accept,
];

/** Lets neighbour discovery through (ICMPv6 133 to 137 with a hop limit that no forwarded packet has). */
export const letDiscoveryThrough: readonly Expression[] = [
  ...isFamily(6),
  { kind: 'meta', key: 'l4proto', into: 0 },
  { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(58) },
  { kind: 'payload', base: 'network', offset: 7, length: 1, into: 0 },
  { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(255) },
  { kind: 'payload', base: 'transport', offset: 0, length: 1, into: 0 },
  { kind: 'compare', register: 0, operator: 'gte', value: Uint8Array.of(133) },
  { kind: 'compare', register: 0, operator: 'lte', value: Uint8Array.of(137) },
  accept,
];

/** Goes on for packets that came in on the interface, or on any other. */
export function cameFrom(name: string, operator: 'eq' | 'neq'): readonly Expression[] {
  const value = Buffer.alloc(16);
  value.write(name, 0, 15);
  return [
    { kind: 'meta', key: 'iifname', into: 0 },
    { kind: 'compare', register: 0, operator, value },
  ];
}

/** Goes on when an end of the packet has the address, or another one. */
export function hasAddress(address: Uint8Array, end: 'source' | 'destination', operator: 'eq' | 'neq'): readonly Expression[] {
  const family = address.length === 4 ? 4 : 6;
  return [
    ...isFamily(family),
    { kind: 'payload', base: 'network', offset: addressOffset[family][end], length: address.length, into: 0 },
    { kind: 'compare', register: 0, operator, value: address },
  ];
}

function nameHash(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16);
}
