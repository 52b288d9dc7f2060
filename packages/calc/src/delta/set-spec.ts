/**
 * Which peer set a part of a rule needs, and the set's key.
 *
 * A set has one of two readings of the pods that cannot be judged because their namespace is not
 * known (yet): `must` leaves them out, `may` takes them in. A rule takes the reading that lets less
 * through, so that what is missing fails closed.
 */
import { type AddressRange, type Family, familyBits, formatAddress, type ProtocolNumber } from '@weir/net';
import { type Action, normaliseSelector, type Selector, selectorKey } from '@weir/policy';
import { contentKey } from './content-key.ts';
import type { ContentKey, PeerSet } from './delta.ts';

/** How pods that cannot be judged count. */
export type Reading = 'must' | 'may';

/** Endpoints that a selector matches, or their ports of these names. */
export type SelectorSetSpec =
  | { readonly kind: 'address'; readonly key: ContentKey; readonly selector: Selector; readonly reading: Reading }
  | {
      readonly kind: 'addressPort';
      readonly key: ContentKey;
      readonly selector: Selector;
      readonly reading: Reading;
      readonly names: readonly string[];
      readonly protocol: ProtocolNumber;
    };

/** Fixed ranges. */
export interface RangeSetSpec {
  readonly kind: 'range';
  readonly key: ContentKey;
  readonly ranges: readonly AddressRange[];
}

/** What a peer set must hold. */
export type SetSpec = SelectorSetSpec | RangeSetSpec;

/** The set of the endpoints that a selector matches. */
export function addressSet(selector: Selector, reading: Reading): SelectorSetSpec {
  const normal = normaliseSelector(selector);
  return { kind: 'address', key: contentKey(`address ${reading} ${selectorKey(normal)}`), selector: normal, reading };
}

/** What names a set of ports on the endpoints that a selector matches. */
export interface NamedPortSet {
  readonly selector: Selector;
  readonly reading: Reading;
  readonly names: readonly string[];
  readonly protocol: ProtocolNumber;
}

/** The set of (address, port) of the endpoints that a selector matches and that declare the names. */
export function addressPortSet({ selector, reading, names, protocol }: NamedPortSet): SelectorSetSpec {
  const normal = normaliseSelector(selector);
  const sorted = [...new Set(names)].sort();
  const text = `addressPort ${reading} ${protocol} ${JSON.stringify(sorted)} ${selectorKey(normal)}`;
  return { kind: 'addressPort', key: contentKey(text), selector: normal, reading, names: sorted, protocol };
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
