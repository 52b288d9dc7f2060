/**
 * Reading of packets of the node's interfaces: the program goes by the interface, and addresses and ports stand
 * in the packet, or are those with which its connection was opened, before any translation.
 */
import { type Expression, hostU32Bytes } from '@weir/kernel';
import type { Family } from '@weir/net';
import { everyInterface, interfaceKey } from './host-interfaces.ts';
import { type HostMap, hostMaps, isIn, namedInterfaces, ownPrograms } from './host-sets.ts';
import { loadAddress, loadMessage, loadPort, type PacketEnd } from './packet-steps.ts';
import { lookupEnd } from './pod-reading.ts';
import { classNumber, type PacketReading, programNumber, wideKey } from './tuple-rules.ts';

/** Where addresses and ports are read: in the packet, or in what connection tracking remembers of the first one. */
export type HeaderSource = 'packet' | 'sent';

/** Bits of the connection state as nft_ct gives them: invalid 1, untracked 64. Such packets have no connection. */
const withoutConnection = 65;

/** What is read, where, and (of a place whose programs ask about it) by what map the own end has its class. */
export interface HostHeaders {
  readonly map: HostMap;
  readonly headers: HeaderSource;
  readonly family: Family;
  readonly ownClasses?: string | undefined;
}

/** What chains of a place read. */
export function hostReading(of: HostHeaders): PacketReading {
  const { map, headers, family } = of;
  const end: PacketEnd = isIn(map) ? 'source' : 'destination';
  const shared = { family, loadProgram: loadProgram(of) };
  return {
    ...shared,
    loadPeer: (set) => lookupHostEnd({ headers, family, end, map: set, into: classNumber }),
    loadPort: headers === 'packet' ? loadPort : (which, into) => ({ kind: 'ctOriginal', key: `${which}Port`, into }),
    loadMessage: headers === 'packet' ? loadMessage : (into) => ({ kind: 'ctOriginal', key: 'destinationPort', into }),
  };
}

/** The class of the packet's own end, where it is in the map. */
export function lookupOwnEnd({ map, headers, family }: HostHeaders, classes: string): Expression[] {
  return lookupHostEnd({ headers, family, end: isIn(map) ? 'destination' : 'source', map: classes, into: ownClass });
}

/** Two registers in a row that no tuple needs before its rule is found: the key of `host_own`. */
const ownProgram = 14;
const ownClass = 15;

function loadProgram(of: HostHeaders): Expression[] {
  const { map, ownClasses } = of;
  if (ownClasses === undefined) return lookupInterface(map);
  return [
    ...lookupOwnEnd(of, ownClasses),
    ...lookupInterface(map, ownProgram),
    { kind: 'meta', key: 'mark', into: programNumber },
    { kind: 'lookup', set: ownPrograms, key: ownProgram, into: programNumber - 1 },
  ];
}

/** Loads the number of the interface's program in the place; `nft list` shows the mark for that register. */
function lookupInterface(map: HostMap, into: number = programNumber): Expression[] {
  const key: Expression =
    hostMaps.get(map)?.forAll === true
      ? { kind: 'immediate', into: wideKey, value: interfaceKey(everyInterface) }
      : { kind: 'meta', key: isIn(map) ? 'iifname' : 'oifname', into: wideKey };
  return [{ kind: 'meta', key: 'mark', into }, key, { kind: 'lookup', set: map, key: wideKey, into: into - 1 }];
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

interface HostEnd {
  readonly headers: HeaderSource;
  readonly family: Family;
  readonly end: PacketEnd;
  readonly map: string;
  readonly into: number;
}

/** The number that a map has for an end; `nft list` shows the mark, or what was loaded of the address, for the register. */
function lookupHostEnd({ headers, family, end, map, into }: HostEnd): Expression[] {
  if (headers === 'packet' && into === classNumber) return lookupEnd(family, { end, map, into });
  const load = headers === 'packet' ? loadAddress(family, end, wideKey) : loadSentAddress(family, end, wideKey);
  return [{ kind: 'meta', key: 'mark', into }, load, { kind: 'lookup', set: map, key: wideKey, into: into - 1 }];
}
