/**
 * The sets and maps about interfaces of the node; all empty while no host endpoint is there.
 *
 * Names are looked up in hashes, and an endpoint for all interfaces has maps of its own: about an interface that a
 * lookup misses nothing is asked, so nothing here rests on ranges of names, which change as trees.
 */
import { nftDataType, type SetDefinition, type SetField } from '@weir/kernel';
import type { Direction, HostFamily } from '@weir/model';
import type { Family } from '@weir/net';

/**
 * Interface → program, by family and direction; `_all`: the program of every interface that no endpoint names; `_own`:
 * programs that ask about the packet's own end.
 */
export type HostMap = `${PlaceName}${'' | '_all'}${'' | '_own'}`;

type PlaceName = `host_${'untracked' | 'prednat' | 'normal' | 'forward'}_${'in' | 'out'}`;

/** What a host endpoint can have a program in. */
export interface HostPlace {
  readonly family: HostFamily;
  readonly direction: Direction;
  /** Whether it is for all interfaces. */
  readonly forAll: boolean;
  /** Whether its program asks about the packet's own end. */
  readonly byOwnEnd: boolean;
}

const placeNames: readonly (readonly [PlaceName, Pick<HostPlace, 'family' | 'direction'>])[] = [
  ['host_untracked_in', { family: 'untracked', direction: 'ingress' }],
  ['host_untracked_out', { family: 'untracked', direction: 'egress' }],
  ['host_prednat_in', { family: 'preDNAT', direction: 'ingress' }],
  ['host_normal_in', { family: 'normal', direction: 'ingress' }],
  ['host_normal_out', { family: 'normal', direction: 'egress' }],
  ['host_forward_in', { family: 'forward', direction: 'ingress' }],
  ['host_forward_out', { family: 'forward', direction: 'egress' }],
];

/** Every map with its place. */
export const hostMaps: ReadonlyMap<HostMap, HostPlace> = new Map(
  placeNames.flatMap(([name, place]) =>
    [false, true].flatMap((forAll) =>
      [false, true].map((byOwnEnd): [HostMap, HostPlace] => [
        `${name}${forAll ? '_all' : ''}${byOwnEnd ? '_own' : ''}`,
        { ...place, forAll, byOwnEnd },
      ]),
    ),
  ),
);

/** (program . class of the own end) → the program that is asked in its place. */
export const ownPrograms = 'host_own';

/** All maps of the family and direction of one, those of named interfaces first. */
export function mapsBeside(map: HostMap): HostMap[] {
  const of = hostMaps.get(map);
  return [...hostMaps].flatMap(([other, { family, direction }]) => (family === of?.family && direction === of.direction ? [other] : []));
}

/** Interfaces that endpoints name, and the loopback one: an endpoint for all does not have them. */
export const namedInterfaces = 'host_named';

/** Whether packets that come in are meant in the place of the map. */
export function isIn(map: HostMap): boolean {
  return hostMaps.get(map)?.direction === 'ingress';
}

/** (protocol . port . peer's address) of ports that stay open, in ranges. */
export function failsafeSet(direction: Direction, family: Family): string {
  return `failsafe_${direction === 'ingress' ? 'in' : 'out'}${family}`;
}

/** All of those. */
export const failsafeSets: readonly string[] = (['ingress', 'egress'] as const).flatMap((direction) =>
  ([4, 6] as const).map((family) => failsafeSet(direction, family)),
);

const mark: SetField = { dataType: nftDataType.mark, length: 4 };
const interfaceName: SetField = { dataType: nftDataType.interfaceName, length: 16 };

/** Every set. */
export const hostSetDefinitions: readonly SetDefinition[] = [
  ...[...hostMaps.keys()].map((name) => ({ name, key: [interfaceName], data: [mark, mark] })),
  { name: namedInterfaces, key: [interfaceName] },
  { name: ownPrograms, key: [mark, mark], data: [mark, mark] },
  ...(['ingress', 'egress'] as const).flatMap((direction) =>
    ([4, 6] as const).map((family) => ({ name: failsafeSet(direction, family), key: failsafeKey(family), interval: true })),
  ),
];

function failsafeKey(family: Family): SetField[] {
  const address = family === 4 ? { dataType: nftDataType.ipv4, length: 4 } : { dataType: nftDataType.ipv6, length: 16 };
  return [{ dataType: nftDataType.protocol, length: 1 }, { dataType: nftDataType.service, length: 2 }, address];
}
