/**
 * Reading of packets of the node's interfaces: the program goes by the interface, and addresses and ports stand
 * in the packet, or are those with which its connection was opened, before any translation.
 */
import { type Expression, hostU32Bytes } from '@weir/kernel';
import type { Family } from '@weir/net';
import { everyInterface, interfaceKey } from './host-interfaces.ts';
import { type HostMap, hostMaps, isIn, namedInterfaces } from './host-sets.ts';
import { loadMessage, loadPort, type PacketEnd } from './packet-steps.ts';
import { lookupEnd } from './pod-reading.ts';
import { classNumber, type PacketReading, programNumber, wideKey } from './tuple-rules.ts';

/** Where addresses and ports are read: in the packet, or in what connection tracking remembers of the first one. */
export type HeaderSource = 'packet' | 'sent';

/** Bits of the connection state as nft_ct gives them: invalid 1, untracked 64. Such packets have no connection. */
const withoutConnection = 65;

/** What chains of a place read. */
export function hostReading(map: HostMap, headers: HeaderSource, family: Family): PacketReading {
  const end: PacketEnd = isIn(map) ? 'source' : 'destination';
  const shared = { family, loadProgram: lookupInterface(map) };
  if (headers === 'packet')
    return { ...shared, loadPeer: (set) => lookupEnd(family, { end, map: set, into: classNumber }), loadPort, loadMessage };
  return {
    ...shared,
    loadPeer: (set) => lookupSentEnd(family, end, set),
    loadPort: (which, into) => ({ kind: 'ctOriginal', key: which === 'source' ? 'sourcePort' : 'destinationPort', into }),
    loadMessage: (into) => ({ kind: 'ctOriginal', key: 'destinationPort', into }),
  };
}

/** Loads the number of the interface's program in the place; `nft list` shows the mark for that register. */
export function lookupInterface(map: HostMap): Expression[] {
  const key: Expression =
    hostMaps.get(map)?.forAll === true
      ? { kind: 'immediate', into: wideKey, value: interfaceKey(everyInterface) }
      : { kind: 'meta', key: isIn(map) ? 'iifname' : 'oifname', into: wideKey };
  return [{ kind: 'meta', key: 'mark', into: programNumber }, key, { kind: 'lookup', set: map, key: wideKey, into: programNumber - 1 }];
}

/** Goes on for interfaces of which the place of the map says something; those of these beginnings are not meant. */
export function isMeant(map: HostMap, otherInterfaces: readonly string[]): Expression[] {
  const load: Expression = { kind: 'meta', key: isIn(map) ? 'iifname' : 'oifname', into: wideKey };
  return [
    load,
    ...otherInterfaces.map((prefix): Expression => ({ kind: 'compare', register: wideKey, operator: 'neq', value: Buffer.from(prefix) })),
    ...(hostMaps.get(map)?.forAll === true ? [{ kind: 'lookup', set: namedInterfaces, key: wideKey, inverted: true } as const] : []),
    ...lookupInterface(map),
  ];
}

/**
 * Goes on for packets whose headers are to be read there: nothing translates one without a connection, so it
 * is as it was sent.
 */
export function isReadFrom(headers: HeaderSource): Expression[] {
  return [
    { kind: 'ctState', into: 0 },
    { kind: 'mask', register: 0, mask: hostU32Bytes(withoutConnection) },
    { kind: 'compare', register: 0, operator: headers === 'packet' ? 'neq' : 'eq', value: hostU32Bytes(0) },
  ];
}

/** Loads an end's address. */
export function loadSentAddress(family: Family, end: PacketEnd, into: number): Expression {
  return { kind: 'ctOriginal', key: `${end}${family}`, into };
}

function lookupSentEnd(family: Family, end: PacketEnd, map: string): Expression[] {
  if (family === 4) return [loadSentAddress(4, end, classNumber), { kind: 'lookup', set: map, key: classNumber, into: classNumber - 1 }];
  return [
    { kind: 'meta', key: 'mark', into: classNumber },
    loadSentAddress(6, end, wideKey),
    { kind: 'lookup', set: map, key: wideKey, into: classNumber - 1 },
  ];
}
