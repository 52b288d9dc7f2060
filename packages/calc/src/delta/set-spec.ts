/**
 * Which peer set a part of a rule needs, and the set's key.
 *
 * A set has one of two readings of the pods that cannot be judged because their namespace is not
 * known (yet): `must` leaves them out, `may` takes them in. A rule takes the reading that lets less
 * through, so that what is missing fails closed.
 */

import { type Action, type AddressGroupName, type NamedPort, normaliseSelector, type Selector, selectorKey } from '@weir/model';
import {
  type AddressRange,
  type Family,
  familyBits,
  formatAddress,
  formatPortRange,
  type PortRange,
  type ProtocolNumber,
  portRangesContain,
} from '@weir/net';
import { contentKey } from './content-key.ts';
import type { ContentKey, PeerSet, ProtocolPort } from './delta.ts';

/** How pods that cannot be judged count. */
export type Reading = 'must' | 'may';

/** Endpoints that a selector matches, or their ports of these names. */
export type SelectorSetSpec =
  | { readonly kind: 'address'; readonly key: ContentKey; readonly selector: Selector; readonly reading: Reading }
  | ({ readonly kind: 'addressPort'; readonly key: ContentKey } & NamedPortSet);

/** Addresses of groups, or the ports of a protocol that they serve there. */
export type GroupSetSpec =
  | { readonly kind: 'address'; readonly key: ContentKey; readonly groups: readonly AddressGroupName[] }
  | ({ readonly kind: 'addressPort'; readonly key: ContentKey } & GroupPortSet);

/** Fixed ranges. */
export interface RangeSetSpec {
  readonly kind: 'range';
  readonly key: ContentKey;
  readonly ranges: readonly AddressRange[];
}

/** What a peer set must hold. */
export type SetSpec = SelectorSetSpec | GroupSetSpec | RangeSetSpec;

/** The set of the endpoints that a selector matches. */
export function addressSet(selector: Selector, reading: Reading): SelectorSetSpec {
  const normal = normaliseSelector(selector);
  return { kind: 'address', key: contentKey(`address ${reading} ${selectorKey(normal)}`), selector: normal, reading };
}

/** What names a set of ports on the endpoints that a selector matches. */
export interface NamedPortSet {
  readonly selector: Selector;
  readonly reading: Reading;
  readonly protocol: ProtocolNumber;
  readonly names: readonly string[];
  /** Of these numbers alone; absent: of all. */
  readonly ports?: readonly PortRange[];
  /** Without those that have one of these names too. */
  readonly notNames?: readonly string[];
}

/** The set of (address, port) of the endpoints that a selector matches and that declare the names. */
export function addressPortSet({ selector, reading, protocol, names, ports, notNames }: NamedPortSet): SelectorSetSpec {
  const normal = normaliseSelector(selector);
  const [sorted, sortedNot] = [sortedUnique(names), notNames === undefined ? undefined : sortedUnique(notNames)];
  const left = `${portsText(ports)}${sortedNot === undefined ? '' : ` not ${JSON.stringify(sortedNot)}`}`;
  const text = `addressPort ${reading} ${protocol} ${JSON.stringify(sorted)}${left} ${selectorKey(normal)}`;
  return {
    kind: 'addressPort',
    key: contentKey(text),
    selector: normal,
    reading,
    protocol,
    names: sorted,
    ...(ports === undefined ? {} : { ports }),
    ...(sortedNot === undefined ? {} : { notNames: sortedNot }),
  };
}

/** What names a set of ports that addresses of groups serve. */
export interface GroupPortSet {
  readonly groups: readonly AddressGroupName[];
  readonly protocol: ProtocolNumber;
  /** Of these numbers alone; absent: of all. */
  readonly ports?: readonly PortRange[];
}

/** The set of the addresses of groups. */
export function groupSet(groups: readonly AddressGroupName[]): GroupSetSpec {
  const sorted = sortedUnique(groups);
  return { kind: 'address', key: contentKey(`address of ${JSON.stringify(sorted)}`), groups: sorted };
}

/** The set of (address, port) of groups. */
export function groupPortSet({ groups, protocol, ports }: GroupPortSet): GroupSetSpec {
  const sorted = sortedUnique(groups);
  const key = contentKey(`addressPort of ${JSON.stringify(sorted)} ${protocol}${portsText(ports)}`);
  return { kind: 'addressPort', key, groups: sorted, protocol, ...(ports === undefined ? {} : { ports }) };
}

/** The numbers of the ports of an endpoint that are in a set, sorted, each once. */
export function namedPortsIn(spec: NamedPortSet, namedPorts: readonly NamedPort[]): number[] {
  const numbersOf = (names: readonly string[] = []): Set<number> =>
    new Set(namedPorts.filter(({ name, protocol }) => protocol === spec.protocol && names.includes(name)).map(({ port }) => port));
  const without = numbersOf(spec.notNames);
  return [...numbersOf(spec.names)]
    .filter((port) => !without.has(port) && (spec.ports === undefined || portRangesContain(spec.ports, port)))
    .sort((a, b) => a - b);
}

/** Which of the ports that an address serves for groups are in a set, sorted, each once. */
export function groupPortsIn(spec: GroupPortSet, served: readonly ProtocolPort[]): ProtocolPort[] {
  const isIn = ({ protocol, port }: ProtocolPort): boolean =>
    protocol === spec.protocol && (spec.ports === undefined || portRangesContain(spec.ports, port));
  return [...new Set(served.filter(isIn).map(({ port }) => port))].sort((a, b) => a - b).map((port) => ({ protocol: spec.protocol, port }));
}

function sortedUnique<T extends string>(texts: readonly T[]): T[] {
  return [...new Set(texts)].sort();
}

function portsText(ports: readonly PortRange[] | undefined): string {
  return ports === undefined ? '' : ` in ${ports.map(formatPortRange).join()}`;
}

/** The set of fixed, normalised ranges. */
export function rangeSet(ranges: readonly AddressRange[]): RangeSetSpec {
  const text = ranges.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`).join();
  return { kind: 'range', key: contentKey(`range ${text}`), ranges };
}

/** Every address of a family. */
export function familyRange(family: Family): AddressRange {
  const words = (value: number): number[] => Array.from({ length: familyBits(family) / 32 }, () => value);
  return {
    first: { family, words: words(0) },
    last: { family, words: words(0xffffffff) },
  };
}

/** The set as the delta names it. */
export function peerSetOf(spec: SetSpec): PeerSet {
  return spec.kind === 'range' ? { kind: 'range', key: spec.key, ranges: spec.ranges } : { kind: spec.kind, key: spec.key };
}

/**
 * The reading that lets less through: an allow needs certain members where it asks for them and
 * uncertain ones where it excludes them; a deny the other way round. `pass` can end in an allow and
 * counts as one, `log` decides nothing.
 */
export function readingFor(action: Action, negated: boolean): Reading {
  return (action === 'deny') === negated ? 'must' : 'may';
}
